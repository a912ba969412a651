import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { awsWorldDescription } from "../cutover/adapters/aws/description";
import { compare } from "../preview/compare";
import type { Recording } from "../preview/recorder";
import { isRefused, verdictLines, verdictOf } from "../preview/verdict";
import { type Mode, MODES, type Phase, PHASES } from "../redash/phase";
import { DEFAULT_WORKERS } from "../redash/processes";
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
    const ofMove = [
      "removed MetricAlarm redash-migration-function-errors",
      "removed LogGroup redash-migration-function",
      "removed Function redash-migration-function",
      "removed FunctionEventInvokeConfig redash-migration-function",
      "removed FunctionRecursionConfig redash-migration-function",
      "removed Role redash-migration-function",
      "removed RolePolicy redash-migration-function",
      "removed RolePolicy redash-migration-function-code",
      "removed RolePolicyAttachment redash-migration-function",
      ...["Role", "RolePolicy", "Schedule"].map(
        (type) => `removed ${type} redash-migration-function-watch`,
      ),
      ...["disk-free", "disk-percent", "silent", "wal-kept"].map(
        (role) => `removed MetricAlarm redash-migration-source-${role}`,
      ),
      "removed Bucket redash-migration-journal",
      "removed BucketLifecycleConfiguration redash-migration-journal",
      "removed BucketOwnershipControls redash-migration-journal",
      "removed BucketPolicy redash-migration-journal",
      "removed BucketPublicAccessBlock redash-migration-journal",
      "removed BucketServerSideEncryptionConfiguration redash-migration-journal",
      "removed BucketVersioning redash-migration-journal",
      "removed SecurityGroup redash-migration-function",
      ...["database", "https", "queue", "source"].map(
        (to) => `removed SecurityGroupEgressRule redash-migration-function-to-${to}`,
      ),
      ...["database", "load-balancer", "queue", "source"].map(
        (at) => `removed SecurityGroupIngressRule redash-migration-function-${at}-ingress`,
      ),
      "removed Document redash-migration-source",
    ];
    const sorted = (lines: readonly string[]) => [...lines].sort();
    assert.deepEqual(
      sorted(await between("production", "switched", "complete")),
      sorted([
        ...ofMove,
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
      ]),
    );
    assert.deepEqual(
      sorted(
        (await between("rehearsal", "switched", "complete")).filter((line) =>
          line.startsWith("removed"),
        ),
      ),
      sorted([
        ...ofMove,
        "removed SecurityGroup redash-endpoints",
        "removed SecurityGroupIngressRule redash-endpoints-from-tasks",
        "removed SecurityGroupIngressRule redash-migration-function-endpoints-ingress",
        "removed SecurityGroupIngressRule redash-source-endpoints-ingress",
        ...["ec2messages", "monitoring", "secretsmanager", "ssm", "ssmmessages"].map(
          (service) => `removed VpcEndpoint redash-${service}`,
        ),
        "removed Role redash-source-agent",
        "removed RolePolicyAttachment redash-source-agent",
        "removed InstanceProfile redash-source-agent",
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
      ]),
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
      "move",
      "journalBucket",
      "sourceDocumentName",
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

  it("gives the command line region, function, bucket and transport of the move, the same before and after the switch", async () => {
    for (const [mode, transport] of MODES.flatMap((it) => [
      [it, "logical"] as const,
      [it, "dms"] as const,
    ])) {
      const [replicating, switched] = await Promise.all(
        (["replicating", "switched"] as const).map(
          async (phase) => (await run(mode, phase, transport === "dms" ? DMS : {})).outputs,
        ),
      );
      const { move, journalBucket } = replicating!;
      const { functionName } = move as { functionName: string };
      assert.match(functionName, /^redash-migration-function-[0-9a-f]{7}$/);
      assert.match(String(journalBucket), /^redash-migration-journal-[0-9a-f]{7}$/);
      assert.deepEqual(move, { region: "eu-west-1", functionName, journalBucket, transport });
      assert.deepEqual(switched!["move"], move);
    }
  });

  /** The world that the function of the move is given. */
  const world = (recording: Recording) => {
    const { inputs } = only(recording, "Function", "redash-migration-function");
    return inputs["environment"] as { variables: { REDASH_MOVE: string } };
  };

  it("tells the cutover of a world that it understands, in which every service will have the tasks of the phase switched", async () => {
    for (const mode of MODES) {
      for (const transport of [{}, DMS]) {
        const { variables } = world(await run(mode, "replicating", transport));
        const { target, source, probeDataSourceId } = awsWorldDescription.parse(
          JSON.parse(variables.REDASH_MOVE),
        );
        const services = ofType(await run(mode, "switched", transport), "Service");
        const running = services.map(({ inputs }) => inputs["desiredCount"]);
        assert.deepEqual(
          Object.values(target.wantedTasks).sort(),
          [...running].sort(),
          "what the cutover starts is what the program declares",
        );
        assert.deepEqual(
          Object.keys(target.wantedTasks).sort(),
          [
            ...target.services.servers,
            ...target.services.scheduler,
            ...target.services.workers,
          ].sort(),
        );
        assert.equal(target.wantedTasks[target.services.scheduler[0]!], 1);
        assert.deepEqual(
          [target.database.applicationRole, source.database.applicationRole, probeDataSourceId],
          ["redash_app", "postgres", 1],
        );
      }
    }
  });

  it("encrypts every way to the source, and leaves that to nothing but redash:sourceDatabaseSslMode, for function and DMS alike", async () => {
    const ways = async (changes = {}) => {
      const recording = await run("production", "replicating", { ...DMS, ...changes });
      const { source } = awsWorldDescription.parse(
        JSON.parse(world(recording).variables.REDASH_MOVE),
      );
      const endpoint = (side: string) =>
        only(recording, "Endpoint", `redash-dms-${side}`).inputs["sslMode"];
      return [source.database.sslMode, endpoint("source"), endpoint("target")];
    };
    assert.deepEqual(await ways(), ["require", "require", "require"]);
    const none = { "redash:sourceDatabaseSslMode": "none" };
    assert.deepEqual(await ways(none), ["none", "none", "require"]);
  });

  it("keeps a rehearsal silent in every container, and production never, unless redash:silent says otherwise", async () => {
    const heard = async (mode: Mode, phase: Phase, changes = {}) => {
      const all = containers(await run(mode, phase, changes));
      assert.ok(all.length >= 2 + DEFAULT_WORKERS.length, String(all.length));
      const seen = all.map(({ environment }) =>
        environment
          .filter(({ name }) => /REFRESH_QUERIES|DESTINATIONS|^REDASH_MAIL_/.test(name))
          .map(({ name, value }) => `${name}=${value}`)
          .sort()
          .join(" "),
      );
      return [...new Set(seen)];
    };
    const silent =
      "REDASH_ENABLED_DESTINATIONS=redash.destinations.email REDASH_FEATURE_DISABLE_REFRESH_QUERIES=true";
    for (const phase of PHASES) {
      assert.deepEqual(await heard("rehearsal", phase), [silent], phase);
      assert.deepEqual(await heard("production", phase), [""], phase);
    }
    const mail = { "redash:environment": '{"REDASH_MAIL_SERVER":"mail"}' };
    const loud = { ...mail, "redash:silent": "false" };
    assert.deepEqual(await heard("rehearsal", "switched", loud), ["REDASH_MAIL_SERVER=mail"]);
    assert.deepEqual(await heard("production", "switched", { "redash:silent": "true" }), [silent]);
  });

  it("tells the cutover of the limits that are set, and spends no byte on those that it has itself", async () => {
    const limits = async (changes = {}) => {
      const { variables } = world(await run("production", "replicating", changes));
      const text = JSON.parse(variables.REDASH_MOVE) as { limits: object };
      return [text.limits, awsWorldDescription.parse(text).limits];
    };
    const own = {
      writeOutageBudgetMs: 60_000,
      drainDeadlineMs: 600_000,
      longDeadlineMs: 86_400_000,
    };
    assert.deepEqual(await limits(), [{}, own]);
    const set = { writeOutageBudgetMs: 5000, drainDeadlineMs: 700_000 };
    assert.deepEqual(
      await limits({
        "redash:moveWriteOutageBudgetMs": "5000",
        "redash:moveDrainDeadlineMs": "700000",
      }),
      [set, { ...own, ...set }],
    );
  });

  it("fits the world into the environment of a function, with names as long as the settings allow", async () => {
    // As many kinds as there may be, with names of 16 characters.
    const queues = Array.from({ length: 9 }, (_, index) => `queue_of_a_source_${index}`);
    const kinds = [
      ...DEFAULT_WORKERS,
      ...queues.map((queue) => ({ ...DEFAULT_WORKERS[0]!, queues: [queue] })),
    ].map((kind, index) => ({ ...kind, name: `long-long-long-${index}`.slice(-16) }));
    assert.equal(kinds.length, 12);
    const recording = await run("production", "replicating", {
      ...DMS,
      "redash:moveWriteOutageBudgetMs": "600000",
      "redash:moveDrainDeadlineMs": "120000",
      "redash:dataSourceQueues": JSON.stringify(queues),
      "redash:workers": JSON.stringify(kinds),
      "redash:host": `${"redash.".repeat(8)}acme.io`,
      "redash:sourceProjectDirectory": `/opt/${"redash/".repeat(8)}`,
      "redash:sourceServices": JSON.stringify({
        servers: ["redash-server-one", "redash-server-two"],
        scheduler: ["redash-scheduler"],
        workers: ["redash-scheduled-worker", "redash-adhoc-worker", "redash-worker"],
        database: "redash-postgres",
        queue: "redash-redis",
      }),
    });
    const bytes = Buffer.byteLength(JSON.stringify(world(recording).variables));
    assert.ok(bytes > 3500 && bytes <= 4096, String(bytes));
  });

  it("lets the function through to Redash as its users reach it: by the NAT gateway's address if that is public", async () => {
    const recording = await run("rehearsal", "replicating", {
      "redash:ingressScheme": "internet-facing",
    });
    const rule = only(
      recording,
      "SecurityGroupIngressRule",
      "redash-migration-function-load-balancer-from-nat-0",
    );
    const { securityGroups } = only(recording, "LoadBalancer", "redash-alb").inputs;
    assert.deepEqual(
      [rule.inputs["cidrIpv4"], rule.inputs["fromPort"], [rule.inputs["securityGroupId"]]],
      ["192.0.2.1/32", 443, securityGroups],
    );
    assert.equal(isRefused(verdictOf(recording)), false);
  });

  it("gives Redash's processes a role of their own on a database that a move fills, and the master user on a new one", async () => {
    const passwords = async (phase: Phase) =>
      ofType(await run("production", phase), "RandomPassword")
        .map(({ name }) => name)
        .filter((name) => name.startsWith("redash-database"));
    assert.deepEqual(await passwords("greenfield"), ["redash-database"]);
    for (const phase of ["replicating", "switched", "complete"] as const) {
      assert.deepEqual(
        await passwords(phase),
        ["redash-database", "redash-database-application"],
        phase,
      );
    }
  });

  describe("a rehearsal's copy of production", () => {
    const phases = ["replicating", "switched"] as const;
    /** The clone's own group, and all rules of the stack. */
    const clone = async (phase: Phase, changes = {}) => {
      const recording = await run("rehearsal", phase, changes);
      const { inputs } = only(recording, "Instance", "redash-source-instance");
      const groups = inputs["vpcSecurityGroupIds"] as string[];
      assert.equal(groups.length, 1);
      const rules = recording.resources.filter(({ type }) => /:SecurityGroup\w*Rule$/.test(type));
      const of = (direction: string) =>
        rules.filter(
          ({ type, inputs: rule }) =>
            type.endsWith(`:SecurityGroup${direction}Rule`) &&
            rule["securityGroupId"] === groups[0],
        );
      return { recording, inputs, group: groups[0]!, rules, of };
    };

    for (const phase of phases) {
      it(`can reach nothing outside of its VPC, by whatever transport: ${phase}`, async () => {
        for (const transport of [{}, DMS]) {
          const { recording, inputs, group, rules, of } = await clone(phase, transport);
          const vpc = only(recording, "Vpc", "redash-vpc");
          assert.deepEqual(
            of("Egress").map(({ inputs: rule }) => [
              rule["cidrIpv4"],
              rule["cidrIpv6"],
              rule["prefixListId"],
              rule["referencedSecurityGroupId"],
            ]),
            [[vpc.inputs["cidrBlock"], undefined, undefined, undefined]],
          );
          // No rule of another kind, nor inside a group, that would add to it.
          assert.ok(rules.every(({ type }) => type.startsWith("aws:vpc/securityGroup")));
          for (const made of ofType(recording, "SecurityGroup"))
            assert.ok(!("egress" in made.inputs), made.name);
          assert.deepEqual(
            [
              inputs["associatePublicIpAddress"],
              inputs["ipv6AddressCount"],
              inputs["networkInterfaces"],
            ],
            [false, undefined, undefined],
          );
          assert.equal(
            ofType(recording, "EipAssociation").length + ofType(recording, "Eip").length,
            0,
          );
          assert.deepEqual(
            [inputs["subnetId"]],
            (recording.outputs["privateSubnetIds"] as string[]).slice(0, 1),
          );
          assert.equal(recording.outputs["sourceSecurityGroupId"], group);
        }
      });

      it(`is reached by Systems Manager within the VPC, which the command line needs: ${phase}`, async () => {
        const { recording, group, rules } = await clone(phase);
        const endpoints = ofType(recording, "VpcEndpoint");
        assert.deepEqual(
          endpoints.map(({ name }) => name),
          ["ec2messages", "monitoring", "secretsmanager", "ssm", "ssmmessages"].map(
            (service) => `redash-${service}`,
          ),
        );
        for (const { inputs } of endpoints) {
          assert.deepEqual(inputs["subnetIds"], recording.outputs["privateSubnetIds"]);
          assert.equal(inputs["privateDnsEnabled"], true);
          const [admits] = rules.filter(
            ({ inputs: rule }) =>
              rule["securityGroupId"] === (inputs["securityGroupIds"] as string[])[0] &&
              rule["referencedSecurityGroupId"] === group,
          );
          assert.deepEqual([admits?.inputs["fromPort"], admits?.inputs["toPort"]], [443, 443]);
        }
      });
    }

    it("goes with everything else by one destroy: nothing is protected, kept, or refuses to be deleted", async () => {
      for (const transport of [{}, DMS]) {
        for (const phase of phases) {
          for (const it of (await run("rehearsal", phase, transport)).resources) {
            assert.deepEqual([it.protect, it.retainOnDelete], [false, false], it.name);
            const refuses = [
              "deletionProtection",
              "enableDeletionProtection",
              "disableApiTermination",
            ].filter((property) => it.inputs[property] === true);
            assert.deepEqual(refuses, [], it.name);
            if (it.type === "aws:s3/bucket:Bucket")
              assert.equal(it.inputs["forceDestroy"], true, it.name);
            if (it.type === "aws:rds/instance:Instance")
              assert.equal(it.inputs["skipFinalSnapshot"], true);
            if (it.type === "aws:secretsmanager/secret:Secret")
              assert.equal(it.inputs["recoveryWindowInDays"], 0, it.name);
          }
        }
      }
    });
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
