import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  type DmsArgs,
  RedashMigration,
  type RedashMigrationArgs,
} from "../../components/RedashMigration";
import { record, type RecordedResource, type Recording } from "../../preview/recorder";
import { isRefused, verdictOf } from "../../preview/verdict";
import { endpointSettings, lobMaxSizeKib, tableMappings, taskSettings } from "../../redash/dms";
import { hiddenText } from "../support/hiddenText";
import { KEY, MIGRATION_ARGS, TOPIC } from "../support/migrationArgs";
import { inventory, only, waitsFor } from "../support/recordings";

const DMS_ARGS: DmsArgs = {
  instanceClass: "dms.r6i.large",
  storageGib: 100,
  multiAz: true,
  maintenanceWindow: "sun:18:00-sun:18:30",
  createRoles: false,
  largestLobBytes: 1_000_000,
  subnetIds: ["subnet-a", "subnet-b"],
  securityGroupId: "sg-replication",
};
interface Options {
  readonly unknowns?: boolean;
  readonly answers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
const recorded = (
  changes: Partial<RedashMigrationArgs> = {},
  options: Options = {},
): Promise<Recording> =>
  record(
    () => {
      const { sourceSecretArn, targetSecretArn, dms, move } = new RedashMigration("redash", {
        ...MIGRATION_ARGS,
        ...changes,
      });
      const secrets = { sourceSecretArn, targetSecretArn };
      return { phase: "replicating", mode: "production", ...secrets, ...move, ...dms };
    },
    { stack: "test", config: {}, ...options },
  );
const withDms = (changes: Partial<DmsArgs> = {}, options: Options = {}) =>
  recorded({ dms: { ...DMS_ARGS, ...changes } }, options);

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

/** A text that a recording hides, as the migration computes it. */
const hidden = (
  what: Parameters<typeof hiddenText>[1],
  changes: Partial<RedashMigrationArgs>,
): Promise<string> =>
  hiddenText(() => new RedashMigration("redash", { ...MIGRATION_ARGS, ...changes }), what);
const secretText = async (name: string, changes: Partial<RedashMigrationArgs>) =>
  JSON.parse(await hidden(["SecretVersion", name, "secretString"], changes)) as unknown;

const alarm = (recording: Recording, role: string) =>
  only(recording, "MetricAlarm", `redash-migration-${role}`).inputs;
const document = (resource: RecordedResource, property: string) =>
  JSON.parse(String(resource.inputs[property])) as unknown;

describe("RedashMigration", () => {
  describe("with transport logical", () => {
    it("makes these resources and no other: no trace of DMS", async () => {
      assert.deepEqual(inventory(await recorded()), LOGICAL);
      assert.deepEqual(inventory(await recorded({ forward: false })), LOGICAL);
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
      const recording = await recorded();
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
      const recording = await recorded();
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
    assert.deepEqual(found(await recorded({ source })), [ofMove]);
    assert.deepEqual(found(await recorded({ source, dms: DMS_ARGS })), [
      "dms-endpoint-tls redash-dms-source",
      ofMove,
    ]);
    assert.deepEqual(found(await recorded()), []);
  });

  describe("with transport dms", () => {
    it("makes these resources besides, and no other", async () => {
      const running = TASK_ALARMS.map((role) => `MetricAlarm redash-migration-${role}`);
      assert.deepEqual(inventory(await withDms()), [...LOGICAL, ...DMS, ...running].sort());
    });

    it("keeps everything but the alarms on a running task when rows go back, which they do without it", async () => {
      assert.deepEqual(
        inventory(await recorded({ forward: false, dms: DMS_ARGS })),
        [...LOGICAL, ...DMS].sort(),
      );
    });

    it("asks for a replication instance with exactly these inputs", async () => {
      const recording = await withDms();
      const { inputs, deleteBeforeReplace } = only(recording, "ReplicationInstance", "redash-dms");
      const id = String(inputs["replicationInstanceId"]);
      assert.match(id, /^redash-dms-[0-9a-f]{8}$/);
      assert.deepEqual(inputs, {
        replicationInstanceId: id,
        replicationInstanceClass: "dms.r6i.large",
        engineVersion: "3.6.1",
        autoMinorVersionUpgrade: false,
        allocatedStorage: 100,
        multiAz: true,
        kmsKeyArn: KEY,
        publiclyAccessible: false,
        networkType: "IPV4",
        replicationSubnetGroupId: id,
        vpcSecurityGroupIds: ["sg-replication"],
        preferredMaintenanceWindow: "sun:18:00-sun:18:30",
        applyImmediately: true,
      });
      assert.equal(deleteBeforeReplace, true);
      assert.deepEqual(only(recording, "ReplicationSubnetGroup", "redash-dms").inputs, {
        replicationSubnetGroupId: id,
        replicationSubnetGroupDescription: "Redash migration",
        subnetIds: ["subnet-a", "subnet-b"],
      });
    });

    it("has its encrypted log group before DMS would make it without key and end", async () => {
      const recording = await withDms();
      const instance = only(recording, "ReplicationInstance", "redash-dms");
      assert.deepEqual(only(recording, "LogGroup", "redash-dms").inputs, {
        name: `dms-tasks-${String(instance.inputs["replicationInstanceId"])}`,
        kmsKeyId: KEY,
        retentionInDays: 90,
      });
      assert.ok(waitsFor(instance).includes("aws:cloudwatch/logGroup:LogGroup redash-dms"));
    });

    it("asks for a task that loads and goes on, is not started, and names no log group", async () => {
      const recording = await withDms();
      const task = only(recording, "ReplicationTask", "redash-dms");
      const { outputs } = recording;
      assert.deepEqual(
        { ...task.inputs, tableMappings: "", replicationTaskSettings: "" },
        {
          replicationTaskId: outputs["instanceId"],
          migrationType: "full-load-and-cdc",
          replicationInstanceArn: outputs["instanceArn"],
          sourceEndpointArn: outputs["sourceEndpointArn"],
          targetEndpointArn: outputs["targetEndpointArn"],
          tableMappings: "",
          replicationTaskSettings: "",
          startReplicationTask: false,
        },
      );
      assert.equal(task.deleteBeforeReplace, true);
      assert.deepEqual(document(task, "tableMappings"), tableMappings());
      const settings = document(task, "replicationTaskSettings") as { Logging: object };
      assert.deepEqual(settings, taskSettings({ lobMaxSizeKib: lobMaxSizeKib(1_000_000) }));
      assert.deepEqual(Object.keys(settings.Logging), ["EnableLogging", "LogComponents"]);
    });

    it("carries LOBs as large as the measured one, and refuses one that DMS cannot carry", async () => {
      const size = async (largestLobBytes: number) => {
        const task = only(await withDms({ largestLobBytes }), "ReplicationTask", "redash-dms");
        return (
          document(task, "replicationTaskSettings") as { TargetMetadata: { LobMaxSize: number } }
        ).TargetMetadata.LobMaxSize;
      };
      assert.deepEqual([await size(0), await size(1_000_000)], [63, 2930]);
      await assert.rejects(
        withDms({ largestLobBytes: 34_952_534 }),
        /^Error: a value of 34952534 bytes is too large for DMS, which carries 34952533;/,
      );
    });

    for (const side of ["source", "target"] as const) {
      it(`asks for a ${side} endpoint with exactly these inputs: every setting, no credential`, async () => {
        const recording = await withDms();
        const endpoint = only(recording, "Endpoint", `redash-dms-${side}`);
        const { outputs } = recording;
        assert.deepEqual(endpoint.inputs, {
          endpointId: `${String(outputs["instanceId"])}-${side}`,
          endpointType: side,
          engineName: "postgres",
          databaseName: side === "source" ? "postgres" : "redash",
          secretsManagerArn:
            side === "source" ? outputs["sourceSecretArn"] : outputs["targetSecretArn"],
          secretsManagerAccessRoleArn: endpoint.inputs["secretsManagerAccessRoleArn"],
          sslMode: "require",
          kmsKeyArn: KEY,
          postgresSettings: endpointSettings(side),
        });
        assert.match(
          String(endpoint.inputs["secretsManagerAccessRoleArn"]),
          /:role\/redash-dms-secrets-/,
        );
        assert.deepEqual([endpoint.secretPaths, endpoint.deleteBeforeReplace], [[], true]);
        for (const needed of [
          "aws:iam/rolePolicy:RolePolicy redash-dms-secrets",
          `aws:secretsmanager/secretVersion:SecretVersion redash-migration-${side === "source" ? "dms-source" : "target"}`,
        ])
          assert.ok(waitsFor(endpoint).includes(needed), needed);
      });
    }

    it("reads the source by a role that nobody shares, because the cutover locks it out", async () => {
      const dms = { dms: DMS_ARGS };
      const role = (await secretText("redash-migration-dms-source", dms)) as { password: string };
      const mover = (await secretText("redash-migration-source", dms)) as { password: string };
      assert.deepEqual(role, {
        username: "redash_dms",
        password: role.password,
        host: "10.60.10.20",
        port: 5433,
      });
      assert.notEqual(role.password, mover.password);
    });

    it("checks who the database is only with a certificate, which the source never gets", async () => {
      const caPem = "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n";
      const recording = await withDms({ targetCaPem: caPem });
      const certificate = only(recording, "Certificate", "redash-dms-target");
      const begin = `${String(recording.outputs["instanceId"])}-target-`;
      const { certificateId, ...inputs } = certificate.inputs;
      assert.match(String(certificateId), new RegExp(`^${begin}[0-9a-f]{8}$`));
      assert.deepEqual(inputs, { certificatePem: "[secret]" });
      assert.equal(
        await hidden(["Certificate", "redash-dms-target", "certificatePem"], {
          dms: { ...DMS_ARGS, targetCaPem: caPem },
        }),
        caPem,
      );
      const tls = (side: string) => {
        const { inputs } = only(recording, "Endpoint", `redash-dms-${side}`);
        return [inputs["sslMode"], /:cert:/.test(String(inputs["certificateArn"]))];
      };
      assert.deepEqual(tls("target"), ["verify-full", true]);
      assert.deepEqual(tls("source"), ["require", false]);
    });

    it("makes another certificate beside the one in use, which AWS would not delete", async () => {
      const [one, other] = await Promise.all(
        ["MIID", "MIIE"].map(async (text) => {
          const targetCaPem = `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
          return only(await withDms({ targetCaPem }), "Certificate", "redash-dms-target");
        }),
      );
      assert.notEqual(one!.inputs["certificateId"], other!.inputs["certificateId"]);
      assert.deepEqual([one!.deleteBeforeReplace, other!.deleteBeforeReplace], [false, false]);
    });

    it("sends rows in clear from the source only when it is told to, and the guard refuses that", async () => {
      const verdict = (recording: Recording) =>
        verdictOf(recording, "2026-01-01")
          .violations.filter(({ policy }) => policy.id.startsWith("dms-"))
          .map(({ policy, resource }) => `${policy.id} ${resource.name}`);
      const source = { ...MIGRATION_ARGS.source, sslMode: "none" } as const;
      const clear = await recorded({ source, dms: DMS_ARGS });
      const { inputs } = only(clear, "Endpoint", "redash-dms-source");
      assert.equal(inputs["sslMode"], "none");
      assert.equal(only(clear, "Endpoint", "redash-dms-target").inputs["sslMode"], "require");
      // Decided: no patches during a move.
      const advice = "dms-minor-upgrades redash-dms";
      assert.deepEqual(verdict(clear), ["dms-endpoint-tls redash-dms-source", advice]);
      assert.equal(isRefused(verdictOf(clear, "2026-01-01")), true);
      assert.deepEqual(verdict(await withDms()), [advice]);
    });

    it("lets DMS read these two secrets with this key, for this account alone", async () => {
      const recording = await withDms();
      const { sourceSecretArn, targetSecretArn } = recording.outputs;
      assert.deepEqual(document(only(recording, "RolePolicy", "redash-dms-secrets"), "policy"), {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            Resource: [sourceSecretArn, targetSecretArn],
          },
          { Effect: "Allow", Action: ["kms:Decrypt", "kms:DescribeKey"], Resource: KEY },
        ],
      });
      assert.deepEqual(
        document(only(recording, "Role", "redash-dms-secrets"), "assumeRolePolicy"),
        {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Service: ["dms.amazonaws.com", "dms.eu-west-1.amazonaws.com"] },
              Action: "sts:AssumeRole",
              Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
            },
          ],
        },
      );
    });

    it("lets DMS write its assessment into its folder of the journal's bucket, and read nothing else there", async () => {
      const recording = await withDms();
      const bucket = `arn:aws:s3:::${String(recording.outputs["journalBucket"])}`;
      assert.deepEqual(
        document(only(recording, "RolePolicy", "redash-migration-assessment"), "policy"),
        {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Action: ["s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:PutObjectTagging"],
              Resource: `${bucket}/assessments/*`,
            },
            {
              Effect: "Allow",
              Action: ["s3:ListBucket", "s3:GetBucketLocation"],
              Resource: bucket,
            },
            {
              Effect: "Allow",
              Action: ["kms:Decrypt", "kms:GenerateDataKey"],
              Resource: KEY,
              Condition: { StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } },
            },
          ],
        },
      );
      assert.deepEqual(
        document(only(recording, "Role", "redash-migration-assessment"), "assumeRolePolicy"),
        {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Service: "dms.amazonaws.com" },
              Action: "sts:AssumeRole",
            },
          ],
        },
      );
    });

    it("watches the task by its ARN's end and its instance by its name, which alone have figures", async () => {
      const recording = await withDms();
      const { taskArn, instanceId, taskResourceId } = recording.outputs;
      assert.match(String(taskArn), new RegExp(`:task:${String(taskResourceId)}$`));
      assert.match(String(taskResourceId), /^[0-9A-F]{26}$/);
      const instance = { ReplicationInstanceIdentifier: instanceId };
      const task = { ...instance, ReplicationTaskIdentifier: taskResourceId };
      const told = (role: string) => {
        const { alarmDescription, alarmActions, okActions, namespace, ...rest } = alarm(
          recording,
          role,
        );
        assert.match(String(alarmDescription), /Runbook: /);
        assert.deepEqual([namespace, alarmActions, okActions], ["AWS/DMS", [TOPIC], [TOPIC]]);
        return rest;
      };
      for (const side of ["Source", "Target"]) {
        assert.deepEqual(told(`latency-${side.toLowerCase()}`), {
          dimensions: task,
          metricName: `CDCLatency${side}`,
          statistic: "Average",
          comparisonOperator: "GreaterThanThreshold",
          threshold: 120,
          period: 60,
          evaluationPeriods: 6,
          treatMissingData: "breaching",
        });
      }
      for (const state of ["Failed", "Suspended"]) {
        assert.deepEqual(told(`validation-${state.toLowerCase()}`), {
          dimensions: task,
          metricName: `Validation${state}OverallCount`,
          statistic: "Maximum",
          comparisonOperator: "GreaterThanThreshold",
          threshold: 0,
          period: 300,
          evaluationPeriods: 1,
          treatMissingData: "notBreaching",
        });
      }
      for (const [role, metricName, threshold] of [
        ["memory", "FreeableMemory", 536_870_912],
        ["storage", "FreeStorageSpace", 21_474_836_480],
      ] as const) {
        assert.deepEqual(told(role), {
          dimensions: instance,
          metricName,
          statistic: "Minimum",
          comparisonOperator: "LessThanThreshold",
          threshold,
          period: 300,
          evaluationPeriods: 3,
          treatMissingData: "missing",
        });
      }
    });
  });

  describe("the account's roles for DMS", () => {
    const NAMES = ["dms-vpc-role", "dms-cloudwatch-logs-role"];

    it("are used where they exist, and not made", async () => {
      const recording = await withDms();
      assert.deepEqual(
        inventory(recording).filter((line) => /^Role(PolicyAttachment)? redash-dms/.test(line)),
        ["Role redash-dms-secrets"],
      );
    });

    for (const [found, missing] of [
      [[], "dms-vpc-role and dms-cloudwatch-logs-role"],
      [["dms-vpc-role"], "dms-cloudwatch-logs-role"],
    ] as const) {
      it(`are missed by name where the account lacks ${missing}`, async () => {
        const answers = { "aws:iam/getRoles:getRoles": { names: found } };
        await assert.rejects(withDms({}, { answers }), (error: Error) =>
          error.message.endsWith(
            `: AWS DMS needs ${missing}, which this account lacks; have this stack make both with: pulumi config set redash:dmsCreateRoles true`,
          ),
        );
      });
    }

    it("are made on request, with AWS's policies, before DMS is asked for anything, and stay behind", async () => {
      const recording = await withDms({ createRoles: true });
      const group = only(recording, "ReplicationSubnetGroup", "redash-dms");
      for (const name of NAMES) {
        const role = only(recording, "Role", `redash-dms-${name}`);
        const attachment = only(recording, "RolePolicyAttachment", `redash-dms-${name}`);
        assert.deepEqual(document(role, "assumeRolePolicy"), {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Service: "dms.amazonaws.com" },
              Action: "sts:AssumeRole",
            },
          ],
        });
        assert.equal(role.inputs["name"], name);
        assert.deepEqual(attachment.inputs, {
          role: name,
          policyArn: `arn:aws:iam::aws:policy/service-role/${name === "dms-vpc-role" ? "AmazonDMSVPCManagementRole" : "AmazonDMSCloudWatchLogsRole"}`,
        });
        assert.deepEqual([role.retainOnDelete, attachment.retainOnDelete], [true, true]);
        assert.ok(group.dependsOn.includes(attachment.urn), name);
      }
    });
  });

  it("keeps every password out of everything but secrets, which end with the move", async () => {
    const recording = await withDms();
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
        inventory(await withDms({ createRoles }, { unknowns: true })),
        inventory(await withDms({ createRoles })),
      );
    }
  });

  it("asks twice for the same, byte by byte, settings and mappings included", async () => {
    assert.equal(JSON.stringify(await withDms()), JSON.stringify(await withDms()));
  });
});
