import {
  CreateEndpointCommand,
  CreateReplicationInstanceCommand,
  CreateReplicationTaskCommand,
  DatabaseMigrationServiceClient,
  TestConnectionCommand,
} from "@aws-sdk/client-database-migration-service";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import type { AwsWorldDescription } from "../../../cutover/adapters/aws/description";
import type { TableMappings, TaskSettings } from "../../../redash/dms";
import type { Moto } from "./moto";

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

/** What `pulumi up` makes of DMS, in moto: an instance, both endpoints with their tests, and a task with these documents. */
export async function makeDms(
  moto: Moto,
  { mappings, settings }: { readonly mappings: TableMappings; readonly settings: TaskSettings },
): Promise<Omit<NonNullable<AwsWorldDescription["task"]>, "sourceRole">> {
  const client = new DatabaseMigrationServiceClient(clientConfig(moto.options));
  const { ReplicationInstance } = await client.send(
    new CreateReplicationInstanceCommand({
      ReplicationInstanceIdentifier: "redash-dms",
      ReplicationInstanceClass: "dms.t3.medium",
      EngineVersion: "3.6.1",
      AutoMinorVersionUpgrade: false,
    }),
  );
  const instanceArn = ReplicationInstance!.ReplicationInstanceArn!;
  const endpoint = async (EndpointType: "source" | "target") => {
    const { Endpoint } = await client.send(
      new CreateEndpointCommand({
        EndpointIdentifier: `redash-dms-${EndpointType}`,
        EndpointType,
        EngineName: "postgres",
      }),
    );
    const EndpointArn = Endpoint!.EndpointArn!;
    await client.send(
      new TestConnectionCommand({ ReplicationInstanceArn: instanceArn, EndpointArn }),
    );
    return EndpointArn;
  };
  const [sourceEndpointArn, targetEndpointArn] = [
    await endpoint("source"),
    await endpoint("target"),
  ];
  const { ReplicationTask } = await client.send(
    new CreateReplicationTaskCommand({
      ReplicationTaskIdentifier: "redash-dms",
      SourceEndpointArn: sourceEndpointArn,
      TargetEndpointArn: targetEndpointArn,
      ReplicationInstanceArn: instanceArn,
      MigrationType: "full-load-and-cdc",
      TableMappings: JSON.stringify(mappings),
      ReplicationTaskSettings: JSON.stringify(settings),
    }),
  );
  client.destroy();
  return {
    arn: ReplicationTask!.ReplicationTaskArn!,
    sourceEndpointArn,
    targetEndpointArn,
    instanceArn,
    assessmentRoleArn: "arn:aws:iam::123456789012:role/redash-dms-assessment",
  };
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
