import * as ec2 from "@pulumi/aws/ec2";
import * as iam from "@pulumi/aws/iam";
import * as vpc from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";
import { HTTPS_PORT } from "./ports";
import { replicationRules } from "./replicationRules";
import { egress, ingress, tcp } from "./securityGroupRule";
import { trust } from "./trust";

export interface RedashSourceCloneArgs {
  /** Machine image of the production host. A change replaces the instance. */
  readonly imageId: string;
  /** EC2 instance type. A change stops and starts the instance. */
  readonly instanceType: string;
  readonly vpcId: pulumi.Input<string>;
  /** Range of the VPC: all that the clone may reach. */
  readonly vpcCidr: pulumi.Input<string>;
  readonly subnetIds: pulumi.Output<string[]>;
  /** Key of its disk. */
  readonly keyArn: pulumi.Input<string>;
  /** The load balancer that sends traffic to `port`. */
  readonly loadBalancerSecurityGroupId: pulumi.Input<string>;
  /** Port on which the host serves Redash. */
  readonly port: number;
  /** The managed database, with which PostgreSQL of the clone replicates. */
  readonly databaseSecurityGroupId: pulumi.Input<string>;
  /**
   * AWS DMS's replication instance.
   *
   * @default none
   */
  readonly replicationInstanceSecurityGroupId?: pulumi.Input<string> | undefined;
  /** Port of PostgreSQL on the host. */
  readonly databasePort: number;
  /** Interface endpoints of AWS services: the only way on which Systems Manager reaches the clone. */
  readonly endpointsSecurityGroupId: pulumi.Input<string>;
}

/** What the agent of Systems Manager calls. https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html */
const AGENT_POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";

/**
 * The source of a rehearsal: an instance started from an image of the production host. A copy of a living Redash
 * runs its schedules, mails and alerts real people, and queries real databases as soon as it boots, so its
 * security group lets it reach nothing but the VPC. It makes the instance, that group, the role of its agent, and the
 * ways of the load balancer and of replication to it, nothing else: the production host's own role stays there.
 */
export class RedashSourceClone extends pulumi.ComponentResource {
  readonly instanceId: pulumi.Output<string>;
  /** Private IPv4 address. */
  readonly address: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;

  constructor(name: string, args: RedashSourceCloneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redash:index:RedashSourceClone", name, {}, opts);
    const securityGroup = new ec2.SecurityGroup(
      `${name}-sg`,
      { vpcId: args.vpcId, description: "Redash rehearsal source: reaches nothing but its VPC" },
      { parent: this },
    );
    ingress(`${name}-from-load-balancer`, this, {
      securityGroupId: securityGroup.id,
      referencedSecurityGroupId: args.loadBalancerSecurityGroupId,
      ...tcp(args.port),
      description: "Load balancer to the source",
    });
    egress(`${name}-load-balancer-egress`, this, {
      securityGroupId: args.loadBalancerSecurityGroupId,
      referencedSecurityGroupId: securityGroup.id,
      ...tcp(args.port),
      description: "Source of the rehearsal",
    });
    replicationRules(
      name,
      { securityGroupId: securityGroup.id, databasePort: args.databasePort },
      {
        database: args.databaseSecurityGroupId,
        replicationInstance: args.replicationInstanceSecurityGroupId,
      },
      this,
    );
    ingress(`${name}-endpoints-ingress`, this, {
      securityGroupId: args.endpointsSecurityGroupId,
      referencedSecurityGroupId: securityGroup.id,
      ...tcp(HTTPS_PORT),
      description: "Agent of Systems Manager on the source of the rehearsal",
    });
    const onlyWayOut = new vpc.SecurityGroupEgressRule(
      `${name}-to-vpc`,
      {
        securityGroupId: securityGroup.id,
        cidrIpv4: args.vpcCidr,
        ipProtocol: "-1",
        description: "Inside the VPC only: a copy of production must reach nobody else",
      },
      { parent: this },
    );
    const instance = new ec2.Instance(
      `${name}-instance`,
      {
        ami: args.imageId,
        instanceType: args.instanceType,
        subnetId: args.subnetIds.apply((ids) => ids[0] ?? ""),
        vpcSecurityGroupIds: [securityGroup.id],
        associatePublicIpAddress: false,
        iamInstanceProfile: agentProfile(name, this),
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required" },
        rootBlockDevice: { encrypted: true, kmsKeyId: args.keyArn, volumeType: "gp3" },
        ebsOptimized: true,
        monitoring: true,
        tags: { Name: name },
      },
      // The group must be closed before the copy boots.
      { parent: this, dependsOn: [onlyWayOut] },
    );

    this.instanceId = instance.id;
    this.address = instance.privateIp;
    this.securityGroupId = securityGroup.id;
    this.registerOutputs({
      instanceId: this.instanceId,
      address: this.address,
      securityGroupId: this.securityGroupId,
    });
  }
}

function agentProfile(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  const role = new iam.Role(
    `${name}-agent`,
    {
      description: "Redash rehearsal source: agent of Systems Manager",
      assumeRolePolicy: trust("ec2.amazonaws.com"),
    },
    { parent },
  );
  new iam.RolePolicyAttachment(
    `${name}-agent`,
    { role: role.name, policyArn: AGENT_POLICY },
    { parent },
  );
  return new iam.InstanceProfile(`${name}-agent`, { role: role.name }, { parent }).name;
}
