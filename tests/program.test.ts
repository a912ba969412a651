import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compare } from "../preview/compare";
import type { Recording } from "../preview/recorder";
import { isRefused, verdictLines, verdictOf } from "../preview/verdict";
import { type Mode, MODES, type Phase, PHASES } from "../redash/phase";
import { soundConfig } from "./support/configs";
import { assertInvariants, containers, ofType, runProgram } from "./support/program";
import { only } from "./support/recordings";

const fresh = (mode: Mode, phase: Phase, changes = {}) =>
  runProgram(soundConfig(mode, phase, changes));

/** Each program is run once, and looked at often. */
const recordings = new Map<string, Promise<Recording>>();
function run(mode: Mode, phase: Phase, changes = {}): Promise<Recording> {
  const key = JSON.stringify([mode, phase, changes]);
  const recording = recordings.get(key) ?? fresh(mode, phase, changes);
  recordings.set(key, recording);
  return recording;
}

/** What differs between two phases, as "kind type name: paths". */
async function between(mode: Mode, before: Phase, after: Phase, changes = {}): Promise<string[]> {
  const found = compare(await run(mode, before, changes), await run(mode, after, changes));
  return found.map(({ kind, type, name, changes: paths }) =>
    [`${kind} ${type.split(":").at(-1) ?? ""} ${name}`, ...paths.map(({ path }) => path)].join(
      " | ",
    ),
  );
}
const DMS = { "redash:transport": "dms", "redash:dmsLargestLobBytes": "8000000" };
const SWITCH = [
  "changed Service redash-scheduler-service | desiredCount",
  "changed Listener redash-https | defaultActions.0.forward.targetGroups.0.weight | defaultActions.0.forward.targetGroups.1.weight",
];

describe("the program", () => {
  for (const mode of MODES) {
    for (const phase of PHASES) {
      it(`keeps what must always hold: ${mode}, ${phase}`, async () => {
        const recording = await run(mode, phase);
        assertInvariants(recording);
        const data = ["Instance", "ReplicationGroup", "Key", "Secret", "Bucket", "LoadBalancer"];
        for (const resource of data.flatMap((type) => ofType(recording, type))) {
          if (resource.type.startsWith("aws:ec2")) continue;
          // It ends with the move; protection would stop the update that ends it.
          const ends = resource.name.startsWith("redash-migration-");
          assert.equal(resource.protect, mode === "production" && !ends, resource.name);
        }
        const verdict = verdictOf(recording);
        assert.equal(isRefused(verdict), false, verdictLines(verdict).join("\n"));
      });

      it(`asks twice for the same, byte by byte: ${mode}, ${phase}`, async () => {
        assert.equal(
          JSON.stringify(await fresh(mode, phase)),
          JSON.stringify(await run(mode, phase)),
        );
      });
    }

    it(`asks for the same resources while every id is unknown, as in a first preview: ${mode}`, async () => {
      for (const transport of [{}, DMS]) {
        const config = soundConfig(mode, "replicating", transport);
        const names = async (unknowns: boolean) =>
          (await runProgram(config, null, { unknowns })).resources.map(({ urn }) => urn);
        assert.deepEqual(await names(true), await names(false));
      }
    });

    it(`turns traffic and starts the scheduler when the phase says switched, and touches nothing else: ${mode}`, async () => {
      assert.deepEqual(await between(mode, "replicating", "switched"), SWITCH);
      assert.deepEqual(await between(mode, "replicating", "switched", DMS), [
        ...["latency-source", "latency-target", "validation-failed", "validation-suspended"].map(
          (name) => `removed MetricAlarm redash-migration-${name}`,
        ),
        ...SWITCH,
      ]);
    });
  }

  it("removes what belongs to the move, and nothing else, when the phase says complete", async () => {
    assert.deepEqual(await between("production", "switched", "complete"), [
      "removed MetricAlarm redash-migration-slot-lag",
      "removed MetricAlarm redash-migration-wal-disk",
      "changed Listener redash-https | defaultActions.0.forward.targetGroups.1",
      "removed TargetGroup redash-source",
      "removed TargetGroupAttachment redash-source",
      ...[
        "max_logical_replication_workers",
        "max_replication_slots",
        "max_sync_workers_per_subscription",
        "max_wal_senders",
        "max_worker_processes",
        "rds.logical_replication",
      ]
        .map((name) => `parameters.${name}`)
        .reduce<string[]>(
          ([line = ""], path) => [`${line} | ${path}`],
          ["changed ParameterGroup redash-database"],
        ),
      "removed Secret redash-migration-source",
      "removed Secret redash-migration-target",
      "removed SecretVersion redash-migration-source",
      "removed SecretVersion redash-migration-target",
      "removed SecurityGroupEgressRule redash-load-balancer-to-source",
      "removed SecurityGroupEgressRule redash-source-database-egress",
      "removed SecurityGroupEgressRule redash-source-to-database",
      "removed SecurityGroupIngressRule redash-source-database-ingress",
      "removed SecurityGroupIngressRule redash-source-from-database",
      "removed SecurityGroupIngressRule redash-source-from-load-balancer",
      "removed RandomPassword redash-migration-source",
      "removed RedashMigration redash",
    ]);
    assert.deepEqual(
      (await between("rehearsal", "switched", "complete")).filter((line) =>
        line.startsWith("removed"),
      ),
      [
        "removed MetricAlarm redash-migration-slot-lag",
        "removed MetricAlarm redash-migration-wal-disk",
        "removed Instance redash-source-instance",
        "removed SecurityGroup redash-source-sg",
        "removed TargetGroup redash-source",
        "removed TargetGroupAttachment redash-source",
        "removed Secret redash-migration-source",
        "removed Secret redash-migration-target",
        "removed SecretVersion redash-migration-source",
        "removed SecretVersion redash-migration-target",
        "removed SecurityGroupEgressRule redash-source-database-egress",
        "removed SecurityGroupEgressRule redash-source-load-balancer-egress",
        "removed SecurityGroupEgressRule redash-source-to-vpc",
        "removed SecurityGroupIngressRule redash-source-database-ingress",
        "removed SecurityGroupIngressRule redash-source-from-database",
        "removed SecurityGroupIngressRule redash-source-from-load-balancer",
        "removed RandomPassword redash-migration-source",
        "removed RedashMigration redash",
        "removed RedashSourceClone redash-source",
      ],
    );
  });

  it("has a replication task in the phases replicating and switched, if the transport is DMS, and no trace of one otherwise", async () => {
    const ofDms = ({ resources }: Recording) =>
      resources.filter(
        ({ type, name }) => type.startsWith("aws:dms/") || /dms|replication/.test(name),
      );
    for (const mode of MODES) {
      for (const phase of PHASES) {
        const recording = await run(mode, phase, DMS);
        const isMoving = phase === "replicating" || phase === "switched";
        assert.equal(ofType(recording, "ReplicationTask").length, isMoving ? 1 : 0);
        assert.equal(ofType(recording, "ReplicationInstance").length, isMoving ? 1 : 0);
        if (!isMoving) assert.deepEqual(ofDms(recording), []);
        assert.deepEqual(ofDms(await run(mode, phase)), []);
        assertInvariants(recording);
        const verdict = verdictOf(recording);
        assert.equal(isRefused(verdict), false, verdictLines(verdict).join("\n"));
      }
    }
  });

  it("never replaces the database by a change of phase", async () => {
    const databases = await Promise.all(
      PHASES.map(
        async (phase) => only(await run("production", phase), "Instance", "redash-database").inputs,
      ),
    );
    for (const inputs of databases) assert.deepEqual(inputs, databases[0]);
  });

  it("refuses a phase that does not follow, before it asks for any resource", async () => {
    const refused = (phase: Phase, previous: Phase | null, changes = {}) =>
      runProgram(soundConfig("production", phase, changes), previous);
    await assert.rejects(refused("complete", "replicating"), {
      message:
        'redash:phase = complete is refused: a stack in phase replicating may be "replicating" or "switched", not "complete"; set it back with: pulumi config set redash:phase replicating',
    });
    await assert.rejects(
      refused("switched", null),
      /a new stack may be "greenfield" or "replicating", not "switched"/,
    );
    await assert.rejects(refused("replicating", "switched"), /run the cutover's rollback first/);
    await assert.rejects(refused("greenfield", "complete"), /may be "complete", not "greenfield"/);
    assertInvariants(await refused("replicating", "switched", { "redash:rollback": "true" }));
  });

  it("refuses wrong settings with one error, before it asks for any resource", async () => {
    await assert.rejects(
      run("production", "replicating", {
        "redash:image": "redash/redash:latest",
        "redash:serverCpu": "1",
      }),
      /^Error: 2 problems in the settings of stack test; nothing was changed\./,
    );
  });

  it("gives the same names and types whatever the stack is called", async () => {
    const config = soundConfig("production", "switched");
    const urns = (await runProgram(config, "switched", { stack: "other" })).resources;
    const here = (await runProgram(config, "switched")).resources;
    assert.deepEqual(
      urns.map(({ type, name }) => `${type} ${name.replace("redash-other", "redash-test")}`),
      here.map(({ type, name }) => `${type} ${name}`),
    );
  });

  describe("when an update failed after the switch, or a cutover is not recorded yet", () => {
    const ECS = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/ecs/1";
    const SOURCE = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/source/1";
    const forwards = (toEcs: number) => [
      {
        type: "forward",
        forwards: [
          {
            targetGroups: [
              { arn: ECS, weight: toEcs },
              { arn: SOURCE, weight: 100 - toEcs },
            ],
          },
        ],
      },
    ];
    const again = (changes: Record<string, string>, toEcs: number, rule = false) =>
      runProgram(soundConfig("production", "replicating", changes), "replicating", {
        previousOutputs: {
          listenerArn: "arn:listener",
          ecsTargetGroupArn: ECS,
          ...(rule && { listenerRuleArn: "arn:rule" }),
        },
        answers: {
          "aws:lb/getListener:getListener": { defaultActions: rule ? [] : forwards(toEcs) },
          "aws:lb/getListenerRule:getListenerRule": { actions: rule ? forwards(toEcs) : [] },
        },
      });

    it("refuses to send users back to the database that is behind, although the phase on record would allow it", async () => {
      await assert.rejects(again({}, 100), /run the cutover's rollback first/);
      await assert.rejects(again({}, 100, true), /run the cutover's rollback first/);
    });

    it("goes on while users are still on the source, and after a rollback that is recorded", async () => {
      assertInvariants(await again({}, 0));
      assertInvariants(await again({}, 0, true));
      assertInvariants(await again({ "redash:rollback": "true" }, 100));
    });
  });

  it("gives out what the move needs, and nothing secret or undefined", async () => {
    const outputs = async (mode: Mode, phase: Phase) => (await run(mode, phase)).outputs;
    const always = [
      "mode",
      "phase",
      "region",
      "url",
      "keyArn",
      "vpcId",
      "privateSubnetIds",
      "tasksSecurityGroupId",
      "databaseIdentifier",
      "databaseAddress",
      "databaseSecurityGroupId",
      "databaseParameterGroupName",
      "databaseUrlSecretArn",
      "queueReplicationGroupId",
      "queueAddress",
      "queueUrlSecretArn",
      "cookieSecretArn",
      "secretKeyArn",
      "listenerArn",
      "loadBalancerDnsName",
      "ecsTargetGroupArn",
      "clusterName",
      "serverServiceName",
      "schedulerServiceName",
      "workerServiceNames",
      "serverTaskDefinitionArn",
      "schedulerTaskDefinitionArn",
    ];
    const moving = [
      "transport",
      "sourceTargetGroupArn",
      "sourceInstanceId",
      "sourceAddress",
      "sourceDatabaseName",
      "sourceDatabaseSecretArn",
      "targetDatabaseSecretArn",
    ];
    assert.deepEqual(
      Object.keys(await outputs("production", "complete")).sort(),
      [...always].sort(),
    );
    assert.deepEqual(
      Object.keys(await outputs("production", "switched")).sort(),
      [...always, ...moving].sort(),
    );
    assert.deepEqual(
      Object.keys(await outputs("rehearsal", "greenfield")).sort(),
      [...always, "administratorPasswordSecretArn"].sort(),
    );
    assert.deepEqual(
      Object.keys(await outputs("rehearsal", "replicating")).sort(),
      [...always, ...moving, "sourceSecurityGroupId"].sort(),
    );
    assert.deepEqual(
      Object.keys((await run("production", "replicating", DMS)).outputs).sort(),
      [
        ...always,
        ...moving,
        "replicationTaskArn",
        "replicationInstanceArn",
        "replicationSourceEndpointArn",
        "replicationTargetEndpointArn",
        "replicationSourceSecretArn",
      ].sort(),
    );
  });

  it("keeps the source's keys in every phase but greenfield, which makes its own", async () => {
    for (const phase of PHASES) {
      const secret = new Set(
        containers(await run("production", phase)).flatMap(({ secrets }) =>
          secrets
            .filter(({ name }) => name === "REDASH_SECRET_KEY")
            .map(({ valueFrom }) => valueFrom),
        ),
      );
      assert.equal(secret.size, 1);
      assert.match(
        [...secret][0]!,
        phase === "greenfield"
          ? /:secret:redash-application-\S+:secretKey::$/
          : /:secret:prod-AbCdEf:secretKey::$/,
      );
    }
  });
});
