import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { POLICIES } from "../../policies/pack";
import { Analyzer, type Diagnostic, type Given, UNKNOWN_TEXT } from "../support/analyzer";

const GROUP = "aws:elasticache/replicationGroup:ReplicationGroup";
const STACK: Given = {
  type: "pulumi:pulumi:Stack",
  name: "redash-test",
  props: { mode: "rehearsal" },
};
const group = (props: Record<string, unknown>): Given => ({
  type: GROUP,
  name: "redash-queue",
  props,
});
/** Right in every respect that is judged by inputs. */
const RIGHT = {
  engine: "valkey",
  engineVersion: "8.1",
  clusterMode: "disabled",
  transitEncryptionEnabled: true,
  kmsKeyId: "arn:k",
  authToken: "a token that is never printed",
  snapshotRetentionLimit: 1,
  maintenanceWindow: "sun:18:00-sun:19:00",
  subnetGroupName: "isolated",
  parameterGroupName: "redash-queue-0a1b2c3",
  logDeliveryConfigurations: [{ logType: "engine-log" }, { logType: "slow-log" }],
};
const EXCEPTION = {
  policy: "valkey-snapshots",
  project: "redash",
  stack: "test",
  resource: "redash-queue",
  reason: "a queue of drills",
  owner: "sre@acme.io",
  expires: "2999-12-31",
};

const mandatory = (found: readonly Diagnostic[]) =>
  found.filter(({ level }) => level === "mandatory");

describe("the pack in a process of its own, as the engine loads it", function () {
  this.timeout(120_000);
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await Analyzer.start();
  });
  after(() => analyzer.stop());

  it("serves every policy with its enforcement, and two for exceptions and what is undecided", async () => {
    const served = await analyzer.policies();
    assert.deepEqual(
      Object.fromEntries(served),
      Object.fromEntries([
        ["exceptions", "mandatory"],
        ...POLICIES.map(({ id, enforcement }) => [id, enforcement]),
        ["undecided", "advisory"],
      ]),
    );
  });

  it("accepts a resource that is right", async () => {
    assert.deepEqual(mandatory(await analyzer.analyze(group(RIGHT))), []);
  });

  it("refuses cluster mode with resource, property, value, what is allowed and the fix", async () => {
    const [found, ...others] = mandatory(
      await analyzer.analyze(group({ ...RIGHT, clusterMode: "enabled" })),
    );
    assert.deepEqual(others, []);
    assert.equal(found!.policy, "valkey-cluster-mode-off");
    assert.equal(found!.level, "mandatory");
    assert.match(
      found!.message,
      /redash-queue: clusterMode is "enabled"; allowed: "disabled", or nothing\. Use numCacheClusters/,
    );
  });

  it("refuses a deciding value that is not known, which the engine itself would let pass with an advisory", async () => {
    const found = mandatory(
      await analyzer.analyze(
        group({ ...RIGHT, clusterMode: UNKNOWN_TEXT, numNodeGroups: UNKNOWN_TEXT }),
      ),
    );
    assert.deepEqual(
      found.map(({ policy, level }) => [policy, level]),
      [
        ["valkey-cluster-mode-off", "mandatory"],
        ["valkey-cluster-mode-off", "mandatory"],
      ],
    );
    assert.match(found[0]!.message, /clusterMode is not known before the update/);
  });

  it("says that a document which is not known could not be judged yet, and judges it when it is", async () => {
    const task = (containerDefinitions: unknown): Given => ({
      type: "aws:ecs/taskDefinition:TaskDefinition",
      name: "redash-server-task",
      props: { cpu: "1024", memory: "2048", networkMode: "awsvpc", containerDefinitions },
    });
    const before = await analyzer.analyze(task(UNKNOWN_TEXT));
    const image = before.filter(({ policy }) => policy === "ecs-image-pinned");
    assert.deepEqual(
      image.map(({ level }) => level),
      ["advisory"],
    );
    assert.match(
      image[0]!.message,
      /can't run policy 'ecs-image-pinned' .* during preview: string value at \.containerDefinitions can't be known/,
    );
    const later = await analyzer.analyze(task(JSON.stringify([{ image: "redash/redash:latest" }])));
    assert.deepEqual(
      later.filter(({ policy }) => policy === "ecs-image-pinned").map(({ level }) => level),
      ["mandatory"],
    );
  });

  it("follows references in a stack, and goes on after a value that is not known", async () => {
    const found = await analyzer.analyzeStack([
      STACK,
      group({ ...RIGHT, parameterGroupName: "made-by-hand" }),
      {
        type: "aws:elasticache/parameterGroup:ParameterGroup",
        name: "p",
        props: { name: UNKNOWN_TEXT },
      },
    ]);
    const cluster = found.filter(({ policy }) => policy === "valkey-cluster-mode-off");
    assert.deepEqual(
      cluster.map(({ level }) => level),
      ["mandatory"],
    );
    assert.match(cluster[0]!.message, /parameterGroupName is "made-by-hand"/);
  });

  it("does not take what AWS fills in for something that was asked for", async () => {
    const securityGroup: Given = {
      type: "aws:ec2/securityGroup:SecurityGroup",
      name: "redash-tasks",
      props: { description: "tasks", vpcId: "vpc-1" },
    };
    await analyzer.analyze(securityGroup);
    const found = await analyzer.analyzeStack([
      STACK,
      { ...securityGroup, props: { ...securityGroup.props, ingress: UNKNOWN_TEXT } },
    ]);
    assert.deepEqual(found, []);
  });

  it("goes on to refuse what was asked for and is not known", async () => {
    const asked: Given = {
      type: "aws:ec2/securityGroup:SecurityGroup",
      name: "redash-open",
      props: { description: "open", ingress: UNKNOWN_TEXT },
    };
    await analyzer.analyze(asked);
    const found = await analyzer.analyzeStack([STACK, asked]);
    assert.deepEqual(
      found.map(({ policy }) => policy),
      ["network-world-reaches-web-ports-only"],
    );
  });

  it("never prints a secret, although the engine shows it in clear", async () => {
    const secret = "hunter2hunter2hunter2hunter2hunter2hunter2";
    const found = [
      ...(await analyzer.analyze(group({ ...RIGHT, clusterMode: secret, authToken: secret }))),
      ...(await analyzer.analyze({
        type: "aws:rds/instance:Instance",
        name: "db",
        props: { password: `${secret}@/`, engine: "postgres" },
      })),
    ];
    assert.ok(found.length > 5);
    for (const { message } of found) assert.ok(!message.includes("hunter2"), message);
  });

  it("takes exceptions by configuration: they cover, expire, and must cover something that there is", async () => {
    const wrong = group({ ...RIGHT, snapshotRetentionLimit: 0 });
    const snapshots = async () =>
      (await analyzer.analyze(wrong)).filter(({ policy }) => policy === "valkey-snapshots").length;
    const problems = async () =>
      (await analyzer.analyzeStack([STACK, wrong]))
        .filter(({ policy }) => policy === "exceptions")
        .map(({ message }) => message);
    assert.equal(await snapshots(), 1);

    await analyzer.configure("exceptions", { list: [EXCEPTION] });
    assert.equal(await snapshots(), 0);
    assert.deepEqual(await problems(), []);

    await analyzer.configure("exceptions", {
      list: [{ ...EXCEPTION, expires: "2020-01-01" }],
    });
    assert.equal(await snapshots(), 1);
    assert.match(
      (await problems()).join(),
      /exception for valkey-snapshots on redash-queue \(sre@acme\.io\): it expired on 2020-01-01/,
    );

    await analyzer.configure("exceptions", {
      list: [
        { ...EXCEPTION, policy: "valkey-snapshot" },
        { ...EXCEPTION, resource: "gone" },
      ],
    });
    assert.match(
      (await problems()).join(),
      /there is no such policy[^]*it covers nothing; remove it/,
    );
    await analyzer.configure("exceptions", { list: [] });
  });
});
