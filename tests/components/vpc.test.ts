import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { RedashNetwork } from "../../components/RedashNetwork";
import { withoutPublicAddresses } from "../../components/vpc";
import { EXISTING_VPC, NETWORK_ARGS, recordNetwork } from "../support/network";
import { inventory, only } from "../support/recordings";

describe("a new VPC", () => {
  it("is made with these resources and no other", async () => {
    assert.deepEqual(
      inventory(await recordNetwork()),
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
    const vpc = only(await recordNetwork(), "Vpc", "redash-vpc");
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
    const two = only(await recordNetwork(), "Vpc", "redash-vpc").inputs;
    const three = only(
      await recordNetwork({ availabilityZoneCount: 3 }),
      "Vpc",
      "redash-vpc",
    ).inputs;
    assert.deepEqual(three, { ...two, numberOfAvailabilityZones: 3 });
  });

  it("has a NAT gateway per zone when asked", async () => {
    const recording = await recordNetwork({ natGateways: "OnePerAz", availabilityZoneCount: 3 });
    const vpc = only(recording, "Vpc", "redash-vpc");
    assert.deepEqual(vpc.inputs["natGateways"], { strategy: "OnePerAz" });
    assert.deepEqual(recording.outputs.natAddresses, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    assert.deepEqual((await recordNetwork()).outputs.natAddresses, ["192.0.2.1"]);
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
      const newResource = ({ type, name, inputs, transforms }: pulumi.runtime.MockResourceArgs) => {
        if (type === "awsx:ec2:Vpc") resolve(transforms);
        return { id: name, state: { ...(inputs as object), vpcId: "vpc-1" } };
      };
      pulumi.runtime
        .setMocks({ newResource, call: () => ({}) })
        .then(() => new RedashNetwork("redash", NETWORK_ARGS))
        .catch(reject);
    });
    assert.deepEqual(transforms, [withoutPublicAddresses]);
  });

  it("closes the default security group", async () => {
    const recording = await recordNetwork();
    assert.deepEqual(only(recording, "DefaultSecurityGroup", "redash-default").inputs, {
      vpcId: recording.outputs.vpcId,
      ingress: [],
      egress: [],
    });
  });

  it("records all flows in an encrypted log group, by a role that can write only there", async () => {
    const recording = await recordNetwork();
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
    const { outputs } = await recordNetwork();
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
    const lines = inventory(
      await recordNetwork({ existing: EXISTING_VPC, interfaceEndpoints: true }),
    );
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("SecurityGroup")),
      [],
    );
    assert.equal(lines.length, 10);
  });

  it("has the same outputs, its range looked up", async () => {
    const { outputs } = await recordNetwork({ existing: EXISTING_VPC });
    const { securityGroupIds, vpcCidr, natAddresses, ...ids } = outputs;
    assert.deepEqual(ids, EXISTING_VPC);
    assert.deepEqual(natAddresses, [], "its owner knows them");
    assert.match(vpcCidr, /^\d+\.\d+\.\d+\.\d+\/\d+$/);
    assert.notEqual(vpcCidr, NETWORK_ARGS.cidr);
    assert.deepEqual(
      Object.entries(securityGroupIds)
        .filter(([, id]) => (id as string | undefined) !== undefined)
        .map(([role]) => role)
        .sort(),
      ["database", "loadBalancer", "queue", "tasks"],
    );
  });

  it("holds the security groups", async () => {
    const recording = await recordNetwork({ existing: EXISTING_VPC });
    const groups = recording.resources.filter(
      ({ type }) => type === "aws:ec2/securityGroup:SecurityGroup",
    );
    assert.deepEqual(
      groups.map(({ inputs }) => inputs["vpcId"]),
      Array.from({ length: 4 }, () => EXISTING_VPC.vpcId),
    );
  });
});
