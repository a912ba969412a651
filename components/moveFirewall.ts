import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { HTTPS_PORT, POSTGRESQL_PORT, VALKEY_PORT } from "./ports";
import type { SourcePostgres } from "./replicationRules";
import { egress, ingress, tcp } from "./securityGroupRule";

/** What the function of the move reaches. */
export interface MoveFirewallArgs {
  readonly vpcId: pulumi.Input<string>;
  readonly source: SourcePostgres;
  readonly databaseSecurityGroupId: pulumi.Input<string>;
  readonly queueSecurityGroupId: pulumi.Input<string>;
  readonly loadBalancer: {
    readonly securityGroupId: pulumi.Input<string>;
    readonly scheme: "internal" | "internet-facing";
    /**
     * Public addresses from which the function reaches an internet-facing one: its name leads there from within the
     * VPC too. Of a VPC that another program owns nobody tells them; `redash:ingressCidrs` must have them.
     */
    readonly natAddresses: readonly pulumi.Input<string>[];
  };
  /** Interface endpoints of AWS services. @default none: AWS is reached by NAT */
  readonly endpointsSecurityGroupId?: pulumi.Input<string> | undefined;
}

/**
 * The security group of the function. Lambda deletes its network interfaces by the function's own role, minutes after
 * the function: so the group, which cannot go before them, must go before the role.
 * https://repost.aws/knowledge-center/lambda-eni-find-delete
 */
export function moveFirewall(
  name: string,
  args: MoveFirewallArgs,
  permissions: readonly pulumi.Resource[],
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const { id } = new ec2.SecurityGroup(
    name,
    { vpcId: args.vpcId, description: "Redash: function of the move" },
    { parent, dependsOn: [...permissions], customTimeouts: { delete: "45m" } },
  );
  const lead = (
    role: string,
    securityGroupId: pulumi.Input<string>,
    port: number,
    description: string,
  ) => {
    egress(`${name}-to-${role}`, parent, {
      securityGroupId: id,
      referencedSecurityGroupId: securityGroupId,
      ...tcp(port),
      description,
    });
    letIn(role, securityGroupId, port);
  };
  const letIn = (role: string, securityGroupId: pulumi.Input<string>, port: number) => {
    ingress(`${name}-${role}-ingress`, parent, {
      securityGroupId,
      referencedSecurityGroupId: id,
      ...tcp(port),
      description: "Function of the move",
    });
  };

  lead("database", args.databaseSecurityGroupId, POSTGRESQL_PORT, "Metadata database");
  lead("queue", args.queueSecurityGroupId, VALKEY_PORT, "Queue");
  const { source } = args;
  const ofSource = "PostgreSQL of the migration's source";
  if ("securityGroupId" in source)
    lead("source", source.securityGroupId, source.databasePort, ofSource);
  else {
    egress(`${name}-to-source`, parent, {
      securityGroupId: id,
      cidrIpv4: pulumi.interpolate`${source.address}/32`,
      ...tcp(source.databasePort),
      description: ofSource,
    });
  }
  egress(`${name}-to-https`, parent, {
    securityGroupId: id,
    cidrIpv4: "0.0.0.0/0",
    ...tcp(HTTPS_PORT),
    description: "AWS services, and Redash as its users reach it",
  });
  const { securityGroupId, scheme, natAddresses } = args.loadBalancer;
  letIn("load-balancer", securityGroupId, HTTPS_PORT);
  for (const [index, address] of (scheme === "internal" ? [] : natAddresses).entries()) {
    ingress(`${name}-load-balancer-from-nat-${index}`, parent, {
      securityGroupId,
      cidrIpv4: pulumi.interpolate`${address}/32`,
      ...tcp(HTTPS_PORT),
      description: "Function of the move, by NAT",
    });
  }
  if (args.endpointsSecurityGroupId !== undefined)
    letIn("endpoints", args.endpointsSecurityGroupId, HTTPS_PORT);
  return id;
}
