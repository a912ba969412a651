import {
  type DatabaseMigrationServiceClient,
  DescribeAccountAttributesCommand,
  DescribeConnectionsCommand,
  DescribeReplicationInstancesCommand,
  DescribeReplicationTaskAssessmentRunsCommand,
  DescribeReplicationTasksCommand,
  StartReplicationTaskAssessmentRunCommand,
} from "@aws-sdk/client-database-migration-service";
import { ASSESSMENT_FOLDER } from "../../../../../redash/dms";
import type { AwsWorldDescription } from "../../description";
import { pendingChanges, type QuotaUse } from "./rds";
import { found, type Read } from "./read";

type Described = NonNullable<AwsWorldDescription["task"]>;

export interface DmsInstanceFacts {
  readonly status: string;
  readonly version: string;
  readonly pending: readonly string[];
  readonly upgradesByItself: boolean;
}

/** https://docs.aws.amazon.com/dms/latest/APIReference/API_ReplicationInstance.html */
export async function dmsInstanceFacts(
  read: Read,
  client: DatabaseMigrationServiceClient,
  { instanceArn }: Described,
): Promise<DmsInstanceFacts> {
  const { ReplicationInstances: [one] = [] } = await read(
    "dms:DescribeReplicationInstances",
    instanceArn,
    (abortSignal) =>
      client.send(
        new DescribeReplicationInstancesCommand({
          Filters: [{ Name: "replication-instance-arn", Values: [instanceArn] }],
        }),
        { abortSignal },
      ),
  );
  const instance = found(one, `replication instance ${instanceArn}`);
  return {
    status: instance.ReplicationInstanceStatus ?? "",
    version: instance.EngineVersion ?? "",
    pending: pendingChanges(instance.PendingModifiedValues),
    upgradesByItself: instance.AutoMinorVersionUpgrade ?? false,
  };
}

/** What the last test of a connection from the instance to an endpoint has shown. */
export interface ConnectionFacts {
  /** `successful`, `testing`, `failed` or `deleting`; undefined if it was never tested. */
  readonly status: string | undefined;
  readonly failure: string;
}

/** https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeConnections.html */
export async function connectionFacts(
  read: Read,
  client: DatabaseMigrationServiceClient,
  endpointArn: string,
): Promise<ConnectionFacts> {
  const { Connections: [one] = [] } = await read(
    "dms:DescribeConnections",
    endpointArn,
    (abortSignal) =>
      client.send(
        new DescribeConnectionsCommand({
          Filters: [{ Name: "endpoint-arn", Values: [endpointArn] }],
        }),
        { abortSignal },
      ),
  );
  return { status: one?.Status, failure: one?.LastFailureMessage ?? "" };
}

/** The two documents of a task (redash/dms.ts), as DMS has them. */
export interface DmsTaskFacts {
  readonly status: string;
  readonly mappings: unknown;
  /** With what DMS has added to what it was given. */
  readonly settings: unknown;
}

export async function dmsTaskFacts(
  read: Read,
  client: DatabaseMigrationServiceClient,
  { arn }: Described,
): Promise<DmsTaskFacts> {
  const { ReplicationTasks: [one] = [] } = await read(
    "dms:DescribeReplicationTasks",
    arn,
    (abortSignal) =>
      client.send(
        new DescribeReplicationTasksCommand({
          Filters: [{ Name: "replication-task-arn", Values: [arn] }],
        }),
        { abortSignal },
      ),
  );
  const task = found(one, `replication task ${arn}`);
  return {
    status: task.Status ?? "",
    mappings: JSON.parse(task.TableMappings ?? "{}"),
    settings: JSON.parse(task.ReplicationTaskSettings ?? "{}"),
  };
}

/** An assessment of the task by DMS itself. */
export interface AssessmentFacts {
  readonly status: string;
  readonly failed: number;
  readonly warnings: number;
  readonly lastFailure: string;
  /** Where its report lies. */
  readonly report: string;
}

/** States of a run that was not carried out: another one is started in its place. */
const IN_VAIN = [
  "error-provisioning",
  "error-executing",
  "invalid state",
  "cancelling",
  "deleting",
];

/**
 * The newest assessment; if there is none, one is started, which changes nothing but costs, and takes minutes. A task
 * that runs, or did, is not assessed any more: DMS refuses it.
 * https://docs.aws.amazon.com/dms/latest/APIReference/API_ReplicationTaskAssessmentRun.html
 */
export async function assessmentFacts(
  read: Read,
  client: DatabaseMigrationServiceClient,
  task: Described,
  { bucket, name }: { readonly bucket: string; readonly name: string },
): Promise<AssessmentFacts> {
  const { ReplicationTaskAssessmentRuns: runs = [] } = await read(
    "dms:DescribeReplicationTaskAssessmentRuns",
    task.arn,
    (abortSignal) =>
      client.send(
        new DescribeReplicationTaskAssessmentRunsCommand({
          Filters: [{ Name: "replication-task-arn", Values: [task.arn] }],
        }),
        { abortSignal },
      ),
  );
  const started = (it: (typeof runs)[number]) =>
    it.ReplicationTaskAssessmentRunCreationDate?.getTime() ?? 0;
  const [newest] = [...runs].sort((one, other) => started(other) - started(one));
  if (newest !== undefined && !IN_VAIN.includes(newest.Status ?? "")) {
    return {
      status: newest.Status ?? "",
      failed: newest.ResultStatistic?.Failed ?? 0,
      warnings: newest.ResultStatistic?.Warning ?? 0,
      lastFailure: newest.LastFailureMessage ?? "",
      report: `s3://${newest.ResultLocationBucket ?? ""}/${newest.ResultLocationFolder ?? ""}`,
    };
  }
  // A second one of the same name is refused, so a lost answer starts no two.
  await read("dms:StartReplicationTaskAssessmentRun", task.arn, (abortSignal) =>
    client.send(
      new StartReplicationTaskAssessmentRunCommand({
        ReplicationTaskArn: task.arn,
        ServiceAccessRoleArn: task.assessmentRoleArn,
        ResultLocationBucket: bucket,
        ResultLocationFolder: ASSESSMENT_FOLDER,
        AssessmentRunName: name,
      }),
      { abortSignal },
    ),
  );
  return { status: "starting", failed: 0, warnings: 0, lastFailure: "", report: "" };
}

/** Replication instances of the account in this region. */
export async function dmsInstanceQuota(
  read: Read,
  client: DatabaseMigrationServiceClient,
): Promise<QuotaUse> {
  const { AccountQuotas = [] } = await read(
    "dms:DescribeAccountAttributes",
    "this account",
    (abortSignal) => client.send(new DescribeAccountAttributesCommand({}), { abortSignal }),
  );
  const quota = AccountQuotas.find((it) => it.AccountQuotaName === "ReplicationInstances");
  return { used: quota?.Used ?? 0, most: quota?.Max ?? 0 };
}
