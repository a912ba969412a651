import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as elasticache from "@pulumi/aws/elasticache";
import * as pulumi from "@pulumi/pulumi";
import { VALKEY_PARAMETERS, valkeyFamily } from "../redash/valkey";
import { VALKEY_PORT } from "./ports";
import { password, secret } from "./secret";

export interface RedashQueueArgs {
  /** Valkey version, major and minor such as "8.1". A downgrade replaces the group. */
  readonly version: string;
  /** ElastiCache node type such as "cache.t4g.small". */
  readonly nodeType: string;
  /** Nodes: one primary and its replicas; with two or more, a replica in another zone takes over. 1 to 6. */
  readonly nodes: number;
  /** Days that daily snapshots are kept; 0 makes none. */
  readonly snapshotRetentionDays: number;
  /** Daily, UTC, "hh:mm-hh:mm". */
  readonly snapshotWindow: string;
  /** Weekly, UTC, "ddd:hh:mm-ddd:hh:mm": when AWS may patch. */
  readonly maintenanceWindow: string;
  /** Whether Pulumi refuses to delete or replace it. */
  readonly protect: boolean;
  /** Subnets in at least two zones. */
  readonly subnetIds: pulumi.Input<string[]>;
  readonly securityGroupId: pulumi.Input<string>;
  /** Key of nodes, secret and logs. A change replaces the group. */
  readonly keyArn: pulumi.Input<string>;
  readonly logRetentionDays: number;
  readonly secretRecoveryWindowDays: number;
}

/**
 * Redash's queue: ElastiCache for Valkey, and the URL to it as a secret. Cluster mode is off and there is no argument
 * to turn it on: RQ's transactions span hash slots, so in cluster mode every query fails while `/ping` stays green.
 */
export class RedashQueue extends pulumi.ComponentResource {
  readonly replicationGroupId: pulumi.Output<string>;
  /** Follows the primary through failovers. */
  readonly primaryEndpointAddress: pulumi.Output<string>;
  readonly port: number;
  /** Secret with `rediss://:…@…/0`. */
  readonly urlSecretArn: pulumi.Output<string>;
  readonly urlSecretVersionId: pulumi.Output<string>;

  constructor(name: string, args: RedashQueueArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redash:index:RedashQueue", name, {}, opts);
    if (!Number.isInteger(args.nodes) || args.nodes < 1 || args.nodes > 6) {
      throw new pulumi.ResourceError(
        `nodes is ${args.nodes}: a primary has 0 to 5 replicas, so 1 to 6 nodes`,
        this,
        true,
      );
    }
    const highlyAvailable = args.nodes > 1;

    const authToken = password(`${name}-queue`, 64, { parent: this, protect: args.protect });
    const group = new elasticache.ReplicationGroup(
      `${name}-queue`,
      {
        description: "Redash queue",
        engine: "valkey",
        engineVersion: args.version,
        autoMinorVersionUpgrade: true,
        clusterMode: "disabled",
        numCacheClusters: args.nodes,
        automaticFailoverEnabled: highlyAvailable,
        multiAzEnabled: highlyAvailable,
        nodeType: args.nodeType,
        port: VALKEY_PORT,
        parameterGroupName: parameterGroupName(name, args, this),
        subnetGroupName: subnetGroupName(name, args, this),
        securityGroupIds: [args.securityGroupId],
        atRestEncryptionEnabled: true,
        kmsKeyId: args.keyArn,
        transitEncryptionEnabled: true,
        transitEncryptionMode: "required",
        authToken,
        maintenanceWindow: args.maintenanceWindow,
        snapshotRetentionLimit: args.snapshotRetentionDays,
        snapshotWindow: args.snapshotWindow,
        logDeliveryConfigurations: logDelivery(name, args, this),
        // Log delivery is refused in the window, and a deferred change shows as a difference in every preview.
        applyImmediately: true,
      },
      { parent: this, protect: args.protect },
    );
    const url = secret(
      `${name}-queue-url`,
      {
        ...args,
        description: "Redash: REDASH_REDIS_URL",
        value: pulumi.interpolate`rediss://:${authToken}@${primaryOf(group)}:${VALKEY_PORT}/0`,
      },
      this,
    );

    this.replicationGroupId = group.id;
    this.primaryEndpointAddress = group.primaryEndpointAddress;
    this.port = VALKEY_PORT;
    this.urlSecretArn = url.arn;
    this.urlSecretVersionId = url.versionId;
    this.registerOutputs({
      replicationGroupId: this.replicationGroupId,
      primaryEndpointAddress: this.primaryEndpointAddress,
      port: this.port,
      urlSecretArn: this.urlSecretArn,
      urlSecretVersionId: this.urlSecretVersionId,
    });
  }
}

/** Somebody may have turned cluster mode on by hand; then there is no primary endpoint, and no URL may be made of it. */
function primaryOf(group: elasticache.ReplicationGroup): pulumi.Output<string> {
  return group.primaryEndpointAddress.apply((address) => {
    if (address === "") {
      throw new pulumi.ResourceError(
        "the queue has no primary endpoint, so its cluster mode is on, with which Redash fails; make a new group without it",
        group,
        true,
      );
    }
    return address;
  });
}

function parameterGroupName(name: string, args: RedashQueueArgs, parent: pulumi.Resource) {
  return new elasticache.ParameterGroup(
    `${name}-queue`,
    {
      family: valkeyFamily(args.version),
      // A changed description replaces the group.
      description: "Redash queue",
      parameters: [...VALKEY_PARAMETERS],
    },
    { parent },
  ).name;
}

function subnetGroupName(name: string, args: RedashQueueArgs, parent: pulumi.Resource) {
  return new elasticache.SubnetGroup(
    `${name}-queue`,
    { description: "Redash queue", subnetIds: args.subnetIds },
    { parent },
  ).name;
}

function logDelivery(name: string, args: RedashQueueArgs, parent: pulumi.Resource) {
  return (["engine-log", "slow-log"] as const).map((logType) => ({
    logType,
    logFormat: "json",
    destinationType: "cloudwatch-logs",
    destination: new cloudwatch.LogGroup(
      `${name}-queue-${logType}`,
      { kmsKeyId: args.keyArn, retentionInDays: args.logRetentionDays },
      { parent },
    ).name,
  }));
}
