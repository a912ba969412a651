import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isWatch } from "../../cutover/function/request";
import type { RecordedResource, Recording } from "../../preview/recorder";
import { alarm, recordMigration } from "../support/migration";
import { TOPIC } from "../support/migrationArgs";
import { only, waitsFor } from "../support/recordings";

const policy = (resource: RecordedResource, property: string) =>
  JSON.parse(String(resource.inputs[property])) as { readonly Statement: readonly object[] };
/** The function as AWS would name it in the mock's account. */
const functionArn = ({ outputs }: Recording) =>
  `arn:aws:lambda:eu-west-1:123456789012:function:${String(outputs["functionName"])}`;

describe("the watch on the source's disk", () => {
  it("wakes the function every five minutes with an event that can begin no act, and never repeats it", async () => {
    const recording = await recordMigration();
    const { inputs } = only(recording, "Schedule", "redash-migration-function-watch");
    const { target, ...plain } = inputs;
    assert.deepEqual(plain, {
      description: "Redash migration: a look at the source's disk",
      scheduleExpression: "rate(5 minutes)",
      flexibleTimeWindow: { mode: "OFF" },
    });
    const { roleArn, ...rest } = target as { roleArn: string; input: string };
    assert.match(roleArn, /:role\/redash-migration-function-watch-[0-9a-f]{7}$/);
    assert.deepEqual(rest, {
      arn: functionArn(recording),
      input: '{"kind":"watch"}',
      retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
    });
    assert.equal(isWatch(JSON.parse(rest.input)), true);
  });

  it("may call this function alone, for this account, and can do so when it first does", async () => {
    const recording = await recordMigration();
    const role = only(recording, "Role", "redash-migration-function-watch");
    assert.deepEqual(policy(role, "assumeRolePolicy"), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "scheduler.amazonaws.com" },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
        },
      ],
    });
    const allowed = only(recording, "RolePolicy", "redash-migration-function-watch");
    assert.deepEqual(policy(allowed, "policy"), {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: functionArn(recording) },
      ],
    });
    assert.ok(
      waitsFor(only(recording, "Schedule", "redash-migration-function-watch")).includes(
        "aws:iam/rolePolicy:RolePolicy redash-migration-function-watch",
      ),
    );
  });

  it("lets the function write figures of a move, and of nothing else", async () => {
    const role = only(await recordMigration(), "RolePolicy", "redash-migration-function");
    assert.deepEqual(
      policy(role, "policy").Statement.filter((it) => JSON.stringify(it).includes("cloudwatch:")),
      [
        {
          Effect: "Allow",
          Action: ["cloudwatch:PutMetricData"],
          Resource: ["*"],
          Condition: { StringEquals: { "cloudwatch:namespace": "Redash/Move" } },
        },
      ],
    );
  });

  it("tells of a disk that fills, of WAL that slots keep, and of a source that has been silent for half an hour, before the switch and after it", async () => {
    const disk = { statistic: "Minimum", comparisonOperator: "LessThanThreshold" };
    for (const forward of [true, false]) {
      const recording = await recordMigration({ forward });
      const told = (role: string) => {
        const { alarmDescription, ...inputs } = alarm(recording, `source-${role}`);
        assert.match(String(alarmDescription), /Runbook: /);
        const { namespace, dimensions, period, alarmActions, okActions, ...rest } = inputs;
        assert.deepEqual(
          { namespace, dimensions, period, alarmActions, okActions },
          {
            namespace: "Redash/Move",
            dimensions: { Stack: "prod" },
            period: 300,
            alarmActions: [TOPIC],
            okActions: [TOPIC],
          },
        );
        return rest;
      };
      assert.deepEqual(told("disk-percent"), {
        ...disk,
        metricName: "SourceDiskFreePercent",
        threshold: 20,
        evaluationPeriods: 1,
        treatMissingData: "missing",
      });
      assert.deepEqual(told("disk-free"), {
        ...disk,
        metricName: "SourceDiskFree",
        threshold: 5_368_709_120,
        evaluationPeriods: 1,
        treatMissingData: "missing",
      });
      assert.deepEqual(told("wal-kept"), {
        statistic: "Maximum",
        comparisonOperator: "GreaterThanThreshold",
        metricName: "SourceWalKept",
        threshold: 2_147_483_648,
        evaluationPeriods: 3,
        treatMissingData: "missing",
      });
      assert.deepEqual(told("silent"), {
        statistic: "SampleCount",
        comparisonOperator: "LessThanThreshold",
        metricName: "SourceDiskFree",
        threshold: 1,
        evaluationPeriods: 6,
        treatMissingData: "breaching",
      });
    }
  });
});
