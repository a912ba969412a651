import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compare } from "../preview/compare";
import type { Recording } from "../preview/recorder";
import { isRefused, verdictLines, verdictOf } from "../preview/verdict";
import { type Mode, MODES, type Phase, PHASES } from "../redash/phase";
import { BY_DMS } from "./support/configs";
import { assertInvariants, containers, ofType } from "./support/program";
import { only } from "./support/recordings";
import { soundProgram } from "./support/soundProgram";

/** What differs between two phases, as "kind type name: paths". */
async function between(mode: Mode, before: Phase, after: Phase, changes = {}): Promise<string[]> {
  const found = compare(
    await soundProgram(mode, before, changes),
    await soundProgram(mode, after, changes),
  );
  return found.map(({ kind, type, name, changes: paths }) =>
    [`${kind} ${type.split(":").at(-1) ?? ""} ${name}`, ...paths.map(({ path }) => path)].join(
      " | ",
    ),
  );
}
const SWITCH = [
  "changed Service redash-scheduler-service | desiredCount",
  "changed Listener redash-https | defaultActions.0.forward.targetGroups.0.weight | defaultActions.0.forward.targetGroups.1.weight",
];

describe("the program, from one phase to the next", () => {
  for (const mode of MODES) {
    it(`turns traffic and starts the scheduler when the phase says switched, and touches nothing else: ${mode}`, async () => {
      assert.deepEqual(await between(mode, "replicating", "switched"), SWITCH);
      assert.deepEqual(await between(mode, "replicating", "switched", BY_DMS), [
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
        const recording = await soundProgram(mode, phase, BY_DMS);
        const isMoving = phase === "replicating" || phase === "switched";
        assert.equal(ofType(recording, "ReplicationTask").length, isMoving ? 1 : 0);
        assert.equal(ofType(recording, "ReplicationInstance").length, isMoving ? 1 : 0);
        if (!isMoving) assert.deepEqual(ofDms(recording), []);
        assert.deepEqual(ofDms(await soundProgram(mode, phase)), []);
        assertInvariants(recording);
        const verdict = verdictOf(recording);
        assert.equal(isRefused(verdict), false, verdictLines(verdict).join("\n"));
      }
    }
  });

  it("never replaces the database by a change of phase", async () => {
    const databases = await Promise.all(
      PHASES.map(
        async (phase) =>
          only(await soundProgram("production", phase), "Instance", "redash-database").inputs,
      ),
    );
    for (const inputs of databases) assert.deepEqual(inputs, databases[0]);
  });

  it("gives Redash's processes a role of their own on a database that a move fills, and the master user on a new one", async () => {
    const passwords = async (phase: Phase) =>
      ofType(await soundProgram("production", phase), "RandomPassword")
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

  it("keeps the source's keys in every phase but greenfield, which makes its own", async () => {
    for (const phase of PHASES) {
      const secret = new Set(
        containers(await soundProgram("production", phase)).flatMap(({ secrets }) =>
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
