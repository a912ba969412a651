import { absent, absentOr, is, matches } from "./constraint";
import type { Policy, Subject } from "./policy";
import type { Stack } from "./stack";
import { isMark, UNKNOWN } from "./value";
import type { View } from "./view";

const REPLICATION_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup";
const PARAMETER_GROUP = "aws:elasticache/parameterGroup:ParameterGroup";
const VERSION = "aws:secretsmanager/secretVersion:SecretVersion";
const SSM_PARAMETER = "aws:ssm/parameter:Parameter";
const TASK = "aws:ecs/taskDefinition:TaskDefinition";

/** What rq 1.16.1 and redis 4.6.0 say with cluster mode on (tests/integration/valkeyClusterMode.test.ts). */
const CROSSSLOT =
  'with cluster mode on, RQ fails with "CROSSSLOT Keys in request don\'t hash to the same slot" at the first job, while /ping and /status.json stay green';

/** Arguments that mean shards or take over somebody else's topology. */
const CLUSTER_ARGUMENTS = [
  "numNodeGroups",
  "replicasPerNodeGroup",
  "nodeGroupConfigurations",
  "clusterModes",
  "globalReplicationGroupId",
  "snapshotName",
  "snapshotArns",
  "durability",
] as const;

/** A group made in this stack is judged by itself; of the others only AWS's defaults are known to be without cluster mode. */
const CLUSTER_GROUP = /\.cluster\.on$/;
const DEFAULT_GROUP = /^default\.(?:valkey|redis)[\d.]+x?$/;

/**
 * The parameter group of this stack that a replication group uses. A name that is known decides: it may have been made
 * of another group's in an `apply`.
 */
export function parameterGroupOf(stack: Stack, group: View): View | undefined {
  const target = stack.target(group, "parameterGroupName", PARAMETER_GROUP);
  const name = group.get("parameterGroupName");
  if (target === undefined || typeof name !== "string") return target;
  const own = target.get("name");
  const isIt =
    typeof own === "string" ? own === name : name.replace(/-[0-9a-f]{7,}$/, "") === target.name;
  return isIt ? target : undefined;
}

const clusterModeOff: Policy = {
  id: "valkey-cluster-mode-off",
  title: "Cluster mode is off in every way there is to turn it on.",
  controls: [],
  severity: "critical",
  enforcement: "mandatory",
  why: `Redash cannot work with it: ${CROSSSLOT}; clusterMode "enabled" cannot be undone.`,
  fix: 'Use numCacheClusters, clusterMode "disabled" and a parameter group of this stack without cluster-enabled.',
  types: [REPLICATION_GROUP],
  check: (group) => {
    group.must("clusterMode", absentOr(is("disabled")));
    for (const argument of CLUSTER_ARGUMENTS) group.must(argument, absent);
    group.must(
      "nodeType",
      absentOr(matches(/^cache\.(?!r6gd\.)/, "a node type without data tiering")),
    );
    group.must("dataTieringEnabled", absentOr(is(false)));
    // Not known: made in the same update, or somewhere else; the stack check follows the reference.
    const name = group.get("parameterGroupName");
    if (typeof name === "string" && CLUSTER_GROUP.test(name)) {
      group.wrong("parameterGroupName", "a group without .cluster.on");
    }
  },
  checkStack: (stack) => {
    for (const group of stack.of(REPLICATION_GROUP)) {
      const name = group.get("parameterGroupName");
      if (parameterGroupOf(stack, group) !== undefined) continue;
      if (name === undefined) continue;
      if (typeof name === "string" && (DEFAULT_GROUP.test(name) || CLUSTER_GROUP.test(name))) {
        continue;
      }
      group.wrong(
        "parameterGroupName",
        "a parameter group of this stack, or a default one such as default.valkey8: others cannot be looked into",
      );
    }
    // What AWS says afterwards: an output, so absent from inputs.
    for (const group of stack.of(REPLICATION_GROUP)) {
      if (group.get("clusterEnabled") === true) group.wrong("clusterEnabled", "false");
      const endpoint = group.get("configurationEndpointAddress");
      if (typeof endpoint === "string" && endpoint !== "") {
        group.wrong("configurationEndpointAddress", "nothing: it exists in cluster mode only");
      }
    }
  },
};

const parameterGroupClusterModeOff: Policy = {
  id: "valkey-parameter-group-cluster-mode-off",
  title: "No parameter group turns cluster mode on.",
  controls: [],
  severity: "critical",
  enforcement: "mandatory",
  why: `A group with cluster-enabled makes every cache that uses it a cluster: ${CROSSSLOT}.`,
  fix: "Remove the parameter cluster-enabled, and use a family without .cluster.on.",
  types: [PARAMETER_GROUP, "aws-native:elasticache:ParameterGroup"],
  check: (group) => {
    group.must(
      group.type === PARAMETER_GROUP ? "family" : "cacheParameterGroupFamily",
      matches(/^(?:valkey|redis)[\d.]+x?$/, "a family such as valkey8"),
    );
    if (group.type !== PARAMETER_GROUP) {
      const properties = group.get("properties");
      if (properties === UNKNOWN)
        group.wrong("properties", "properties that are known before the update");
      else if (typeof properties === "object" && properties !== null) {
        const on = Object.keys(properties).find((key) => key.toLowerCase() === "cluster-enabled");
        if (on !== undefined) group.wrong(`properties.${on}`, "nothing");
      }
      return;
    }
    for (const parameter of group.each("parameters")) {
      const name = parameter.get("name");
      if (typeof name !== "string")
        parameter.wrong("name", "a name that is known before the update");
      else if (name.toLowerCase() === "cluster-enabled") {
        parameter.must("value", is("no"));
      }
    }
  },
};

/** What may be made of these services; everything else that they have, or will have, is refused. */
const ALLOWED = [
  REPLICATION_GROUP,
  PARAMETER_GROUP,
  "aws:elasticache/subnetGroup:SubnetGroup",
  "aws:elasticache/user:User",
  "aws:elasticache/userGroup:UserGroup",
  "aws:elasticache/userGroupAssociation:UserGroupAssociation",
  "aws:elasticache/reservedCacheNode:ReservedCacheNode",
  "aws-native:elasticache:ParameterGroup",
  "aws-native:elasticache:SubnetGroup",
];

const noClusteredServices: Policy = {
  id: "valkey-no-clustered-services",
  title:
    "No service that only speaks the cluster protocol, and no type that is not known to be without it.",
  controls: [],
  severity: "critical",
  enforcement: "mandatory",
  why: `ElastiCache Serverless, MemoryDB and global datastores run in cluster mode or inherit it (AWS: "serverless … in cluster mode"); ${CROSSSLOT}.`,
  fix: "Use aws.elasticache.ReplicationGroup without cluster mode (RedashQueue).",
  // Of whatever provider: aws, aws-native, awscc, a Terraform provider, a Kubernetes operator.
  types: ["*elasticache*", "*memorydb*"],
  check: (resource) => {
    if (ALLOWED.includes(resource.type)) return;
    // A memcached cluster is no queue.
    const isMemcached =
      resource.type === "aws:elasticache/cluster:Cluster" && resource.get("engine") === "memcached";
    if (!isMemcached) resource.wrong("", "no resource of this type", `a ${resource.type}`);
  },
};

const escapeHatches: Policy = {
  id: "valkey-no-escape-hatch",
  title: "No cache is made where this pack cannot look.",
  controls: [],
  severity: "high",
  enforcement: "mandatory",
  why: "A CloudFormation stack or a Cloud Control resource can make any cache, cluster mode included.",
  fix: "Declare the cache as aws.elasticache.ReplicationGroup.",
  types: [
    "aws:cloudformation/stack:Stack",
    "aws:cloudformation/stackSet:StackSet",
    "aws:cloudcontrol/resource:Resource",
    "aws:serverlessrepository/cloudFormationStack:CloudFormationStack",
    "aws:servicecatalog/provisionedProduct:ProvisionedProduct",
    "aws-native:cloudformation:Stack",
    "aws-native:cloudformation:StackSet",
    "aws-native:index:ExtensionResource",
  ],
  check: (resource) => {
    // A template within a template lies where nobody looks, too.
    const hidden =
      /AWS::(?:ElastiCache|MemoryDB|ServiceCatalog|Include|Serverless::Application|CloudFormation::(?:Stack|Macro))/;
    if (/serverlessrepository|servicecatalog/.test(resource.type)) {
      resource.wrong("", "nothing whose template lies elsewhere", `a ${resource.type}`);
      return;
    }
    const property = resource.type.includes("cloudcontrol")
      ? "typeName"
      : resource.type.endsWith(":ExtensionResource")
        ? "type"
        : "templateBody";
    const text = resource.get(property);
    const url = ["templateUrl", "templateURL"].find((it) => resource.get(it) !== undefined);
    if (property === "templateBody" && text === undefined && url !== undefined) {
      resource.wrong(url, "a templateBody, which can be read before deployment");
    } else if (typeof text !== "string") {
      resource.wrong(property, "a text that is known before the update");
    } else if (hidden.test(text)) {
      resource.wrong(
        property,
        "nothing of AWS::ElastiCache, AWS::MemoryDB or other templates",
        "such",
      );
    }
  },
};

/** Where a URL of the queue may stand. */
const URL_PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  [VERSION]: ["secretString", "secretStringWo"],
  [SSM_PARAMETER]: ["value"],
  [TASK]: ["containerDefinitions"],
};

/** Hosts that ElastiCache names after what they are (AWS: "Finding connection endpoints"). */
const WRONG_HOSTS: readonly (readonly [RegExp, string])[] = [
  [/\bclustercfg\.[\w.-]+\.cache\.amazonaws\.com/, "a configuration endpoint"],
  [/\.serverless\.[\w.-]+\.cache\.amazonaws\.com/, "an endpoint of ElastiCache Serverless"],
  [/\.memorydb\.[\w.-]+\.amazonaws\.com/, "an endpoint of MemoryDB"],
  [
    /\breplica\.[\w.-]+\.cache\.amazonaws\.com|-ro\.[\w.-]+\.cache\.amazonaws\.com/,
    "a reader endpoint",
  ],
  [/rediss?:\/\/[^/\s"]*@:/, "no host at all"],
];

const primaryEndpoint: Policy = {
  id: "valkey-primary-endpoint",
  title: "Redash talks to the primary endpoint.",
  controls: [],
  severity: "high",
  enforcement: "mandatory",
  why: "A configuration endpoint exists in cluster mode only, and then the primary one is empty; a reader endpoint answers READONLY to the first job.",
  fix: "replicationGroup.primaryEndpointAddress in the URL, which follows a failover.",
  types: [VERSION, SSM_PARAMETER, TASK],
  check: (resource) => {
    for (const property of URL_PROPERTIES[resource.type] ?? []) {
      const text = resource.get(property);
      const [, found] =
        WRONG_HOSTS.find(([host]) => typeof text === "string" && host.test(text)) ?? [];
      // Never the text: it holds the token.
      if (found !== undefined) resource.wrong(property, "the primary endpoint", found);
    }
  },
  checkStack: (stack) => {
    for (const view of stack.of(VERSION, SSM_PARAMETER)) {
      for (const property of URL_PROPERTIES[view.type] ?? []) {
        const isOfQueue = stack.target(view, property, REPLICATION_GROUP) !== undefined;
        if (isOfQueue && isMark(view.get(property))) view.undecided(property);
      }
    }
  },
};

/** Everything that could make the queue a cluster. */
export const CLUSTER_MODE: Subject = {
  title: "Cluster mode (ElastiCache, MemoryDB)",
  policies: [
    clusterModeOff,
    parameterGroupClusterModeOff,
    noClusteredServices,
    escapeHatches,
    primaryEndpoint,
  ],
};
