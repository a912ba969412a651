import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RedashQueue, type RedashQueueArgs } from "../../components/RedashQueue";
import { record, type Recording } from "../../preview/recorder";
import { inventory, only } from "../support/recordings";

const ARGS: RedashQueueArgs = {
  version: "8.1",
  nodeType: "cache.t4g.small",
  nodes: 2,
  snapshotRetentionDays: 7,
  snapshotWindow: "16:00-17:00",
  maintenanceWindow: "sun:18:00-sun:19:00",
  protect: true,
  subnetIds: ["subnet-a", "subnet-b"],
  securityGroupId: "sg-queue",
  keyArn: "arn:aws:kms:eu-west-1:111122223333:key/k",
  logRetentionDays: 30,
  secretRecoveryWindowDays: 30,
};

// @ts-expect-error There is no argument for cluster mode, in any spelling.
const CLUSTER_MODE: keyof RedashQueueArgs = "clusterMode" as const;
// @ts-expect-error The number of shards is no argument either.
const SHARDS: keyof RedashQueueArgs = "numNodeGroups" as const;

const recorded = (changes: Partial<RedashQueueArgs> = {}, unknowns = false): Promise<Recording> =>
  record(
    () => {
      const { replicationGroupId, primaryEndpointAddress, urlSecretArn } = new RedashQueue(
        "redash",
        { ...ARGS, ...changes },
      );
      return { replicationGroupId, primaryEndpointAddress, urlSecretArn };
    },
    { stack: "test", config: {}, unknowns },
  );
const group = (recording: Recording) => only(recording, "ReplicationGroup", "redash-queue");

describe("RedashQueue", () => {
  it("makes these resources and no other", async () => {
    assert.deepEqual(inventory(await recorded()), [
      "LogGroup redash-queue-engine-log",
      "LogGroup redash-queue-slow-log",
      "ParameterGroup redash-queue",
      "RandomPassword redash-queue",
      "ReplicationGroup redash-queue",
      "Secret redash-queue-url",
      "SecretVersion redash-queue-url",
      "SubnetGroup redash-queue",
    ]);
  });

  it("asks for a group with exactly these inputs, cluster mode off among them", async () => {
    const recording = await recorded();
    const { inputs } = group(recording);
    const made = (type: string) => {
      const names = recording.resources.filter((it) => it.type.endsWith(`:${type}`));
      return names.map(({ name }) => name);
    };
    assert.deepEqual(made("ParameterGroup"), ["redash-queue"]);
    assert.match(String(inputs["parameterGroupName"]), /^redash-queue-[0-9a-f]{7}$/);
    assert.match(String(inputs["subnetGroupName"]), /^redash-queue-[0-9a-f]{7}$/);
    const destination = (log: string) =>
      (inputs["logDeliveryConfigurations"] as { logType: string; destination: string }[]).find(
        ({ logType }) => logType === log,
      )?.destination;
    assert.match(String(destination("slow-log")), /^redash-queue-slow-log-[0-9a-f]{7}$/);
    assert.deepEqual(inputs, {
      description: "Redash queue",
      engine: "valkey",
      engineVersion: "8.1",
      autoMinorVersionUpgrade: true,
      clusterMode: "disabled",
      numCacheClusters: 2,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      nodeType: "cache.t4g.small",
      port: 6379,
      parameterGroupName: inputs["parameterGroupName"],
      subnetGroupName: inputs["subnetGroupName"],
      securityGroupIds: ["sg-queue"],
      atRestEncryptionEnabled: true,
      kmsKeyId: ARGS.keyArn,
      transitEncryptionEnabled: true,
      transitEncryptionMode: "required",
      authToken: "[secret]",
      maintenanceWindow: "sun:18:00-sun:19:00",
      snapshotRetentionLimit: 7,
      snapshotWindow: "16:00-17:00",
      logDeliveryConfigurations: ["engine-log", "slow-log"].map((logType) => ({
        logType,
        logFormat: "json",
        destinationType: "cloudwatch-logs",
        destination: destination(logType),
      })),
      applyImmediately: true,
    });
  });

  it("has no argument that could turn cluster mode on, and none reaches AWS if it is forced in", async () => {
    const { inputs } = group(await recorded({ [CLUSTER_MODE]: "enabled", [SHARDS]: 3 }));
    assert.equal(inputs["clusterMode"], "disabled");
    for (const argument of [
      "numNodeGroups",
      "replicasPerNodeGroup",
      "nodeGroupConfigurations",
      "globalReplicationGroupId",
      "snapshotName",
      "snapshotArns",
    ]) {
      assert.ok(!(argument in inputs), argument);
    }
  });

  it("evicts nothing, by a group of the version's family without cluster-enabled", async () => {
    for (const [version, family] of [
      ["7.2", "valkey7"],
      ["8.1", "valkey8"],
      ["9.0", "valkey9"],
    ] as const) {
      assert.deepEqual(only(await recorded({ version }), "ParameterGroup", "redash-queue").inputs, {
        family,
        description: "Redash queue",
        parameters: [{ name: "maxmemory-policy", value: "noeviction" }],
      });
    }
  });

  it("fails over with two nodes and cannot with one", async () => {
    const shape = async (nodes: number) => {
      const { inputs } = group(await recorded({ nodes }));
      return [
        inputs["numCacheClusters"],
        inputs["automaticFailoverEnabled"],
        inputs["multiAzEnabled"],
      ];
    };
    assert.deepEqual(await shape(1), [1, false, false]);
    assert.deepEqual(await shape(2), [2, true, true]);
    assert.deepEqual(await shape(6), [6, true, true]);
  });

  it("has a token of letters and digits, as a first token without a strategy", async () => {
    const recording = await recorded();
    assert.deepEqual(only(recording, "RandomPassword", "redash-queue").inputs, {
      length: 64,
      special: false,
      minLower: 1,
      minUpper: 1,
      minNumeric: 1,
    });
    assert.ok(!("authTokenUpdateStrategy" in group(recording).inputs));
  });

  it("keeps its URL on the primary endpoint in a secret, and gives out ids only", async () => {
    const recording = await recorded();
    assert.deepEqual(
      recording.resources
        .filter((it) => it.secretPaths.length > 0)
        .map((it) => [it.name, it.secretPaths]),
      [
        ["redash-queue", ["authToken"]],
        ["redash-queue-url", ["secretString"]],
      ],
    );
    assert.match(String(recording.outputs["primaryEndpointAddress"]), /^master\.redash-queue-/);
    assert.ok(!JSON.stringify(recording).includes("rediss://"));
  });

  it("makes no URL of a group that has no primary endpoint because its cluster mode is on", async () => {
    await assert.rejects(
      record(() => new RedashQueue("redash", ARGS), {
        stack: "test",
        config: {},
        answers: {
          "aws:elasticache/replicationGroup:ReplicationGroup": {
            primaryEndpointAddress: "",
            configurationEndpointAddress: "clustercfg.redash-queue",
          },
        },
      }),
      /the queue has no primary endpoint, so its cluster mode is on, with which Redash fails; make a new group without it$/,
    );
  });

  it("is protected with its secret and token, and nothing else is", async () => {
    const { resources } = await recorded();
    assert.deepEqual(
      resources
        .filter((it) => it.protect)
        .map((it) => it.type.split(":").at(-1))
        .sort(),
      ["RandomPassword", "ReplicationGroup", "Secret"],
    );
    const loose = await recorded({ protect: false });
    assert.deepEqual(
      loose.resources.filter((it) => it.protect),
      [],
    );
  });

  it("asks for the same resources while every id is unknown, as in a first preview", async () => {
    assert.deepEqual(inventory(await recorded({}, true)), inventory(await recorded()));
  });

  it("refuses numbers of nodes that ElastiCache does not have", async () => {
    for (const nodes of [0, 7, 1.5]) {
      await assert.rejects(recorded({ nodes }), {
        message: `nodes is ${nodes}: a primary has 0 to 5 replicas, so 1 to 6 nodes`,
      });
    }
  });
});
