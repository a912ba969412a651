import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { RedashNetworkArgs } from "../../components/RedashNetwork";
import { EXISTING_VPC, type NetworkRecording, recordNetwork } from "../support/network";
import { inventory, only } from "../support/recordings";

const SOURCE = { port: 80, address: "10.20.1.9", databasePort: 5433 };
const EXISTING_LOAD_BALANCER = { existingLoadBalancerSecurityGroupId: "sg-their-load-balancer" };

/** Every rule as "group <- peer port" or "group -> peer port", groups by their role. */
function firewall(recording: NetworkRecording): string[] {
  const roles = new Map(
    Object.entries(recording.outputs.securityGroupIds).map(([role, id]) => [id, role]),
  );
  const side = (value: unknown): string => roles.get(String(value)) ?? String(value);
  return recording.resources
    .filter((resource) => resource.type.startsWith("aws:vpc/securityGroup"))
    .map(({ type, inputs }) => {
      const port =
        inputs["ipProtocol"] === "-1"
          ? "all"
          : `${String(inputs["ipProtocol"])} ${String(inputs["fromPort"])}`;
      assert.equal(inputs["fromPort"], inputs["toPort"]);
      const peer = inputs["referencedSecurityGroupId"] ?? inputs["cidrIpv4"];
      return `${side(inputs["securityGroupId"])} ${type.includes("Ingress") ? "<-" : "->"} ${side(peer)} ${port}`;
    })
    .sort();
}

const INSIDE = ["database <- tasks tcp 5432", "queue <- tasks tcp 6379", "tasks -> 0.0.0.0/0 all"];
const OURS = [
  "loadBalancer -> tasks tcp 5000",
  "tasks <- loadBalancer tcp 5000",
  "loadBalancer <- 198.51.100.0/24 tcp 443",
];
const THEIRS = OURS.slice(0, 2);
/** Replication with a source whose group is given, and with one that is known by its address alone. */
const REPLICATION = [
  "database -> sg-source tcp 5433",
  "sg-source <- database tcp 5433",
  "sg-source -> database tcp 5432",
  "database <- sg-source tcp 5432",
];
const REPLICATION_BY_ADDRESS = [
  "database -> 10.20.1.9/32 tcp 5433",
  "database <- 10.20.1.9/32 tcp 5432",
];

describe("the firewall of the network", () => {
  it("lets users reach the load balancer, that the tasks, and those the database and the queue", async () => {
    assert.deepEqual(firewall(await recordNetwork()), [...INSIDE, ...OURS].sort());
  });

  it("has constant descriptions and no fixed names, and no rules inside a group", async () => {
    const recording = await recordNetwork({ interfaceEndpoints: true });
    const groups = recording.resources.filter(
      ({ type }) => type === "aws:ec2/securityGroup:SecurityGroup",
    );
    assert.deepEqual(
      Object.fromEntries(groups.map(({ name, inputs }) => [name, inputs])),
      Object.fromEntries(
        [
          ["redash-load-balancer", "Redash: load balancer"],
          ["redash-tasks", "Redash: server, scheduler and worker tasks"],
          ["redash-database", "Redash: metadata database"],
          ["redash-queue", "Redash: queue"],
          ["redash-endpoints", "Redash: interface endpoints of AWS services"],
        ].map(([name, description]) => [name, { vpcId: recording.outputs.vpcId, description }]),
      ),
    );
  });

  it("opens port 80 only for the redirect", async () => {
    const rules = firewall(
      await recordNetwork({ ingress: { cidrs: ["198.51.100.0/24"], httpRedirect: true } }),
    );
    assert.deepEqual(rules, [...INSIDE, ...OURS, "loadBalancer <- 198.51.100.0/24 tcp 80"].sort());
  });

  it("has one rule per range, once, whose name does not depend on the order", async () => {
    const names = async (cidrs: string[]) =>
      inventory(await recordNetwork({ ingress: { cidrs, httpRedirect: false } })).filter((line) =>
        line.includes("443"),
      );
    const expected = [
      "SecurityGroupIngressRule redash-load-balancer-443-from-10.0.0.0-8",
      "SecurityGroupIngressRule redash-load-balancer-443-from-192.0.2.1-32",
    ];
    assert.deepEqual(await names(["10.0.0.0/8", "192.0.2.1/32", "10.0.0.0/8"]), expected);
    assert.deepEqual(await names(["192.0.2.1/32", "10.0.0.0/8"]), expected);
  });

  it("uses an existing load balancer's group and makes none", async () => {
    const recording = await recordNetwork({ ingress: EXISTING_LOAD_BALANCER });
    assert.deepEqual(firewall(recording), [...INSIDE, ...THEIRS].sort());
    assert.equal(recording.outputs.securityGroupIds["loadBalancer"], "sg-their-load-balancer");
  });

  it("lets our load balancer reach the source in the VPC's range when its group is not given", async () => {
    const rules = firewall(await recordNetwork({ source: SOURCE }));
    assert.deepEqual(
      rules,
      [...INSIDE, ...OURS, ...REPLICATION_BY_ADDRESS, "loadBalancer -> 10.20.0.0/16 tcp 80"].sort(),
    );
  });

  it("lets our load balancer reach the source's group, on both sides", async () => {
    const rules = firewall(
      await recordNetwork({ source: { ...SOURCE, securityGroupId: "sg-source", port: 8080 } }),
    );
    assert.deepEqual(
      rules,
      [
        ...INSIDE,
        ...OURS,
        ...REPLICATION,
        "loadBalancer -> sg-source tcp 8080",
        "sg-source <- loadBalancer tcp 8080",
      ].sort(),
    );
  });

  it("lets an existing load balancer reach the source's group only when it is given", async () => {
    const given = {
      ingress: EXISTING_LOAD_BALANCER,
      source: { ...SOURCE, securityGroupId: "sg-source" },
    };
    assert.deepEqual(
      firewall(await recordNetwork(given)),
      [
        ...INSIDE,
        ...THEIRS,
        ...REPLICATION,
        "loadBalancer -> sg-source tcp 80",
        "sg-source <- loadBalancer tcp 80",
      ].sort(),
    );
    assert.deepEqual(
      firewall(await recordNetwork({ ...given, source: SOURCE })),
      [...INSIDE, ...THEIRS, ...REPLICATION_BY_ADDRESS].sort(),
    );
  });

  it("lets a replication instance reach both databases and Secrets Manager, and nobody reach it", async () => {
    const source = { ...SOURCE, securityGroupId: "sg-source" };
    const ofInstance = [
      "replicationInstance -> database tcp 5432",
      "database <- replicationInstance tcp 5432",
      "replicationInstance -> sg-source tcp 5433",
      "sg-source <- replicationInstance tcp 5433",
    ];
    const withSource = (rules: string[]) => rules.filter((rule) => !/tcp 80$/.test(rule));
    const recording = await recordNetwork({ source, move: { replicationInstance: true } });
    assert.deepEqual(
      withSource(firewall(recording)).sort(),
      [
        ...INSIDE,
        ...OURS,
        ...REPLICATION,
        ...ofInstance,
        "replicationInstance -> endpoints tcp 443",
        "endpoints <- replicationInstance tcp 443",
        "endpoints <- tasks tcp 443",
      ].sort(),
    );
    const existing = await recordNetwork({
      source,
      move: { replicationInstance: true },
      existing: EXISTING_VPC,
    });
    assert.deepEqual(
      withSource(firewall(existing)),
      [
        ...INSIDE,
        ...OURS,
        ...REPLICATION,
        ...ofInstance,
        "replicationInstance -> 0.0.0.0/0 tcp 443",
      ].sort(),
    );
    assert.ok(!inventory(existing).some((line) => line.startsWith("VpcEndpoint")));
  });

  it("is closed but for these rules, whatever the arguments", async () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const cidr = fc
      .tuple(byte, byte, fc.integer({ min: 8, max: 16 }))
      .map(([a, b, bits]) => `${a}.${b}.0.0/${bits}`);
    const args = fc.record<Partial<RedashNetworkArgs>>(
      {
        existing: fc.constant(EXISTING_VPC),
        availabilityZoneCount: fc.constantFrom(2, 3),
        natGateways: fc.constantFrom("Single", "OnePerAz"),
        interfaceEndpoints: fc.boolean(),
        ingress: fc.oneof(
          fc.record({
            cidrs: fc.array(cidr, { minLength: 1, maxLength: 3 }),
            httpRedirect: fc.boolean(),
          }),
          fc.constant(EXISTING_LOAD_BALANCER),
        ),
        source: fc.record(
          {
            securityGroupId: fc.constant("sg-source"),
            port: fc.integer({ min: 1, max: 65535 }),
            address: fc.constant(SOURCE.address),
            databasePort: fc.constant(SOURCE.databasePort),
          },
          { requiredKeys: ["port", "address", "databasePort"] },
        ),
        move: fc.record({ replicationInstance: fc.boolean() }),
        serverPort: fc.integer({ min: 1024, max: 65535 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(args, async (changes) => {
        const recording = await recordNetwork(changes);
        const rules = firewall(recording);
        assert.equal(new Set(rules).size, rules.length, "AWS refuses a duplicate rule");
        const open = rules.filter(
          (rule) => /<- \d/.test(rule) && !REPLICATION_BY_ADDRESS.includes(rule),
        );
        for (const rule of open) assert.match(rule, /^loadBalancer <- \S+ tcp (443|80)$/);
        assert.deepEqual(
          rules.filter((rule) => /^(queue|endpoints) ->|^replicationInstance <-/.test(rule)),
          [],
        );
        const withDatabase = [
          INSIDE[0],
          "database <- replicationInstance tcp 5432",
          ...(changes.source ? [...REPLICATION, ...REPLICATION_BY_ADDRESS] : []),
        ];
        for (const rule of rules.filter((line) => line.startsWith("database ")))
          assert.ok(withDatabase.includes(rule), rule);
        for (const rule of rules.filter((line) => line.startsWith("queue <-")))
          assert.equal(rule, INSIDE[1]);
        for (const { inputs } of recording.resources.filter(({ type }) =>
          type.endsWith(":SecurityGroup"),
        ))
          assert.deepEqual(Object.keys(inputs).sort(), ["description", "vpcId"]);
      }),
      { numRuns: 25 },
    );
  });

  it("makes the interface endpoints that tasks need, reachable from tasks alone, only when asked", async () => {
    const recording = await recordNetwork({ interfaceEndpoints: true });
    const made = recording.resources.filter(
      ({ type }) => type === "aws:ec2/vpcEndpoint:VpcEndpoint",
    );
    const group = only(recording, "SecurityGroupIngressRule", "redash-endpoints-from-tasks").inputs[
      "securityGroupId"
    ];
    assert.deepEqual(
      made.map(({ inputs }) => inputs),
      ["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "ssmmessages"].map((service) => ({
        vpcId: recording.outputs.vpcId,
        serviceName: `com.amazonaws.eu-central-1.${service}`,
        vpcEndpointType: "Interface",
        privateDnsEnabled: true,
        subnetIds: recording.outputs.privateSubnetIds,
        securityGroupIds: [group],
      })),
    );
    assert.deepEqual(
      firewall(recording),
      [...INSIDE, ...OURS, "endpoints <- tasks tcp 443"].sort(),
    );
    assert.ok(!inventory(await recordNetwork()).some((line) => line.startsWith("VpcEndpoint")));
  });
});
