import { describe } from "mocha";
import { cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

const GROUP = "aws:elasticache/replicationGroup:ReplicationGroup";
const PARAMETERS = "aws:elasticache/parameterGroup:ParameterGroup";
const group = (props: Record<string, unknown>) => ({ type: GROUP, props });

/** A group with its parameter group. */
const withParameters = (parameters: unknown) => [
  {
    type: GROUP,
    name: "group",
    props: { parameterGroupName: UNKNOWN },
    refersTo: { parameterGroupName: "parameters" },
  },
  { type: PARAMETERS, name: "parameters", props: { family: "valkey8", parameters } },
];

describe("policies of cluster mode", () => {
  describePolicy("valkey-cluster-mode-off", {
    "accepts a group with cluster mode off and a default parameter group": {
      given: group({
        clusterMode: "disabled",
        numCacheClusters: 2,
        parameterGroupName: "default.valkey8",
      }),
    },
    "accepts a group that says nothing of clusters": { given: group({ numCacheClusters: 2 }) },
    "refuses clusterMode enabled": {
      given: group({ clusterMode: "enabled" }),
      finds: ['clusterMode is "enabled"'],
    },
    "refuses clusterMode compatible, from which there is one way only": {
      given: group({ clusterMode: "compatible" }),
      finds: ['clusterMode is "compatible"'],
    },
    "refuses one shard too: the arguments themselves are the cluster's": {
      given: group({ numNodeGroups: 1, replicasPerNodeGroup: 1 }),
      finds: ["numNodeGroups is 1", "replicasPerNodeGroup is 1"],
    },
    "refuses a layout of shards": {
      given: group({ nodeGroupConfigurations: [{ slots: "0-16383" }] }),
      finds: ["nodeGroupConfigurations is a list of 1"],
    },
    "refuses AWS's cluster parameter group": {
      given: group({ parameterGroupName: "default.valkey8.cluster.on" }),
      finds: ['parameterGroupName is "default.valkey8.cluster.on"'],
    },
    "refuses a parameter group that it cannot look into": {
      given: group({ parameterGroupName: "made-by-hand" }),
      finds: ['parameterGroupName is "made-by-hand"'],
    },
    "refuses another name that was made of a harmless group's": {
      given: [
        { ...withParameters([])[0]!, props: { parameterGroupName: "shared-cluster-group" } },
        withParameters([])[1]!,
      ],
      finds: ['parameterGroupName is "shared-cluster-group"'],
    },
    "follows the reference to a parameter group of the stack": { given: withParameters([]) },
    "refuses a parameter group that is not known and refers to none of the stack": {
      given: group({ parameterGroupName: UNKNOWN }),
      finds: ["parameterGroupName is not known before the update"],
    },
    "refuses to take over a global datastore's or a snapshot's topology": {
      given: group({ globalReplicationGroupId: "g", snapshotName: "s", snapshotArns: ["a"] }),
      finds: [
        'globalReplicationGroupId is "g"',
        "snapshotArns is a list of 1",
        'snapshotName is "s"',
      ],
    },
    "refuses durability, which needs cluster mode": {
      given: group({ durability: "enabled" }),
      finds: ['durability is "enabled"'],
    },
    "refuses data tiering": {
      given: group({ nodeType: "cache.r6gd.xlarge", dataTieringEnabled: true }),
      finds: ['nodeType is "cache.r6gd.xlarge"', "dataTieringEnabled is true"],
    },
    "refuses what is not known before the update": {
      given: group({ clusterMode: UNKNOWN, numNodeGroups: UNKNOWN }),
      finds: [
        "clusterMode is not known before the update",
        "numNodeGroups is not known before the update",
      ],
    },
    "refuses a secret, which it cannot judge": {
      given: group({ clusterMode: HIDDEN }),
      finds: ["clusterMode is a secret"],
    },
    "refuses a group that AWS says is a cluster": {
      given: group({ clusterEnabled: true, configurationEndpointAddress: "clustercfg.example" }),
      finds: ["clusterEnabled is true", 'configurationEndpointAddress is "clustercfg.example"'],
    },
  });

  const parameters = (props: Record<string, unknown>): Given => ({ type: PARAMETERS, props });
  const enabled = (value: unknown, name: unknown = "cluster-enabled") =>
    parameters({ family: "valkey8", parameters: [{ name, value }] });
  const native = (props: Record<string, unknown>): Given => ({
    type: "aws-native:elasticache:ParameterGroup",
    props: { cacheParameterGroupFamily: "valkey8", ...props },
  });
  describePolicy("valkey-parameter-group-cluster-mode-off", {
    ...property(parameters({ family: "valkey8" }), "family", {
      right: ["valkey7", "valkey8", "redis7", "redis6.x", "redis5.0"],
      wrong: ["valkey8.cluster.on", "redis6.x.cluster.on", "memcached1.6", "", undefined, UNKNOWN],
    }),
    ...property(enabled("no"), "parameters.0.value", {
      right: ["no"],
      wrong: ["yes", "Yes", "1", "true", true, undefined, UNKNOWN, HIDDEN],
    }),
    ...cases({
      "accepts other parameters": [enabled("noeviction", "maxmemory-policy")],
      "knows the name in any case": [
        enabled("yes", "Cluster-Enabled"),
        'parameters.0.value is "yes"',
      ],
      "refuses a parameter whose name is not known": [
        enabled("yes", UNKNOWN),
        "parameters.0.name is not known before the update",
      ],
      "refuses a list that is not known": [
        parameters({ family: "valkey8", parameters: UNKNOWN }),
        "parameters is not known before the update",
      ],
      "accepts one of aws-native": [native({ properties: { "maxmemory-policy": "noeviction" } })],
      "refuses a family for clusters of aws-native": [
        native({ cacheParameterGroupFamily: "valkey8.cluster.on" }),
        'cacheParameterGroupFamily is "valkey8.cluster.on"',
      ],
      "refuses the parameter of aws-native": [
        native({ properties: { "cluster-enabled": "yes" } }),
        'properties.cluster-enabled is "yes"',
      ],
      "refuses parameters of aws-native that are not known": [
        native({ properties: UNKNOWN }),
        "properties is not known before the update",
      ],
    }),
  });

  const REFUSED = [
    "aws:elasticache/serverlessCache:ServerlessCache",
    "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup",
    "aws:elasticache/cluster:Cluster",
    "aws:elasticache/somethingNew:SomethingNew",
    "aws:memorydb/cluster:Cluster",
    "aws:memorydb/multiRegionCluster:MultiRegionCluster",
    "aws:memorydb/snapshot:Snapshot",
    "aws-native:elasticache:ServerlessCache",
    "aws-native:elasticache:GlobalReplicationGroup",
    "aws-native:elasticache:CacheCluster",
    "aws-native:elasticache:ReplicationGroup",
    "aws-native:memorydb:Cluster",
    "aws-native:elasticache:User",
    "awscc:index/elasticacheReplicationGroup:ElasticacheReplicationGroup",
    "aws:index/elasticacheServerlessCache:ElasticacheServerlessCache",
    "kubernetes:memorydb.services.k8s.aws/v1alpha1:Cluster",
  ];
  const ACCEPTED = [
    GROUP,
    PARAMETERS,
    "aws:elasticache/subnetGroup:SubnetGroup",
    "aws:elasticache/user:User",
    "aws:elasticache/userGroup:UserGroup",
    "aws-native:elasticache:SubnetGroup",
    "aws:rds/instance:Instance",
  ];
  describePolicy("valkey-no-clustered-services", {
    ...cases(
      Object.fromEntries(REFUSED.map((type) => [`refuses ${type}`, [{ type }, ` is a ${type}`]])),
    ),
    ...cases(Object.fromEntries(ACCEPTED.map((type) => [`accepts ${type}`, [{ type }]]))),
    ...property({ type: "aws:elasticache/cluster:Cluster" }, "engine", {
      right: ["memcached"],
    }),
    ...cases({
      "refuses a single node whose engine is not known": [
        { type: "aws:elasticache/cluster:Cluster", props: { engine: UNKNOWN } },
        " is a aws:elasticache/cluster:Cluster",
      ],
    }),
  });

  const stack = (props: Record<string, unknown>, type = "aws:cloudformation/stack:Stack") => ({
    type,
    props,
  });
  const template = (type: string) => JSON.stringify({ Resources: { It: { Type: type } } });
  describePolicy("valkey-no-escape-hatch", {
    ...cases({
      "accepts a template of other things": [stack({ templateBody: template("AWS::S3::Bucket") })],
      "refuses a cache in a template": [
        stack({ templateBody: template("AWS::ElastiCache::ServerlessCache") }),
        "templateBody is such",
      ],
      "refuses MemoryDB in a template in YAML": [
        stack({ templateBody: "Resources:\n  It:\n    Type: AWS::MemoryDB::Cluster" }),
        "templateBody is such",
      ],
      "refuses a template within the template": [
        stack({ templateBody: template("AWS::CloudFormation::Stack") }),
        "templateBody is such",
      ],
      "refuses a template that lies elsewhere": [
        stack({ templateUrl: "https://s3/it.json" }),
        "templateUrl is (hidden)",
      ],
      "refuses a template that is not known": [
        stack({ templateBody: UNKNOWN }),
        "templateBody is not known before the update",
      ],
      "refuses a template that is a secret": [
        stack({ templateBody: HIDDEN }),
        "templateBody is a secret",
      ],
      "refuses a stack without a template": [stack({}), "templateBody is not set"],
      "accepts what CloudFormation has for itself": [
        stack({ templateBody: template("AWS::CloudFormation::WaitConditionHandle") }),
      ],
      "refuses a product whose template lies elsewhere": [
        stack({}, "aws:servicecatalog/provisionedProduct:ProvisionedProduct"),
        " is a aws:servicecatalog/provisionedProduct:ProvisionedProduct",
      ],
      "refuses a cache by any type of aws-native": [
        stack({ type: "AWS::ElastiCache::ServerlessCache" }, "aws-native:index:ExtensionResource"),
        "type is such",
      ],
      "accepts another resource by any type of aws-native": [
        stack({ type: "AWS::S3::Bucket" }, "aws-native:index:ExtensionResource"),
      ],
      "refuses a cache in a stack set": [
        stack(
          { templateBody: template("AWS::ElastiCache::ReplicationGroup") },
          "aws:cloudformation/stackSet:StackSet",
        ),
        "templateBody is such",
      ],
      "refuses a cache in a stack of aws-native": [
        stack(
          { templateBody: template("AWS::ElastiCache::ReplicationGroup") },
          "aws-native:cloudformation:Stack",
        ),
        "templateBody is such",
      ],
    }),
    ...property(stack({}, "aws:cloudcontrol/resource:Resource"), "typeName", {
      right: ["AWS::S3::Bucket"],
      wrong: [UNKNOWN, HIDDEN, undefined],
    }),
    ...property(stack({}, "aws:cloudcontrol/resource:Resource"), "typeName", {
      wrong: ["AWS::ElastiCache::ServerlessCache", "AWS::MemoryDB::Cluster"],
      as: "such",
    }),
  });

  const VERSION = "aws:secretsmanager/secretVersion:SecretVersion";
  const secret = (host: string): Given => ({
    type: VERSION,
    props: { secretString: `rediss://:token@${host}:6379/0` },
  });
  describePolicy("valkey-primary-endpoint", {
    ...cases({
      "accepts the primary endpoint": [secret("master.redash.abc123.euw1.cache.amazonaws.com")],
      "accepts a primary endpoint without TLS's prefix": [
        secret("redash.abc123.ng.0001.euw1.cache.amazonaws.com"),
      ],
      "accepts a secret that is no URL": [{ type: VERSION, props: { secretString: "hunter2" } }],
      "refuses a configuration endpoint, without the token": [
        secret("clustercfg.redash.abc123.euw1.cache.amazonaws.com"),
        "secretString is a configuration endpoint",
      ],
      "refuses a reader endpoint": [
        secret("replica.redash.abc123.euw1.cache.amazonaws.com"),
        "secretString is a reader endpoint",
      ],
      "refuses a reader endpoint without TLS's prefix": [
        secret("redash-ro.abc123.ng.0001.euw1.cache.amazonaws.com"),
        "secretString is a reader endpoint",
      ],
      "refuses a serverless cache": [
        secret("redash-abc123.serverless.euw1.cache.amazonaws.com"),
        "secretString is an endpoint of ElastiCache Serverless",
      ],
      "refuses MemoryDB": [
        secret("clustercfg.redash.abc123.memorydb.eu-west-1.amazonaws.com"),
        "secretString is an endpoint of MemoryDB",
      ],
      "refuses the empty primary endpoint of a cluster": [
        secret(""),
        "secretString is no host at all",
      ],
      "refuses one in a task's environment": [
        {
          type: "aws:ecs/taskDefinition:TaskDefinition",
          props: {
            containerDefinitions: JSON.stringify([
              {
                environment: [
                  { name: "H", value: "clustercfg.redash.abc123.euw1.cache.amazonaws.com" },
                ],
              },
            ]),
          },
        },
        "containerDefinitions is a configuration endpoint",
      ],
      "refuses one in a parameter": [
        {
          type: "aws:ssm/parameter:Parameter",
          props: { value: "replica.redash.abc123.euw1.cache.amazonaws.com" },
        },
        "value is a reader endpoint",
      ],
      "waits for a URL that is made of the queue's endpoint": [
        [
          {
            type: VERSION,
            name: "url",
            props: { secretString: UNKNOWN },
            refersTo: { secretString: "queue" },
          },
          { type: GROUP, name: "queue" },
        ],
        "undecided: secretString is not known before the update",
      ],
      "waits for such a URL that is withheld": [
        [
          {
            type: VERSION,
            name: "url",
            props: { secretString: HIDDEN },
            refersTo: { secretString: "queue" },
          },
          { type: GROUP, name: "queue" },
        ],
        "undecided: secretString is a secret",
      ],
      "does not wait for a secret of something else": [
        { type: VERSION, props: { secretString: UNKNOWN } },
      ],
    }),
  });
});
