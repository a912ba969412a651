import {
  CreateReplicationTaskCommand,
  type DatabaseMigrationServiceClient,
} from "@aws-sdk/client-database-migration-service";

/** A task that was never started, as moto makes it: its endpoints need not be there. @returns its ARN */
export async function createTask(client: DatabaseMigrationServiceClient): Promise<string> {
  const { ReplicationTask } = await client.send(
    new CreateReplicationTaskCommand({
      ReplicationTaskIdentifier: "redash-dms",
      SourceEndpointArn: "arn:aws:dms:eu-west-1:123456789012:endpoint:SOURCE",
      TargetEndpointArn: "arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET",
      ReplicationInstanceArn: "arn:aws:dms:eu-west-1:123456789012:rep:INSTANCE",
      MigrationType: "full-load-and-cdc",
      TableMappings: "{}",
    }),
  );
  return ReplicationTask!.ReplicationTaskArn!;
}

/**
 * Recorded shape of DescribeReplicationTasks, without what nobody reads here; dates are seconds since the epoch.
 * https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeReplicationTasks.html
 */
export const taskAnswer = (task: {
  readonly Status: string;
  readonly StopReason?: string;
  readonly LastFailureMessage?: string;
  readonly ReplicationTaskStats?: {
    readonly FullLoadProgressPercent?: number;
    readonly FreshStartDate?: number;
    readonly FullLoadFinishDate?: number;
  };
}) => ({ ReplicationTasks: [task] });

/**
 * Recorded shape of DescribeTableStatistics, which moto does not know.
 * https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeTableStatistics.html
 */
export const tablesAnswer = (
  tables: readonly {
    readonly SchemaName: string;
    readonly TableName: string;
    readonly TableState: string;
    readonly FullLoadRows?: number;
    readonly FullLoadErrorRows?: number;
    readonly ValidationFailedRecords?: number;
    readonly AppliedInserts?: number;
    readonly AppliedUpdates?: number;
    readonly AppliedDeletes?: number;
  }[],
  Marker?: string,
) => ({ TableStatistics: tables, ...(Marker === undefined ? {} : { Marker }) });
