import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";

import type { RedashNetworkArgs } from "../../components/RedashNetwork";
import { RedashNetwork } from "../../components/RedashNetwork";
import { withoutPublicAddresses } from "../../components/vpc";
import type { Recording } from "../../preview/recorder";
import { record } from "../../preview/recorder";
import { inventory, only } from "../support/recordings";

const ARGS: RedashNetworkArgs = {
  cidr: "10.20.0.0/16",
  availabilityZoneCount: 2,
  natGateways: "Single",
  interfaceEndpoints: false,
  flowLogRetentionDays: 30,
  keyArn: "arn:aws:kms:eu-central-1:111122223333:key/flow",
  regionName: "eu-central-1",
  ingress: { cidrs: ["198.51.100.0/24"], httpRedirect: false },
  serverPort: 5000,
};
const SOURCE = { port: 80, address: "10.20.1.9", databasePort: 5433 };

const EXISTING = {
  vpcId: "vpc-0aaaaaaaaaaaaaaa1",
  publicSubnetIds: ["subnet-public-a", "subnet-public-b"],
  privateSubnetIds: ["subnet-private-a", "subnet-private-b"],
  isolatedSubnetIds: ["subnet-isolated-a", "subnet-isolated-b"],
};

const EXISTING_LOAD_BALANCER = { existingLoadBalancerSecurityGroupId: "sg-their-load-balancer" };

interface Outputs {
  vpcId: string;
  vpcCidr: string;
  publicSubnetIds: string[];
  privateSubnetIds: string[];
  isolatedSubnetIds: string[];
  natAddresses: string[];
  securityGroupIds: Record<string, string>;
}

async function network(
  changes: Partial<RedashNetworkArgs> = {},
  unknowns = false,
): Promise<Recording & { outputs: Outputs }> {
  const recording = await record(
    () => {
      const made = new RedashNetwork("redash", { ...ARGS, ...changes });
      return {
        vpcId: made.vpcId,
        vpcCidr: made.vpcCidr,
        publicSubnetIds: made.publicSubnetIds,
        privateSubnetIds: made.privateSubnetIds,
        isolatedSubnetIds: made.isolatedSubnetIds,
        natAddresses: made.natAddresses,
        securityGroupIds: made.securityGroupIds,
      };
    },
    { stack: "test", config: {}, unknowns },
  );
  return recording as Recording & { outputs: Outputs };
}

/** Every rule as "group <- peer port" or "group -> peer port", groups by their role. */
function firewall(recording: Recording & { outputs: Outputs }): string[] {
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

describe("RedashNetwork", () => {
  describe("a new VPC", () => {
    it("is made with these resources and no other", async () => {
      assert.deepEqual(
        inventory(await network()),
        [
          "Vpc redash-vpc",
          "DefaultSecurityGroup redash-default",
          "LogGroup redash-flow-logs",
          "Role redash-flow-logs",
          "RolePolicy redash-flow-logs",
          "FlowLog redash-flow-logs",
          "SecurityGroup redash-load-balancer",
          "SecurityGroup redash-tasks",
          "SecurityGroup redash-database",
          "SecurityGroup redash-queue",
          "SecurityGroupIngressRule redash-load-balancer-443-from-198.51.100.0-24",
          "SecurityGroupEgressRule redash-load-balancer-to-tasks",
          "SecurityGroupIngressRule redash-tasks-from-load-balancer",
          "SecurityGroupEgressRule redash-tasks-to-anywhere",
          "SecurityGroupIngressRule redash-database-from-tasks",
          "SecurityGroupIngressRule redash-queue-from-tasks",
        ].sort(),
      );
    });

    it("has three kinds of subnets, one NAT and an S3 gateway on every route table", async () => {
      const vpc = only(await network(), "Vpc", "redash-vpc");
      assert.equal(vpc.type, "awsx:ec2:Vpc");
      assert.equal(vpc.remote, true);
      assert.deepEqual(vpc.inputs, {
        cidrBlock: "10.20.0.0/16",
        numberOfAvailabilityZones: 2,
        availabilityZoneCidrMask: 18,
        subnetStrategy: "Auto",
        subnetSpecs: [{ type: "Public" }, { type: "Private" }, { type: "Isolated" }],
        natGateways: { strategy: "Single" },
        enableDnsSupport: true,
        enableDnsHostnames: true,
        vpcEndpointStrategy: "Auto",
        vpcEndpointSpecs: [
          { serviceName: "com.amazonaws.eu-central-1.s3", vpcEndpointType: "Gateway" },
        ],
      });
    });

    it("differs in nothing but the number when it gets a third zone, so that no subnet is renumbered", async () => {
      const two = only(await network(), "Vpc", "redash-vpc").inputs;
      const three = only(await network({ availabilityZoneCount: 3 }), "Vpc", "redash-vpc").inputs;
      assert.deepEqual(three, { ...two, numberOfAvailabilityZones: 3 });
    });

    it("has a NAT gateway per zone when asked", async () => {
      const recording = await network({ natGateways: "OnePerAz", availabilityZoneCount: 3 });
      const vpc = only(recording, "Vpc", "redash-vpc");
      assert.deepEqual(vpc.inputs["natGateways"], { strategy: "OnePerAz" });
      assert.deepEqual(recording.outputs.natAddresses, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
      assert.deepEqual((await network()).outputs.natAddresses, ["192.0.2.1"]);
    });

    it("gives no public address to whatever starts in a public subnet", () => {
      const transform = (type: string, props: Record<string, unknown>) =>
        withoutPublicAddresses({
          type,
          name: "n",
          custom: true,
          props,
          opts: { protect: true },
        });
      assert.deepEqual(
        transform("aws:ec2/subnet:Subnet", { mapPublicIpOnLaunch: true, cidrBlock: "10.0.0.0/20" }),
        {
          props: { mapPublicIpOnLaunch: false, cidrBlock: "10.0.0.0/20" },
          opts: { protect: true },
        },
      );
      assert.equal(transform("aws:ec2/routeTable:RouteTable", {}), undefined);
    });

    it("has that rule applied to what awsx makes", async () => {
      const transforms = await new Promise((resolve, reject) => {
        const newResource = ({
          type,
          name,
          inputs,
          transforms,
        }: pulumi.runtime.MockResourceArgs) => {
          if (type === "awsx:ec2:Vpc") resolve(transforms);
          return { id: name, state: { ...(inputs as object), vpcId: "vpc-1" } };
        };
        pulumi.runtime
          .setMocks({ newResource, call: () => ({}) })
          .then(() => new RedashNetwork("redash", ARGS))
          .catch(reject);
      });
      assert.deepEqual(transforms, [withoutPublicAddresses]);
    });

    it("closes the default security group", async () => {
      const recording = await network();
      assert.deepEqual(only(recording, "DefaultSecurityGroup", "redash-default").inputs, {
        vpcId: recording.outputs.vpcId,
        ingress: [],
        egress: [],
      });
    });

    it("records all flows in an encrypted log group, by a role that can write only there", async () => {
      const recording = await network();
      assert.deepEqual(only(recording, "LogGroup", "redash-flow-logs").inputs, {
        retentionInDays: 30,
        kmsKeyId: "arn:aws:kms:eu-central-1:111122223333:key/flow",
      });
      const flow = only(recording, "FlowLog", "redash-flow-logs");
      const group = String(flow.inputs["logDestination"]);
      assert.match(group, /^arn:aws:logs:.*redash-flow-logs/);
      assert.match(String(flow.inputs["iamRoleArn"]), /^arn:aws:iam:.*redash-flow-logs/);
      assert.deepEqual(flow.inputs, {
        vpcId: recording.outputs.vpcId,
        trafficType: "ALL",
        logDestinationType: "cloud-watch-logs",
        logDestination: group,
        iamRoleArn: flow.inputs["iamRoleArn"],
        maxAggregationInterval: 600,
      });
      assert.ok(flow.dependsOn.includes(only(recording, "RolePolicy", "redash-flow-logs").urn));
      const policy = only(recording, "RolePolicy", "redash-flow-logs").inputs["policy"];
      assert.deepEqual(JSON.parse(String(policy)), {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: [
              "logs:CreateLogStream",
              "logs:PutLogEvents",
              "logs:DescribeLogGroups",
              "logs:DescribeLogStreams",
            ],
            Resource: [group, `${group}:*`],
          },
        ],
      });
      assert.deepEqual(
        JSON.parse(String(only(recording, "Role", "redash-flow-logs").inputs["assumeRolePolicy"])),
        {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Service: "vpc-flow-logs.amazonaws.com" },
              Action: "sts:AssumeRole",
            },
          ],
        },
      );
    });

    it("gives out its ids and its range", async () => {
      const { outputs } = await network();
      assert.match(outputs.vpcId, /^vpc-/);
      assert.equal(outputs.vpcCidr, "10.20.0.0/16");
      const subnets = [
        ...outputs.publicSubnetIds,
        ...outputs.privateSubnetIds,
        ...outputs.isolatedSubnetIds,
      ];
      assert.equal(new Set(subnets).size, 6);
    });
  });

  describe("an existing VPC", () => {
    it("is left alone: only the firewall is made", async () => {
      const lines = inventory(await network({ existing: EXISTING, interfaceEndpoints: true }));
      assert.deepEqual(
        lines.filter((line) => !line.startsWith("SecurityGroup")),
        [],
      );
      assert.equal(lines.length, 10);
    });

    it("has the same outputs, its range looked up", async () => {
      const { outputs } = await network({ existing: EXISTING });
      const { securityGroupIds, vpcCidr, natAddresses, ...ids } = outputs;
      assert.deepEqual(ids, EXISTING);
      assert.deepEqual(natAddresses, [], "its owner knows them");
      assert.match(vpcCidr, /^\d+\.\d+\.\d+\.\d+\/\d+$/);
      assert.notEqual(vpcCidr, ARGS.cidr);
      assert.deepEqual(
        Object.entries(securityGroupIds)
          .filter(([, id]) => (id as string | undefined) !== undefined)
          .map(([role]) => role)
          .sort(),
        ["database", "loadBalancer", "queue", "tasks"],
      );
    });

    it("holds the security groups", async () => {
      const recording = await network({ existing: EXISTING });
      for (const resource of recording.resources.filter(
        ({ type }) => type === "aws:ec2/securityGroup:SecurityGroup",
      ))
        assert.equal(resource.inputs["vpcId"], EXISTING.vpcId);
    });
  });

  describe("the firewall", () => {
    it("lets users reach the load balancer, that the tasks, and those the database and the queue", async () => {
      assert.deepEqual(firewall(await network()), [...INSIDE, ...OURS].sort());
    });

    it("has constant descriptions and no fixed names, and no rules inside a group", async () => {
      const recording = await network({ interfaceEndpoints: true });
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
        await network({ ingress: { cidrs: ["198.51.100.0/24"], httpRedirect: true } }),
      );
      assert.deepEqual(
        rules,
        [...INSIDE, ...OURS, "loadBalancer <- 198.51.100.0/24 tcp 80"].sort(),
      );
    });

    it("has one rule per range, once, whose name does not depend on the order", async () => {
      const names = async (cidrs: string[]) =>
        inventory(await network({ ingress: { cidrs, httpRedirect: false } })).filter((line) =>
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
      const recording = await network({ ingress: EXISTING_LOAD_BALANCER });
      assert.deepEqual(firewall(recording), [...INSIDE, ...THEIRS].sort());
      assert.equal(recording.outputs.securityGroupIds["loadBalancer"], "sg-their-load-balancer");
    });

    it("lets our load balancer reach the source in the VPC's range when its group is not given", async () => {
      const rules = firewall(await network({ source: SOURCE }));
      assert.deepEqual(
        rules,
        [
          ...INSIDE,
          ...OURS,
          ...REPLICATION_BY_ADDRESS,
          "loadBalancer -> 10.20.0.0/16 tcp 80",
        ].sort(),
      );
    });

    it("lets our load balancer reach the source's group, on both sides", async () => {
      const rules = firewall(
        await network({ source: { ...SOURCE, securityGroupId: "sg-source", port: 8080 } }),
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
        firewall(await network(given)),
        [
          ...INSIDE,
          ...THEIRS,
          ...REPLICATION,
          "loadBalancer -> sg-source tcp 80",
          "sg-source <- loadBalancer tcp 80",
        ].sort(),
      );
      assert.deepEqual(
        firewall(await network({ ...given, source: SOURCE })),
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
      const recording = await network({ source, move: { replicationInstance: true } });
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
      const existing = await network({
        source,
        move: { replicationInstance: true },
        existing: EXISTING,
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
          existing: fc.constant(EXISTING),
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
          const recording = await network(changes);
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
  });

  it("makes the interface endpoints that tasks need, reachable from tasks alone, only when asked", async () => {
    const recording = await network({ interfaceEndpoints: true });
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
    assert.ok(!inventory(await network()).some((line) => line.startsWith("VpcEndpoint")));
  });

  it("leads a new VPC to Systems Manager, Secrets Manager and CloudWatch for a move, whose source may have no other way", async () => {
    const services = async (changes: Partial<RedashNetworkArgs>) =>
      (await network(changes)).resources
        .filter(({ type }) => type === "aws:ec2/vpcEndpoint:VpcEndpoint")
        .map(({ inputs }) =>
          String(inputs["serviceName"]).replace("com.amazonaws.eu-central-1.", ""),
        )
        .sort();
    const move = { replicationInstance: false };
    const ofMove = ["ec2messages", "monitoring", "secretsmanager", "ssm", "ssmmessages"];
    assert.deepEqual(await services({ move }), ofMove);
    assert.deepEqual(
      await services({ move, interfaceEndpoints: true }),
      ["ecr.api", "ecr.dkr", "kms", "logs", ...ofMove].sort(),
      "AWS refuses a second endpoint with the same private name",
    );
    assert.deepEqual(await services({ move, existing: EXISTING }), []);
  });

  it("asks for the same resources while every id is unknown, as in a first preview", async () => {
    for (const changes of [{ interfaceEndpoints: true }, { existing: EXISTING }])
      assert.deepEqual(inventory(await network(changes, true)), inventory(await network(changes)));
  });

  it("makes every resource its child and leaves its own inputs empty", async () => {
    const recording = await network({ interfaceEndpoints: true });
    const component = recording.resources.find(({ type }) => type === "redash:index:RedashNetwork");
    assert.ok(component);
    assert.deepEqual(component.inputs, {});
    for (const resource of recording.resources.filter(({ custom, remote }) => custom || remote))
      assert.equal(resource.parent, component.urn, resource.name);
  });

  describe("refuses", () => {
    const refused: [string, Partial<RedashNetworkArgs>, string][] = [
      [
        "a range that is too small",
        { cidr: "10.0.0.0/24" },
        'cidr is "10.0.0.0/24": a new VPC needs a range of /16 to /23',
      ],
      [
        "a range that AWS does not allow",
        { cidr: "10.0.0.0/8" },
        'cidr is "10.0.0.0/8": a new VPC needs a range of /16 to /23',
      ],
      [
        "a range without a length",
        { cidr: "10.0.0.0" },
        'cidr is "10.0.0.0": a new VPC needs a range of /16 to /23',
      ],
      [
        "no ranges of users",
        { ingress: { cidrs: [], httpRedirect: false } },
        "ingress.cidrs is empty: nobody could reach the load balancer; name the ranges of your users",
      ],
      [
        "an existing VPC without private subnets",
        { existing: { ...EXISTING, privateSubnetIds: [] } },
        "existing.privateSubnetIds is empty: the tasks need a subnet",
      ],
      [
        "an existing VPC with one isolated subnet",
        { existing: { ...EXISTING, isolatedSubnetIds: ["subnet-1"] } },
        "existing.isolatedSubnetIds has 1 subnet(s): RDS and ElastiCache need two, in different zones",
      ],
    ];
    for (const [what, changes, message] of refused) {
      it(what, async () => {
        await assert.rejects(network(changes), (error: Error) => {
          assert.ok(pulumi.ResourceError.isInstance(error));
          assert.equal(error.message, message);
          return true;
        });
      });
    }
  });
});
