import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { lobMaxSizeKib, tableMappings, taskSettings } from "../../redash/dms";
import { alarm, recordDms } from "../support/migration";
import { KEY, TOPIC } from "../support/migrationArgs";
import { document, only, waitsFor } from "../support/recordings";

describe("the task of DMS and its instance", () => {
  it("asks for a replication instance with exactly these inputs", async () => {
    const recording = await recordDms();
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
    const recording = await recordDms();
    const instance = only(recording, "ReplicationInstance", "redash-dms");
    assert.deepEqual(only(recording, "LogGroup", "redash-dms").inputs, {
      name: `dms-tasks-${String(instance.inputs["replicationInstanceId"])}`,
      kmsKeyId: KEY,
      retentionInDays: 90,
    });
    assert.ok(waitsFor(instance).includes("aws:cloudwatch/logGroup:LogGroup redash-dms"));
  });

  it("asks for a task that loads and goes on, is not started, and names no log group", async () => {
    const recording = await recordDms();
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
      const task = only(await recordDms({ largestLobBytes }), "ReplicationTask", "redash-dms");
      return (
        document(task, "replicationTaskSettings") as { TargetMetadata: { LobMaxSize: number } }
      ).TargetMetadata.LobMaxSize;
    };
    assert.deepEqual([await size(0), await size(1_000_000)], [63, 2930]);
    await assert.rejects(
      recordDms({ largestLobBytes: 34_952_534 }),
      /^Error: a value of 34952534 bytes is too large for DMS, which carries 34952533;/,
    );
  });

  it("watches the task by its ARN's end and its instance by its name, which alone have figures", async () => {
    const recording = await recordDms();
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
