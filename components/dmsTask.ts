import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as dms from "@pulumi/aws/dms";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { lobMaxSizeKib, tableMappings, taskSettings } from "../redash/dms";
import { dmsEndpoints, type DmsEndpointsArgs } from "./dmsEndpoints";
import { dmsRoles } from "./dmsRoles";

export interface DmsInstanceArgs {
  /** Class of the replication instance such as "dms.t3.medium". A change restarts it. */
  readonly instanceClass: string;
  /** Its disk, GiB: logs, and changes that wait to be applied. */
  readonly storageGib: number;
  /** Whether a standby in another zone takes over. */
  readonly multiAz: boolean;
  /** Weekly, UTC, "ddd:hh:mm-ddd:hh:mm": when AWS may patch and restart it. */
  readonly maintenanceWindow: string;
  /** Whether this stack makes the account's roles for DMS; they stay when it goes. */
  readonly createRoles: boolean;
  /** Largest value of the source that DMS treats as a LOB, bytes: larger ones stop the task. */
  readonly largestLobBytes: number;
  /** Subnets in at least two zones that reach both databases and Secrets Manager. A change replaces the instance. */
  readonly subnetIds: pulumi.Input<string[]>;
  readonly securityGroupId: pulumi.Input<string>;
}

export type DmsTaskArgs = DmsInstanceArgs &
  Omit<DmsEndpointsArgs, "id"> & { readonly logRetentionDays: number };

/** A replication task and what it runs on. */
export interface DmsTask {
  readonly taskArn: pulumi.Output<string>;
  readonly instanceArn: pulumi.Output<string>;
  /** Name of the instance: CloudWatch's `ReplicationInstanceIdentifier`. */
  readonly instanceId: pulumi.Output<string>;
  /** The end of the task's ARN: CloudWatch's `ReplicationTaskIdentifier`, which is not the task's own id. */
  readonly taskResourceId: pulumi.Output<string>;
  readonly sourceEndpointArn: pulumi.Output<string>;
  readonly targetEndpointArn: pulumi.Output<string>;
}

/** Knows PostgreSQL up to 17. Pinned: an upgrade would restart the task in the middle of a move. */
const ENGINE_VERSION = "3.6.1";

/**
 * AWS DMS: a task that loads every table but those that are carried, then applies changes. It is made stopped: the move
 * starts it when the target's constraints are relaxed. Its settings must not change once it runs, because an update
 * stops it for that and does not start it again.
 */
export function dmsTask(name: string, args: DmsTaskArgs, parent: pulumi.Resource): DmsTask {
  // DMS names nothing by itself, and two stacks of an account must not collide.
  const { hex } = new random.RandomId(name, { byteLength: 4 }, { parent });
  const id = pulumi.interpolate`${name}-${hex}`;
  const instance = replicationInstance(name, id, args, parent);
  const endpoints = dmsEndpoints(name, { ...args, id }, parent);
  const task = new dms.ReplicationTask(
    name,
    {
      replicationTaskId: id,
      migrationType: "full-load-and-cdc",
      replicationInstanceArn: instance.replicationInstanceArn,
      sourceEndpointArn: endpoints.sourceArn,
      targetEndpointArn: endpoints.targetArn,
      tableMappings: JSON.stringify(tableMappings()),
      replicationTaskSettings: JSON.stringify(
        taskSettings({ lobMaxSizeKib: lobMaxSizeKib(args.largestLobBytes) }),
      ),
      startReplicationTask: false,
    },
    { parent, deleteBeforeReplace: true },
  );
  return {
    taskArn: task.replicationTaskArn,
    instanceArn: instance.replicationInstanceArn,
    instanceId: instance.replicationInstanceId,
    taskResourceId: task.replicationTaskArn.apply((arn) => arn.split(":").at(-1) ?? ""),
    sourceEndpointArn: endpoints.sourceArn,
    targetEndpointArn: endpoints.targetArn,
  };
}

function replicationInstance(
  name: string,
  id: pulumi.Output<string>,
  args: DmsTaskArgs,
  parent: pulumi.Resource,
): dms.ReplicationInstance {
  const opts = { parent, deleteBeforeReplace: true };
  const subnetGroup = new dms.ReplicationSubnetGroup(
    name,
    {
      replicationSubnetGroupId: id,
      replicationSubnetGroupDescription: "Redash migration",
      subnetIds: args.subnetIds,
    },
    { ...opts, dependsOn: dmsRoles(name, args.createRoles, parent) },
  );
  // DMS makes a missing log group itself, unencrypted and kept for ever.
  const logGroup = new cloudwatch.LogGroup(
    name,
    {
      name: pulumi.interpolate`dms-tasks-${id}`,
      kmsKeyId: args.keyArn,
      retentionInDays: args.logRetentionDays,
    },
    { parent },
  );
  return new dms.ReplicationInstance(
    name,
    {
      replicationInstanceId: id,
      replicationInstanceClass: args.instanceClass,
      engineVersion: ENGINE_VERSION,
      autoMinorVersionUpgrade: false,
      allocatedStorage: args.storageGib,
      multiAz: args.multiAz,
      kmsKeyArn: args.keyArn,
      publiclyAccessible: false,
      networkType: "IPV4",
      replicationSubnetGroupId: subnetGroup.replicationSubnetGroupId,
      vpcSecurityGroupIds: [args.securityGroupId],
      preferredMaintenanceWindow: args.maintenanceWindow,
      applyImmediately: true,
    },
    { ...opts, dependsOn: logGroup },
  );
}
