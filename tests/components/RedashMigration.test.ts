import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Recording } from "../../preview/recorder";
import { verdictOf } from "../../preview/verdict";
import { alarm, recordDms, recordMigration, secretText } from "../support/migration";
import { DMS_ARGS, KEY, MIGRATION_ARGS, TOPIC } from "../support/migrationArgs";
import { inventory, only } from "../support/recordings";

const LOGICAL = [
  "BucketLifecycleConfiguration redash-migration-journal",
  "BucketOwnershipControls redash-migration-journal",
  "BucketPolicy redash-migration-journal",
  "BucketPublicAccessBlock redash-migration-journal",
  "BucketServerSideEncryptionConfiguration redash-migration-journal",
  "BucketVersioning redash-migration-journal",
  "Bucket redash-migration-journal",
  "Document redash-migration-source",
  "FunctionEventInvokeConfig redash-migration-function",
  "FunctionRecursionConfig redash-migration-function",
  "Function redash-migration-function",
  "LogGroup redash-migration-function",
  "MetricAlarm redash-migration-function-errors",
  "MetricAlarm redash-migration-slot-lag",
  "MetricAlarm redash-migration-source-disk-free",
  "MetricAlarm redash-migration-source-disk-percent",
  "MetricAlarm redash-migration-source-silent",
  "MetricAlarm redash-migration-source-wal-kept",
  "MetricAlarm redash-migration-wal-disk",
  "RandomPassword redash-migration-source",
  "Role redash-migration-function",
  "Role redash-migration-function-watch",
  "Schedule redash-migration-function-watch",
  "RolePolicyAttachment redash-migration-function",
  "RolePolicy redash-migration-function",
  "RolePolicy redash-migration-function-code",
  "RolePolicy redash-migration-function-watch",
  "Secret redash-migration-source",
  "Secret redash-migration-target",
  "SecretVersion redash-migration-source",
  "SecretVersion redash-migration-target",
  "SecurityGroup redash-migration-function",
  "SecurityGroupEgressRule redash-migration-function-to-database",
  "SecurityGroupEgressRule redash-migration-function-to-https",
  "SecurityGroupEgressRule redash-migration-function-to-queue",
  "SecurityGroupEgressRule redash-migration-function-to-source",
  "SecurityGroupIngressRule redash-migration-function-database-ingress",
  "SecurityGroupIngressRule redash-migration-function-load-balancer-ingress",
  "SecurityGroupIngressRule redash-migration-function-queue-ingress",
  "SecurityGroupIngressRule redash-migration-function-source-ingress",
].sort();
const TASK_ALARMS = [
  "latency-source",
  "latency-target",
  "validation-failed",
  "validation-suspended",
];
const DMS = [
  "Endpoint redash-dms-source",
  "Endpoint redash-dms-target",
  "LogGroup redash-dms",
  "MetricAlarm redash-migration-memory",
  "MetricAlarm redash-migration-storage",
  "RandomId redash-dms",
  "RandomPassword redash-migration-dms-source",
  "ReplicationInstance redash-dms",
  "ReplicationSubnetGroup redash-dms",
  "ReplicationTask redash-dms",
  "Role redash-dms-secrets",
  "Role redash-migration-assessment",
  "RolePolicy redash-dms-secrets",
  "RolePolicy redash-migration-assessment",
  "Secret redash-migration-dms-source",
  "SecretVersion redash-migration-dms-source",
];

describe("RedashMigration", () => {
  describe("with transport logical", () => {
    it("makes these resources and no other: no trace of DMS", async () => {
      assert.deepEqual(inventory(await recordMigration()), LOGICAL);
      assert.deepEqual(inventory(await recordMigration({ forward: false })), LOGICAL);
    });

    it("keeps the moving role of the source, with a password of its own, and the master user of the target", async () => {
      const source = (await secretText("redash-migration-source", {})) as { password: string };
      assert.match(source.password, /^[0-9a-f]{48}$/);
      assert.deepEqual(source, {
        username: "redash_mover",
        password: source.password,
        host: "10.60.10.20",
        port: 5433,
      });
      assert.deepEqual(await secretText("redash-migration-target", {}), {
        username: "redash",
        password: "hunter2hunter2",
        host: "redash.abc.eu-west-1.rds.amazonaws.com",
        port: 5432,
      });
    });

    it("watches the disk of the database, whose slot serves the way back", async () => {
      const recording = await recordMigration();
      for (const [role, metricName, threshold, treatMissingData] of [
        ["slot-lag", "OldestReplicationSlotLag", 2_147_483_648, "notBreaching"],
        ["wal-disk", "TransactionLogsDiskUsage", 21_474_836_480, "missing"],
      ] as const) {
        const { alarmDescription, ...inputs } = alarm(recording, role);
        assert.deepEqual(inputs, {
          namespace: "AWS/RDS",
          dimensions: { DBInstanceIdentifier: "redash-0f0f0f0f" },
          metricName,
          statistic: "Maximum",
          comparisonOperator: "GreaterThanThreshold",
          threshold,
          period: 300,
          evaluationPeriods: 3,
          treatMissingData,
          alarmActions: [TOPIC],
          okActions: [TOPIC],
        });
        assert.match(String(alarmDescription), /Runbook: /);
      }
    });

    it("tells when the function of the move died, which it cannot write down itself", async () => {
      const recording = await recordMigration();
      const { alarmDescription, ...inputs } = alarm(recording, "function-errors");
      assert.deepEqual(inputs, {
        namespace: "AWS/Lambda",
        dimensions: { FunctionName: recording.outputs["functionName"] },
        metricName: "Errors",
        statistic: "Sum",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        period: 60,
        evaluationPeriods: 1,
        treatMissingData: "notBreaching",
        alarmActions: [TOPIC],
        okActions: [TOPIC],
      });
      assert.match(String(alarmDescription), /Runbook: /);
    });
  });

  it("speaks in clear with the source only when it is told to, and the guard refuses that by either transport", async () => {
    const source = { ...MIGRATION_ARGS.source, sslMode: "none" } as const;
    const found = (recording: Recording) =>
      verdictOf(recording, "2026-01-01")
        .violations.filter(({ policy }) => /-tls$/.test(policy.id))
        .map(({ policy, resource }) => `${policy.id} ${resource.name}`);
    const ofMove = "move-source-tls redash-migration-function";
    assert.deepEqual(found(await recordMigration({ source })), [ofMove]);
    assert.deepEqual(found(await recordMigration({ source, dms: DMS_ARGS })), [
      "dms-endpoint-tls redash-dms-source",
      ofMove,
    ]);
    assert.deepEqual(found(await recordMigration()), []);
  });

  describe("with transport dms", () => {
    it("makes these resources besides, and no other", async () => {
      const running = TASK_ALARMS.map((role) => `MetricAlarm redash-migration-${role}`);
      assert.deepEqual(inventory(await recordDms()), [...LOGICAL, ...DMS, ...running].sort());
    });

    it("keeps everything but the alarms on a running task when rows go back, which they do without it", async () => {
      assert.deepEqual(
        inventory(await recordMigration({ forward: false, dms: DMS_ARGS })),
        [...LOGICAL, ...DMS].sort(),
      );
    });
  });

  it("keeps every password out of everything but secrets, which end with the move", async () => {
    const recording = await recordDms();
    const secrets = [
      "redash-migration-dms-source",
      "redash-migration-source",
      "redash-migration-target",
    ];
    assert.deepEqual(
      recording.resources
        .filter(({ secretPaths }) => secretPaths.length > 0)
        .map(({ name, secretPaths }) => [name, secretPaths]),
      secrets.map((name) => [name, ["secretString"]]),
    );
    const text = JSON.stringify(recording);
    assert.ok(!text.includes("hunter2"));
    assert.ok(!JSON.stringify(recording.outputs).includes("[secret]"));
    for (const name of secrets) {
      const { inputs, protect } = only(recording, "Secret", name);
      assert.deepEqual(
        [protect, inputs["kmsKeyId"], inputs["recoveryWindowInDays"]],
        [false, KEY, 30],
      );
    }
    assert.deepEqual(
      recording.resources.filter((it) => it.protect || it.ignoreChanges.length > 0),
      [],
    );
  });

  it("asks for the same resources while every id is unknown, as in a first preview", async () => {
    for (const createRoles of [false, true]) {
      assert.deepEqual(
        inventory(await recordDms({ createRoles }, { unknowns: true })),
        inventory(await recordDms({ createRoles })),
      );
    }
  });

  it("asks twice for the same, byte by byte, settings and mappings included", async () => {
    assert.equal(JSON.stringify(await recordDms()), JSON.stringify(await recordDms()));
  });
});
