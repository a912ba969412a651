import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { evaluate } from "../../policies/evaluate";
import { CLUSTER_MODE } from "../../policies/valkeyClusterMode";
import { type Given, resources, UNKNOWN } from "./support/cases";

type Json = Record<string, unknown>;
const GROUP = "aws:elasticache/replicationGroup:ReplicationGroup";
const PARAMETERS = "aws:elasticache/parameterGroup:ParameterGroup";

/** A value that is mostly left out, as otherwise hardly a cache would be right, and is sometimes not known. */
const maybe = (...values: readonly unknown[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant<unknown>(undefined) },
    { weight: 3, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: fc.constant<unknown>(UNKNOWN) },
  );

const groupProps = fc.record(
  {
    engine: maybe("valkey", "redis"),
    clusterMode: maybe("disabled", "enabled", "compatible", "Enabled"),
    numCacheClusters: maybe(1, 2, 6),
    numNodeGroups: maybe(1, 2, 0),
    replicasPerNodeGroup: maybe(0, 1),
    nodeGroupConfigurations: maybe([], [{ slots: "0-8191" }, { slots: "8192-16383" }]),
    clusterModes: maybe([{ numNodeGroups: 2 }]),
    nodeType: maybe("cache.t4g.small", "cache.r6gd.xlarge"),
    dataTieringEnabled: maybe(true, false),
    globalReplicationGroupId: maybe("g"),
    snapshotName: maybe("s"),
    snapshotArns: maybe(["arn:aws:s3:::b/s.rdb"]),
    durability: maybe("default", "sync"),
    parameterGroupName: fc.constantFrom<unknown>(
      undefined,
      UNKNOWN,
      "default.valkey8",
      "default.valkey8.cluster.on",
      "default.redis7.cluster.on",
      "by-hand",
      "own",
    ),
  },
  { requiredKeys: [] },
);
const parametersProps = fc.record(
  {
    name: fc.constant("own"),
    family: fc.constantFrom("valkey8", "redis7", "valkey8.cluster.on", UNKNOWN, undefined),
    parameters: fc.oneof(
      maybe([]),
      fc.array(
        fc.record({
          name: fc.constantFrom("maxmemory-policy", "cluster-enabled", "Cluster-Enabled", UNKNOWN),
          value: fc.constantFrom("yes", "no", "1", "true", "noeviction", UNKNOWN),
        }),
        { maxLength: 3 },
      ),
    ),
  },
  { requiredKeys: ["name"] },
);
const otherType = fc.constantFrom(
  "aws:elasticache/serverlessCache:ServerlessCache",
  "aws:elasticache/cluster:Cluster",
  "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup",
  "aws:memorydb/cluster:Cluster",
  "aws-native:elasticache:ServerlessCache",
  "aws-native:elasticache:ReplicationGroup",
  "aws-native:memorydb:Cluster",
  "awscc:index/elasticacheReplicationGroup:ElasticacheReplicationGroup",
  "other:index/memorydbCluster:MemorydbCluster",
);

/** What AWS makes of it (facts/aws.md 4.2), written apart from the policies: whether it can be sure of cluster mode off. */
function isCertainlyOff(cache: Json, own: Json | undefined): boolean {
  const unset = (name: string) => cache[name] === undefined;
  const named = cache["parameterGroupName"];
  // Without a name AWS takes the default of the version, which is without cluster mode.
  const isOwn = own !== undefined && named === "own";
  const ownIsOff = () => {
    const family = own?.["family"];
    if (typeof family !== "string" || family.endsWith(".cluster.on")) return false;
    const list = own?.["parameters"] ?? [];
    return (
      Array.isArray(list) &&
      (list as Json[]).every(
        ({ name, value }) =>
          typeof name === "string" && (name.toLowerCase() !== "cluster-enabled" || value === "no"),
      )
    );
  };
  return (
    [undefined, "disabled"].includes(cache["clusterMode"] as string | undefined) &&
    unset("numNodeGroups") &&
    unset("replicasPerNodeGroup") &&
    unset("nodeGroupConfigurations") &&
    unset("clusterModes") &&
    unset("globalReplicationGroupId") &&
    unset("snapshotName") &&
    unset("snapshotArns") &&
    unset("durability") &&
    (named === undefined ||
      (typeof named === "string" && /^default\.(?:valkey|redis)[\d.x]+$/.test(named)) ||
      (isOwn && ownIsOff()))
  );
}

const isAccepted = (given: readonly Given[]) =>
  evaluate(CLUSTER_MODE.policies, resources(given), [], "2026-01-01").violations.length === 0;

describe("whatever cache is declared", () => {
  it("it is accepted only if its cluster mode is certainly off, and then it is", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        groupProps,
        fc.option(parametersProps, { nil: undefined }),
        fc.boolean(),
        (cache, own, isMadeOfOwn) => {
          const given: Given[] = [
            // Whatever name is given, it may have been made of the own group's.
            {
              type: GROUP,
              name: "queue",
              props: cache,
              ...(isMadeOfOwn && { refersTo: { parameterGroupName: "own" } }),
            },
            ...(own === undefined ? [] : [{ type: PARAMETERS, name: "own", props: own }]),
          ];
          if (!isAccepted(given)) return;
          accepted++;
          const name = cache["parameterGroupName"];
          const used = isMadeOfOwn && name === UNKNOWN ? "own" : name;
          assert.ok(
            isCertainlyOff({ ...cache, parameterGroupName: used }, own),
            JSON.stringify({ cache, own }),
          );
        },
      ),
      { numRuns: 20_000 },
    );
    assert.ok(accepted > 100, `only ${accepted} were accepted: the generator shows nothing`);
  });

  it("what is certainly off, and without data tiering, is accepted", () => {
    fc.assert(
      fc.property(
        fc.record({
          clusterMode: fc.constantFrom(undefined, "disabled"),
          numCacheClusters: fc.integer({ min: 1, max: 6 }),
          parameterGroupName: fc.constantFrom(undefined, "default.valkey8", "own"),
          nodeType: fc.constantFrom("cache.t4g.small", "cache.r7g.large"),
        }),
        (cache) => {
          const own = { name: "own", family: "valkey8", parameters: [] };
          assert.ok(isCertainlyOff(cache, own));
          assert.ok(
            isAccepted([
              { type: GROUP, name: "queue", props: cache },
              { type: PARAMETERS, name: "own", props: own },
            ]),
          );
        },
      ),
    );
  });

  it("no other type that can hold a queue is accepted, whatever is said of it", () => {
    fc.assert(
      fc.property(otherType, fc.dictionary(fc.string(), fc.jsonValue()), (type, props) => {
        fc.pre(props["engine"] !== "memcached");
        assert.ok(!isAccepted([{ type, name: "it", props }]));
      }),
    );
  });
});
