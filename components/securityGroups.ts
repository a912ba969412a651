import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { HTTP_PORT, HTTPS_PORT, POSTGRESQL_PORT, VALKEY_PORT } from "./ports";
import { replicationRules, type Replicators } from "./replicationRules";
import { egress, ingress, tcp } from "./securityGroupRule";

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

/** The EC2 host that Redash moves away from, as the load balancer and replication reach it. */
export interface SourceAccess {
  /**
   * The host's security group. It gains rules for the load balancer and for replication. Leave it out where the load
   * balancer's rule exists already (AWS refuses a duplicate): a load balancer of our own may then reach `port` in the
   * whole VPC, an existing one gains nothing, and the host's owner lets replication in to `databasePort`.
   */
  readonly securityGroupId?: string | undefined;
  /** TCP port of nginx or of Redash's server on the host. */
  readonly port: number;
  /** The host's private IPv4 address. */
  readonly address: pulumi.Input<string>;
  /** TCP port of PostgreSQL on that address. */
  readonly databasePort: number;
}

export interface SecurityGroupsArgs {
  readonly vpcId: pulumi.Output<string>;
  readonly vpcCidr: pulumi.Output<string>;
  readonly ingress: IngressArgs;
  readonly source?: SourceAccess | undefined;
  readonly serverPort: number;
  /** Makes the group of AWS DMS's replication instance. */
  readonly replicationInstance: boolean;
  readonly interfaceEndpoints: boolean;
}

export interface SecurityGroupIds {
  /** Of a load balancer of our own, or of the existing one. */
  readonly loadBalancer: pulumi.Output<string>;
  readonly tasks: pulumi.Output<string>;
  readonly database: pulumi.Output<string>;
  readonly queue: pulumi.Output<string>;
  /** Only with a replication instance. */
  readonly replicationInstance: pulumi.Output<string> | undefined;
  /** Only with interface endpoints. Whoever calls by them gets a rule of its own. */
  readonly endpoints: pulumi.Output<string> | undefined;
}

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
  const replicationInstance = args.replicationInstance
    ? group("replication", "Redash: replication instance of the migration")
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
    sourceReplicationRules(name, args.source, { database, replicationInstance }, parent);
  }
  if (replicationInstance) {
    replicationInstanceRules(name, { replicationInstance, database, endpoints }, parent);
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
  return { loadBalancer, tasks, database, queue, replicationInstance, endpoints };
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

function sourceReplicationRules(
  name: string,
  { securityGroupId, address, databasePort }: SourceAccess,
  replicators: Replicators,
  parent: pulumi.Resource,
): void {
  const source = securityGroupId === undefined ? { address } : { securityGroupId };
  replicationRules(`${name}-source`, { databasePort, ...source }, replicators, parent);
  if (securityGroupId !== undefined) {
    egress(`${name}-source-to-database`, parent, {
      securityGroupId,
      referencedSecurityGroupId: replicators.database,
      ...tcp(POSTGRESQL_PORT),
      description: "Replication back from the managed Redash",
    });
  }
}

/** It writes into the database, and reads the credentials of both ends from Secrets Manager. */
function replicationInstanceRules(
  name: string,
  groups: {
    replicationInstance: pulumi.Output<string>;
    database: pulumi.Output<string>;
    endpoints: pulumi.Output<string> | undefined;
  },
  parent: pulumi.Resource,
): void {
  const { replicationInstance, database, endpoints } = groups;
  egress(`${name}-replication-to-database`, parent, {
    securityGroupId: replicationInstance,
    referencedSecurityGroupId: database,
    ...tcp(POSTGRESQL_PORT),
    description: "Metadata database",
  });
  ingress(`${name}-database-from-replication`, parent, {
    securityGroupId: database,
    referencedSecurityGroupId: replicationInstance,
    ...tcp(POSTGRESQL_PORT),
    description: "Replication instance of the migration",
  });
  egress(`${name}-replication-to-secrets-manager`, parent, {
    securityGroupId: replicationInstance,
    // An existing VPC leads there by its owner's NAT or endpoint.
    ...(endpoints ? { referencedSecurityGroupId: endpoints } : { cidrIpv4: "0.0.0.0/0" }),
    ...tcp(HTTPS_PORT),
    description: "Secrets Manager",
  });
  if (endpoints) {
    ingress(`${name}-endpoints-from-replication`, parent, {
      securityGroupId: endpoints,
      referencedSecurityGroupId: replicationInstance,
      ...tcp(HTTPS_PORT),
      description: "Replication instance of the migration",
    });
  }
}
