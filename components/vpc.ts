import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ec2 from "@pulumi/aws/ec2";
import * as iam from "@pulumi/aws/iam";
import * as awsx from "@pulumi/awsx/ec2";
import * as pulumi from "@pulumi/pulumi";
import { trust } from "./trust";

/** A VPC with its three kinds of subnets, whoever made it. */
export interface Vpc {
  readonly id: pulumi.Output<string>;
  /** IPv4 range in CIDR notation. */
  readonly cidr: pulumi.Output<string>;
  readonly publicSubnetIds: pulumi.Output<string[]>;
  readonly privateSubnetIds: pulumi.Output<string[]>;
  readonly isolatedSubnetIds: pulumi.Output<string[]>;
  /** Public IPv4 addresses from which its private subnets reach the internet, as far as this program knows them. */
  readonly natAddresses: readonly pulumi.Output<string>[];
}

/** A VPC that another program owns, by ids. */
export interface ExistingVpc {
  /** The VPC, for example "vpc-0123456789abcdef0". A change replaces everything in it. */
  readonly vpcId: string;
  /** Subnets with a route to an internet gateway, one per zone: for an internet-facing load balancer. May be empty without one. */
  readonly publicSubnetIds: string[];
  /** Subnets that reach the internet through NAT: for the tasks. At least one. */
  readonly privateSubnetIds: string[];
  /** Subnets without the internet, in two zones at least: for the database and the queue. */
  readonly isolatedSubnetIds: string[];
}

export interface NewVpcArgs {
  readonly cidr: string;
  readonly availabilityZoneCount: 2 | 3;
  readonly natGateways: "Single" | "OnePerAz";
  readonly flowLogRetentionDays: number;
  readonly keyArn: pulumi.Input<string>;
  readonly regionName: string;
}

/** Looks the VPC up: its range is what the firewall needs, and a wrong id fails at preview. */
export function existingVpc(args: ExistingVpc, parent: pulumi.Resource): Vpc {
  return {
    id: pulumi.output(args.vpcId),
    cidr: ec2.getVpcOutput({ id: args.vpcId }, { parent }).cidrBlock,
    publicSubnetIds: pulumi.output(args.publicSubnetIds),
    privateSubnetIds: pulumi.output(args.privateSubnetIds),
    isolatedSubnetIds: pulumi.output(args.isolatedSubnetIds),
    natAddresses: [],
  };
}

/** Makes the VPC with subnets and NAT, closes its default security group and records its flows. */
export function newVpc(name: string, args: NewVpcArgs, parent: pulumi.Resource): Vpc {
  const vpc = new awsx.Vpc(
    `${name}-vpc`,
    {
      cidrBlock: args.cidr,
      numberOfAvailabilityZones: args.availabilityZoneCount,
      // A quarter of the range per zone whatever their number, so that a third zone renumbers (replaces) no subnet.
      availabilityZoneCidrMask: prefixLength(args.cidr) + 2,
      subnetStrategy: "Auto",
      subnetSpecs: [{ type: "Public" }, { type: "Private" }, { type: "Isolated" }],
      natGateways: { strategy: args.natGateways },
      enableDnsSupport: true,
      enableDnsHostnames: true,
      // Auto puts the gateway on every route table; Legacy makes it and attaches it to none (pulumi/pulumi-awsx#1627).
      vpcEndpointStrategy: "Auto",
      vpcEndpointSpecs: [
        { serviceName: `com.amazonaws.${args.regionName}.s3`, vpcEndpointType: "Gateway" },
      ],
    },
    { parent, transforms: [withoutPublicAddresses] },
  );
  new ec2.DefaultSecurityGroup(
    `${name}-default`,
    { vpcId: vpc.vpcId, ingress: [], egress: [] },
    { parent },
  );
  flowLogs(name, args, vpc.vpcId, parent);
  return {
    id: vpc.vpcId,
    cidr: pulumi.output(args.cidr),
    publicSubnetIds: vpc.publicSubnetIds,
    privateSubnetIds: vpc.privateSubnetIds,
    isolatedSubnetIds: vpc.isolatedSubnetIds,
    // Their number is known before they are, so that each may have a rule of its own.
    natAddresses: Array.from(
      { length: args.natGateways === "Single" ? 1 : args.availabilityZoneCount },
      (_, index) => vpc.eips.apply((addresses) => pulumi.output(addresses[index]?.publicIp ?? "")),
    ),
  };
}

/** The n of a range written a.b.c.d/n. */
export function prefixLength(cidr: string): number {
  return Number(cidr.split("/")[1]);
}

/**
 * awsx gives public subnets `mapPublicIpOnLaunch` and has no argument against it (FSBP EC2.15). A load balancer and a
 * NAT gateway bring their own addresses, so nothing needs it.
 */
export function withoutPublicAddresses(
  args: pulumi.ResourceTransformArgs,
): pulumi.ResourceTransformResult | undefined {
  if (args.type !== "aws:ec2/subnet:Subnet") return undefined;
  return { props: { ...args.props, mapPublicIpOnLaunch: false }, opts: args.opts };
}

function flowLogs(
  name: string,
  args: NewVpcArgs,
  vpcId: pulumi.Output<string>,
  parent: pulumi.Resource,
): void {
  const group = new cloudwatch.LogGroup(
    `${name}-flow-logs`,
    { retentionInDays: args.flowLogRetentionDays, kmsKeyId: args.keyArn },
    { parent },
  );
  const role = new iam.Role(
    `${name}-flow-logs`,
    {
      description: "Lets VPC flow logs write to their log group",
      assumeRolePolicy: trust("vpc-flow-logs.amazonaws.com"),
    },
    { parent },
  );
  const policy = new iam.RolePolicy(
    `${name}-flow-logs`,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
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
            Resource: [group.arn, pulumi.interpolate`${group.arn}:*`],
          },
        ],
      }),
    },
    { parent },
  );
  new ec2.FlowLog(
    `${name}-flow-logs`,
    {
      vpcId,
      trafficType: "ALL",
      logDestinationType: "cloud-watch-logs",
      logDestination: group.arn,
      iamRoleArn: role.arn,
      maxAggregationInterval: 600,
    },
    // No value flows from the policy, and without it the first records are lost.
    { parent, dependsOn: [policy] },
  );
}
