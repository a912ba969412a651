import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RedashDatabase, type RedashDatabaseArgs } from "../../components/RedashDatabase";
import { record, type Recording } from "../../preview/recorder";
import { compare } from "../../preview/compare";
import { hiddenText } from "../support/hiddenText";
import { inventory, only, waitsFor } from "../support/recordings";

const ARGS: RedashDatabaseArgs = {
  version: "17",
  instanceClass: "db.t4g.medium",
  storageGib: 50,
  maxStorageGib: 100,
  multiAz: true,
  backupRetentionDays: 14,
  backupWindow: "17:00-17:30",
  maintenanceWindow: "sun:18:00-sun:18:30",
  protect: true,
  deletionProtection: true,
  finalSnapshot: true,
  subnetIds: ["subnet-a", "subnet-b"],
  securityGroupId: "sg-database",
  keyArn: "arn:aws:kms:eu-west-1:111122223333:key/k",
  logRetentionDays: 30,
  secretRecoveryWindowDays: 30,
};
const LOGICAL = { plugin: "pgoutput" } as const;

const recorded = (
  changes: Partial<RedashDatabaseArgs> = {},
  unknowns = false,
): Promise<Recording> =>
  record(
    () => {
      const {
        address,
        identifier,
        port,
        databaseName,
        applicationRole,
        username,
        password,
        urlSecretArn,
        urlSecretVersionId,
      } = new RedashDatabase("redash", { ...ARGS, ...changes });
      return {
        address,
        identifier,
        port,
        databaseName,
        applicationRole,
        username,
        password,
        urlSecretArn,
        urlSecretVersionId,
      };
    },
    { stack: "test", config: {}, unknowns },
  );
const instance = (recording: Recording) => only(recording, "Instance", "redash-database");
const parameters = (recording: Recording) =>
  Object.fromEntries(
    (
      only(recording, "ParameterGroup", "redash-database").inputs["parameters"] as {
        name: string;
        value: string;
        applyMethod: string;
      }[]
    ).map(({ name, value, applyMethod }) => [name, `${value} ${applyMethod}`]),
  );

const ALWAYS = {
  "rds.force_ssl": "1 pending-reboot",
  log_min_duration_statement: "5000 immediate",
  log_parameter_max_length: "0 immediate",
};
const MOVING = {
  ...ALWAYS,
  "rds.logical_replication": "1 pending-reboot",
  max_replication_slots: "20 pending-reboot",
  max_wal_senders: "25 pending-reboot",
  max_logical_replication_workers: "12 pending-reboot",
  max_worker_processes: "24 pending-reboot",
  max_sync_workers_per_subscription: "4 immediate",
};

describe("RedashDatabase", () => {
  it("makes these resources and no other", async () => {
    assert.deepEqual(inventory(await recorded()), [
      "Instance redash-database",
      "LogGroup redash-database-postgresql",
      "LogGroup redash-database-upgrade",
      "ParameterGroup redash-database",
      "RandomId redash-database",
      "RandomPassword redash-database",
      "Role redash-database-monitoring",
      "RolePolicyAttachment redash-database-monitoring",
      "Secret redash-database-url",
      "SecretVersion redash-database-url",
      "SubnetGroup redash-database",
    ]);
  });

  it("asks for an instance with exactly these inputs", async () => {
    const recording = await recorded();
    const { identifier } = recording.outputs as { identifier: string };
    assert.match(identifier, /^redash-[0-9a-f]{8}$/);
    const { inputs } = instance(recording);
    const group = inputs["parameterGroupName"];
    const subnets = inputs["dbSubnetGroupName"];
    assert.match(String(group), /^redash-database-[0-9a-f]{7}$/);
    assert.match(String(subnets), /^redash-database-[0-9a-f]{7}$/);
    assert.deepEqual(inputs, {
      identifier,
      engine: "postgres",
      engineVersion: "17",
      autoMinorVersionUpgrade: true,
      allowMajorVersionUpgrade: true,
      engineLifecycleSupport: "open-source-rds-extended-support-disabled",
      instanceClass: "db.t4g.medium",
      storageType: "gp3",
      allocatedStorage: 50,
      maxAllocatedStorage: 100,
      storageEncrypted: true,
      kmsKeyId: ARGS.keyArn,
      dbName: "redash",
      username: "redash",
      password: "[secret]",
      iamDatabaseAuthenticationEnabled: true,
      port: 5432,
      parameterGroupName: group,
      dbSubnetGroupName: subnets,
      vpcSecurityGroupIds: ["sg-database"],
      publiclyAccessible: false,
      networkType: "IPV4",
      caCertIdentifier: "rds-ca-rsa2048-g1",
      multiAz: true,
      backupRetentionPeriod: 14,
      backupWindow: "17:00-17:30",
      maintenanceWindow: "sun:18:00-sun:18:30",
      copyTagsToSnapshot: true,
      deleteAutomatedBackups: false,
      deletionProtection: true,
      skipFinalSnapshot: false,
      finalSnapshotIdentifier: `${identifier}-final`,
      applyImmediately: true,
      enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: ARGS.keyArn,
      performanceInsightsRetentionPeriod: 7,
      databaseInsightsMode: "standard",
      monitoringInterval: 60,
      monitoringRoleArn:
        "arn:aws:iam::123456789012:role/" +
        String(
          only(recording, "RolePolicyAttachment", "redash-database-monitoring").inputs["role"],
        ),
    });
  });

  it("sets neither iops nor throughput, which RDS refuses for gp3 below 400 GiB", async () => {
    const { inputs } = instance(await recorded());
    assert.ok(!("iops" in inputs) && !("storageThroughput" in inputs));
  });

  it("has its encrypted log groups before RDS would make them without key and end", async () => {
    const recording = await recorded();
    const { identifier } = recording.outputs as { identifier: string };
    for (const log of ["postgresql", "upgrade"]) {
      assert.deepEqual(only(recording, "LogGroup", `redash-database-${log}`).inputs, {
        name: `/aws/rds/instance/${identifier}/${log}`,
        kmsKeyId: ARGS.keyArn,
        retentionInDays: 30,
      });
    }
    const before = waitsFor(instance(recording));
    for (const needed of [
      "aws:cloudwatch/logGroup:LogGroup redash-database-postgresql",
      "aws:cloudwatch/logGroup:LogGroup redash-database-upgrade",
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment redash-database-monitoring",
    ]) {
      assert.ok(before.includes(needed), needed);
    }
  });

  it("is protected with its secret and password, and nothing else is", async () => {
    const isProtected = async (changes: Partial<RedashDatabaseArgs>) => {
      const recording = await recorded(changes);
      return inventory({ ...recording, resources: recording.resources.filter((it) => it.protect) });
    };
    assert.deepEqual(await isProtected({}), [
      "Instance redash-database",
      "RandomPassword redash-database",
      "Secret redash-database-url",
    ]);
    assert.deepEqual(await isProtected({ protect: false }), []);
  });

  it("has one role for everything, unless Redash's processes get one of their own", async () => {
    const url = async (applicationRole?: string) =>
      hiddenText(
        () => new RedashDatabase("redash", { ...ARGS, applicationRole }),
        ["SecretVersion", "redash-database-url", "secretString"],
      );
    const address = String((await recorded()).outputs["address"]);
    const parts = (text: string) => /^postgresql:\/\/(\w+):([0-9a-f]{48})@(.*)$/.exec(text)!;
    const [, master, masterPassword, rest] = parts(await url());
    const [, application, password, sameRest] = parts(await url("redash_app"));
    assert.deepEqual([master, application], ["redash", "redash_app"]);
    assert.deepEqual([rest, sameRest], Array(2).fill(`${address}:5432/redash?sslmode=require`));
    assert.notEqual(password, masterPassword);
  });

  it("adds a protected password for that role, and changes nothing of the database", async () => {
    const applicationRole = "redash_app";
    const [without, with_] = [await recorded(), await recorded({ applicationRole })];
    assert.deepEqual(
      inventory(with_).filter((line) => !inventory(without).includes(line)),
      ["RandomPassword redash-database-application"],
    );
    assert.equal(only(with_, "RandomPassword", "redash-database-application").protect, true);
    assert.deepEqual(instance(with_).inputs, instance(without).inputs);
    assert.equal(with_.outputs["applicationRole"], "redash_app");
  });

  it("ignores no change and deletes nothing first", async () => {
    for (const resource of (await recorded()).resources) {
      assert.deepEqual(
        [resource.ignoreChanges, resource.deleteBeforeReplace],
        [[], false],
        resource.name,
      );
    }
  });

  it("marks password and URL as secrets, and gives out ids otherwise", async () => {
    const recording = await recorded();
    assert.deepEqual(
      recording.resources
        .filter((it) => it.secretPaths.length > 0)
        .map((it) => [it.name, it.secretPaths]),
      [
        ["redash-database", ["password"]],
        ["redash-database-url", ["secretString"]],
      ],
    );
    const { urlSecretArn, urlSecretVersionId, address, identifier, ...plain } = recording.outputs;
    assert.deepEqual(plain, {
      port: 5432,
      databaseName: "redash",
      applicationRole: "redash",
      username: "redash",
      password: "[secret]",
    });
    assert.match(String(urlSecretArn), /^arn:aws:secretsmanager:/);
    assert.match(String(urlSecretVersionId), /^[0-9a-f-]{36}$/);
    assert.match(
      String(address),
      new RegExp(`^${String(identifier)}\\..*\\.rds\\.amazonaws\\.com$`),
    );
  });

  it("generates a password that fits into a URL and that RDS accepts", async () => {
    const { inputs } = only(await recorded(), "RandomPassword", "redash-database");
    assert.deepEqual(inputs, {
      length: 48,
      special: false,
      minLower: 1,
      minUpper: 1,
      minNumeric: 1,
    });
  });

  it("takes minor upgrades only where the version leaves them open, and the family from the version", async () => {
    const pinned = await recorded({ version: "16.9" });
    assert.equal(instance(pinned).inputs["engineVersion"], "16.9");
    assert.equal(instance(pinned).inputs["autoMinorVersionUpgrade"], false);
    assert.equal(only(pinned, "ParameterGroup", "redash-database").inputs["family"], "postgres16");
  });

  it("has no parameter of a move unless it is told to", async () => {
    assert.deepEqual(parameters(await recorded()), ALWAYS);
  });

  it("has the parameters of a move, static ones waiting for a reboot", async () => {
    assert.deepEqual(parameters(await recorded({ replication: LOGICAL })), MOVING);
    assert.deepEqual(parameters(await recorded({ replication: { plugin: "pglogical" } })), {
      ...MOVING,
      shared_preload_libraries: "pg_stat_statements,pglogical pending-reboot",
    });
  });

  it("changes nothing but the parameters when a move begins and ends", async () => {
    const states = [undefined, LOGICAL, { plugin: "pglogical" } as const];
    const recordings = await Promise.all(states.map((replication) => recorded({ replication })));
    for (const one of recordings) {
      for (const other of recordings) {
        const touched = compare(one, other).map(({ kind, type, name, changes }) => ({
          what: `${kind} ${type} ${name}`,
          paths: new Set(changes.map(({ path }) => path.split(".")[0])),
        }));
        if (one === other) assert.deepEqual(touched, []);
        else {
          assert.deepEqual(touched, [
            {
              what: "changed aws:rds/parameterGroup:ParameterGroup redash-database",
              paths: new Set(["parameters"]),
            },
          ]);
        }
      }
    }
  });

  it("leaves no snapshot and takes no protection where nothing is kept", async () => {
    const { inputs, protect } = instance(
      await recorded({ protect: false, deletionProtection: false, finalSnapshot: false }),
    );
    assert.deepEqual(
      [protect, inputs["deletionProtection"], inputs["skipFinalSnapshot"]],
      [false, false, true],
    );
  });

  it("asks for the same resources while every id is unknown, as in a first preview", async () => {
    assert.deepEqual(inventory(await recorded({}, true)), inventory(await recorded()));
  });

  it("takes exactly a tenth more for its largest storage, whatever floating point makes of it", async () => {
    const { inputs } = instance(await recorded({ storageGib: 100, maxStorageGib: 110 }));
    assert.equal(inputs["maxAllocatedStorage"], 110);
  });

  it("refuses storage that could not grow", async () => {
    await assert.rejects(recorded({ maxStorageGib: 50 }), {
      message: "maxStorageGib is 50: RDS needs at least a tenth more than storageGib, 50",
    });
  });
});
