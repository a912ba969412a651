import * as ec2 from "@pulumi/aws/ec2";
import * as vpc from "@pulumi/aws/vpc";
import * as pulumi from "@pulumi/pulumi";

/** Who may open a connection to Redash. */
export type IngressArgs =
  | {
      /** IPv4 ranges that may reach the load balancer; "0.0.0.0/0" is the whole internet. At least one. */
      readonly cidrs: string[];
      /** Opens port 80 too, for the redirect to HTTPS. */
      readonly httpRedirect: boolean;
    }
  | {
      /** The security group of a load balancer that another program owns. It gains an egress rule to the tasks. */
      readonly existingLoadBalancerSecurityGroupId: string;
    };

/** The EC2 host that Redash moves away from, as the load balancer reaches it. */
export interface SourceAccess {
  /**
   * The host's security group. It gains an ingress rule from the load balancer. Leave it out where that rule exists
   * already (AWS refuses a duplicate): a load balancer of our own may then reach `port` in the whole VPC, and an
   * existing one gains nothing.
   */
  readonly securityGroupId?: string | undefined;
  /** TCP port of nginx or of Redash's server on the host. */
  readonly port: number;
}

export interface SecurityGroupsArgs {
  readonly vpcId: pulumi.Output<string>;
  readonly vpcCidr: pulumi.Output<string>;
  readonly ingress: IngressArgs;
  readonly source?: SourceAccess | undefined;
  readonly serverPort: number;
  readonly interfaceEndpoints: boolean;
}

export interface SecurityGroupIds {
  /** Of a load balancer of our own, or of the existing one. */
  readonly loadBalancer: pulumi.Output<string>;
  readonly tasks: pulumi.Output<string>;
  readonly database: pulumi.Output<string>;
  readonly queue: pulumi.Output<string>;
  /** Only with interface endpoints. */
  readonly endpoints: pulumi.Output<string> | undefined;
}

const HTTPS_PORT = 443;
const HTTP_PORT = 80;
const POSTGRESQL_PORT = 5432;
const VALKEY_PORT = 6379;

/**
 * The firewall. Each rule is a resource of its own, so that groups may name each other without a cycle and a new rule
 * never touches a group. A group without egress rules lets nothing out: the provider removes AWS's allow-all.
 */
export function securityGroups(
  name: string,
  args: SecurityGroupsArgs,
  parent: pulumi.Resource,
): SecurityGroupIds {
  // A changed description replaces the group, which hangs as long as an interface holds it: descriptions are constants.
  const group = (role: string, description: string): pulumi.Output<string> =>
    new ec2.SecurityGroup(`${name}-${role}`, { vpcId: args.vpcId, description }, { parent }).id;
  const own = "cidrs" in args.ingress ? args.ingress : undefined;
  const loadBalancer =
    "cidrs" in args.ingress
      ? group("load-balancer", "Redash: load balancer")
      : pulumi.output(args.ingress.existingLoadBalancerSecurityGroupId);
  const tasks = group("tasks", "Redash: server, scheduler and worker tasks");
  const database = group("database", "Redash: metadata database");
  const queue = group("queue", "Redash: queue");
  const endpoints = args.interfaceEndpoints
    ? group("endpoints", "Redash: interface endpoints of AWS services")
    : undefined;

  for (const cidr of new Set(own?.cidrs)) {
    for (const port of own?.httpRedirect === true ? [HTTPS_PORT, HTTP_PORT] : [HTTPS_PORT]) {
      ingress(`${name}-load-balancer-${port}-from-${cidr.replace("/", "-")}`, parent, {
        securityGroupId: loadBalancer,
        cidrIpv4: cidr,
        ...tcp(port),
        description: port === HTTPS_PORT ? "Redash from its users" : "Redirect to HTTPS",
      });
    }
  }
  egress(`${name}-load-balancer-to-tasks`, parent, {
    securityGroupId: loadBalancer,
    referencedSecurityGroupId: tasks,
    ...tcp(args.serverPort),
    description: "Redash server tasks",
  });
  ingress(`${name}-tasks-from-load-balancer`, parent, {
    securityGroupId: tasks,
    referencedSecurityGroupId: loadBalancer,
    ...tcp(args.serverPort),
    description: "Load balancer",
  });
  if (args.source) {
    const from = { loadBalancer, ours: own !== undefined, vpcCidr: args.vpcCidr };
    sourceRules(name, args.source, from, parent);
  }

  // Redash queries whatever its users add as a data source, on any host and port.
  egress(`${name}-tasks-to-anywhere`, parent, {
    securityGroupId: tasks,
    cidrIpv4: "0.0.0.0/0",
    ipProtocol: "-1",
    description: "Data sources, database, queue and AWS services",
  });
  ingress(`${name}-database-from-tasks`, parent, {
    securityGroupId: database,
    referencedSecurityGroupId: tasks,
    ...tcp(POSTGRESQL_PORT),
    description: "Redash tasks",
  });
  ingress(`${name}-queue-from-tasks`, parent, {
    securityGroupId: queue,
    referencedSecurityGroupId: tasks,
    ...tcp(VALKEY_PORT),
    description: "Redash tasks",
  });
  if (endpoints) {
    ingress(`${name}-endpoints-from-tasks`, parent, {
      securityGroupId: endpoints,
      referencedSecurityGroupId: tasks,
      ...tcp(HTTPS_PORT),
      description: "Redash tasks",
    });
  }
  return { loadBalancer, tasks, database, queue, endpoints };
}

function sourceRules(
  name: string,
  source: SourceAccess,
  from: { loadBalancer: pulumi.Output<string>; ours: boolean; vpcCidr: pulumi.Output<string> },
  parent: pulumi.Resource,
): void {
  const to = source.securityGroupId
    ? { referencedSecurityGroupId: source.securityGroupId }
    : from.ours
      ? { cidrIpv4: from.vpcCidr }
      : undefined;
  if (!to) return;
  egress(`${name}-load-balancer-to-source`, parent, {
    securityGroupId: from.loadBalancer,
    ...to,
    ...tcp(source.port),
    description: "Source host of the migration",
  });
  if (source.securityGroupId) {
    ingress(`${name}-source-from-load-balancer`, parent, {
      securityGroupId: source.securityGroupId,
      referencedSecurityGroupId: from.loadBalancer,
      ...tcp(source.port),
      description: "Load balancer of the managed Redash",
    });
  }
}

function tcp(port: number): { ipProtocol: string; fromPort: number; toPort: number } {
  return { ipProtocol: "tcp", fromPort: port, toPort: port };
}

function ingress(
  name: string,
  parent: pulumi.Resource,
  args: vpc.SecurityGroupIngressRuleArgs,
): void {
  new vpc.SecurityGroupIngressRule(name, args, { parent });
}

function egress(
  name: string,
  parent: pulumi.Resource,
  args: vpc.SecurityGroupEgressRuleArgs,
): void {
  new vpc.SecurityGroupEgressRule(name, args, { parent });
}
