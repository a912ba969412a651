import { describe } from "mocha";
import { describePolicy, HIDDEN, UNKNOWN } from "./support/cases";

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

describe("policies of the queue", () => {
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
});
