import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";

import type { IngressArgs, SecurityGroupIds, SourceAccess } from "./securityGroups";
import { securityGroups } from "./securityGroups";
import type { ExistingVpc } from "./vpc";
import { existingVpc, newVpc, prefixLength } from "./vpc";

export interface RedashNetworkArgs {
  /**
   * A VPC that another program owns; without it a new one is made. Its default security group, flow logs, NAT and
   * gateway endpoints stay its owner's. A change replaces everything in the network.
   *
   * @default none: a new VPC
   */
  readonly existing?: ExistingVpc | undefined;
  /** IPv4 range of a new VPC, /16 to /23. A change replaces the VPC and everything in it. Unused with `existing`. */
  readonly cidr: string;
  /**
   * Zones of a new VPC, each with a public, a private and an isolated subnet. A third zone later replaces nothing.
   * Unused with `existing`.
   */
  readonly availabilityZoneCount: 2 | 3;
  /**
   * NAT gateways of a new VPC: "Single" is one for all zones (its zone's outage cuts every task from the internet),
   * "OnePerAz" survives a zone. Unused with `existing`.
   */
  readonly natGateways: "Single" | "OnePerAz";
  /**
   * Makes interface endpoints in a new VPC for the AWS services that tasks call (about 7 USD a month each, per zone),
   * so that these calls stay in the VPC. Unused with `existing`.
   */
  readonly interfaceEndpoints: boolean;
  /** Days that a new VPC's flow logs are kept, one of CloudWatch's values (…, 30, 90, 365, …). Unused with `existing`. */
  readonly flowLogRetentionDays: number;
  /** The key that encrypts the flow logs; its policy must admit CloudWatch Logs. */
  readonly keyArn: pulumi.Input<string>;
  /** The region, for the names of AWS services, for example "eu-central-1". */
  readonly regionName: string;
  /** Who may open a connection: ranges for a load balancer of our own, or the group of an existing one. */
  readonly ingress: IngressArgs;
  /**
   * The EC2 host behind the same load balancer, from the first day of a migration to its last.
   *
   * @default none: nothing but the tasks is reachable
   */
  readonly source?: SourceAccess | undefined;
  /**
   * What a move needs of the network: in a new VPC, interface endpoints for whatever has no way to the internet. An
   * existing one leads to these services by its owner's NAT or endpoints.
   *
   * @default none
   */
  readonly move?: MoveAccess | undefined;
  /** TCP port on which Redash's server listens, 5000 in its image. */
  readonly serverPort: number;
}

export interface MoveAccess {
  /** Makes a security group for AWS DMS's replication instance. */
  readonly replicationInstance: boolean;
}

/** What a task calls: image, logs, secrets, ECS Exec, the key. ECR keeps layers in S3, whose gateway endpoint is free. */
const INTERFACE_ENDPOINTS = [
  "ecr.api",
  "ecr.dkr",
  "logs",
  "secretsmanager",
  "ssmmessages",
  "kms",
] as const;

/**
 * Secrets Manager, for DMS (https://docs.aws.amazon.com/dms/latest/userguide/CHAP_VPC_Endpoints.html), and Systems
 * Manager, by which the move reaches a source that can reach nothing else
 * (https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html). An older agent gets its
 * commands by ec2messages. By `monitoring`, CloudWatch, the alarms on the source's disk hear of it without the internet
 * as well.
 */
const MOVE_ENDPOINTS = [
  "secretsmanager",
  "ssm",
  "ssmmessages",
  "ec2messages",
  "monitoring",
] as const;

/**
 * The network: a VPC (new, or looked up), its subnets by what lives there (public: load balancer, private: tasks,
 * isolated: database and queue) and the whole firewall. Whoever puts something into the network takes its security
 * group from here and makes no rule, but for a move, whose rules go with it.
 */
export class RedashNetwork extends pulumi.ComponentResource {
  public readonly vpcId: pulumi.Output<string>;
  public readonly vpcCidr: pulumi.Output<string>;
  public readonly publicSubnetIds: pulumi.Output<string[]>;
  public readonly privateSubnetIds: pulumi.Output<string[]>;
  public readonly isolatedSubnetIds: pulumi.Output<string[]>;
  /** Public IPv4 addresses of a new VPC's NAT gateways; of an existing one, its owner knows them. */
  public readonly natAddresses: readonly pulumi.Output<string>[];
  public readonly securityGroupIds: SecurityGroupIds;

  public constructor(
    name: string,
    args: RedashNetworkArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("redash:index:RedashNetwork", name, {}, opts);
    validate(args, this);

    const vpc = args.existing ? existingVpc(args.existing, this) : newVpc(name, args, this);
    const services = interfaceEndpoints(args);
    const groups = securityGroups(
      name,
      {
        ...args,
        interfaceEndpoints: services.length > 0,
        replicationInstance: args.move?.replicationInstance ?? false,
        vpcId: vpc.id,
        vpcCidr: vpc.cidr,
      },
      this,
    );
    if (groups.endpoints) {
      for (const service of services) {
        new ec2.VpcEndpoint(
          `${name}-${service.replace(".", "-")}`,
          {
            vpcId: vpc.id,
            serviceName: `com.amazonaws.${args.regionName}.${service}`,
            vpcEndpointType: "Interface",
            privateDnsEnabled: true,
            subnetIds: vpc.privateSubnetIds,
            securityGroupIds: [groups.endpoints],
          },
          { parent: this },
        );
      }
    }

    this.vpcId = vpc.id;
    this.vpcCidr = vpc.cidr;
    this.publicSubnetIds = vpc.publicSubnetIds;
    this.privateSubnetIds = vpc.privateSubnetIds;
    this.isolatedSubnetIds = vpc.isolatedSubnetIds;
    this.natAddresses = vpc.natAddresses;
    this.securityGroupIds = groups;
    this.registerOutputs({
      vpcId: this.vpcId,
      vpcCidr: this.vpcCidr,
      publicSubnetIds: this.publicSubnetIds,
      privateSubnetIds: this.privateSubnetIds,
      isolatedSubnetIds: this.isolatedSubnetIds,
      natAddresses: this.natAddresses,
      securityGroupIds: this.securityGroupIds,
    });
  }
}

/** Services that have an endpoint in a new VPC. */
function interfaceEndpoints(args: RedashNetworkArgs): readonly string[] {
  if (args.existing) return [];
  const ofTasks = args.interfaceEndpoints ? INTERFACE_ENDPOINTS : [];
  return [...new Set([...ofTasks, ...(args.move ? MOVE_ENDPOINTS : [])])];
}

function validate(args: RedashNetworkArgs, resource: pulumi.Resource): void {
  const refuse = (message: string): never => {
    throw new pulumi.ResourceError(message, resource, true);
  };
  if (args.existing) {
    if (args.existing.privateSubnetIds.length === 0)
      refuse("existing.privateSubnetIds is empty: the tasks need a subnet");
    if (args.existing.isolatedSubnetIds.length < 2)
      refuse(
        `existing.isolatedSubnetIds has ${args.existing.isolatedSubnetIds.length} subnet(s): RDS and ElastiCache need two, in different zones`,
      );
  } else {
    const bits = prefixLength(args.cidr);
    // Twelve to sixteen subnets fit, and a load balancer's must be /27 or larger.
    if (!(bits >= 16 && bits <= 23))
      refuse(`cidr is "${args.cidr}": a new VPC needs a range of /16 to /23`);
  }
  if ("cidrs" in args.ingress && args.ingress.cidrs.length === 0)
    refuse(
      "ingress.cidrs is empty: nobody could reach the load balancer; name the ranges of your users",
    );
}
