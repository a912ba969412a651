import {
  DescribeCacheClustersCommand,
  DescribeReplicationGroupsCommand,
  type ElastiCacheClient,
} from "@aws-sdk/client-elasticache";
import { pendingChanges, zonesOf, type ParameterGroup } from "./rds";
import { found, type Read } from "./read";

/** A node of the group. */
export interface CacheNode {
  readonly id: string;
  readonly status: string;
  readonly version: string;
  readonly parameterGroup: ParameterGroup;
  readonly pending: readonly string[];
}

/** The replication group of ElastiCache, as ElastiCache itself describes it. */
export interface ElastiCacheFacts {
  readonly status: string;
  readonly engine: string;
  /** `enabled`, `compatible` or `disabled`. */
  readonly clusterMode: string;
  readonly shards: number;
  readonly isTlsRequired: boolean;
  readonly hasAuthToken: boolean;
  readonly isEncrypted: boolean;
  readonly hasFailover: boolean;
  readonly isMultiAz: boolean;
  readonly pending: readonly string[];
  readonly nodes: readonly CacheNode[];
  readonly zones: readonly string[];
}

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html */
export async function elastiCacheFacts(
  read: Read,
  client: ElastiCacheClient,
  id: string,
): Promise<ElastiCacheFacts> {
  const { ReplicationGroups: [one] = [] } = await read(
    "elasticache:DescribeReplicationGroups",
    id,
    (abortSignal) =>
      client.send(new DescribeReplicationGroupsCommand({ ReplicationGroupId: id }), {
        abortSignal,
      }),
  );
  const group = found(one, `replication group ${id}`);
  const nodes = await Promise.all(
    (group.MemberClusters ?? []).map(async (member): Promise<CacheNode> => {
      const { CacheClusters: [it] = [] } = await read(
        "elasticache:DescribeCacheClusters",
        member,
        (abortSignal) =>
          client.send(new DescribeCacheClustersCommand({ CacheClusterId: member }), {
            abortSignal,
          }),
      );
      const node = found(it, `node ${member}`);
      return {
        id: member,
        status: node.CacheClusterStatus ?? "",
        version: node.EngineVersion ?? "",
        parameterGroup: {
          name: node.CacheParameterGroup?.CacheParameterGroupName ?? "",
          status: node.CacheParameterGroup?.ParameterApplyStatus ?? "",
        },
        pending: pendingChanges(node.PendingModifiedValues),
      };
    }),
  );
  const shards = group.NodeGroups ?? [];
  return {
    status: group.Status ?? "",
    engine: group.Engine ?? "",
    clusterMode: group.ClusterEnabled === true ? "enabled" : (group.ClusterMode ?? "disabled"),
    shards: shards.length,
    isTlsRequired:
      group.TransitEncryptionEnabled === true && group.TransitEncryptionMode !== "preferred",
    hasAuthToken: group.AuthTokenEnabled ?? false,
    isEncrypted: group.AtRestEncryptionEnabled ?? false,
    hasFailover: group.AutomaticFailover === "enabled",
    isMultiAz: group.MultiAZ === "enabled",
    pending: pendingChanges(group.PendingModifiedValues),
    nodes,
    zones: zonesOf(
      shards.flatMap((it) =>
        (it.NodeGroupMembers ?? []).map((node) => node.PreferredAvailabilityZone),
      ),
    ),
  };
}
