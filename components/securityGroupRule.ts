import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";

/** One TCP port, as rules write it. */
export function tcp(port: number): { ipProtocol: string; fromPort: number; toPort: number } {
  return { ipProtocol: "tcp", fromPort: port, toPort: port };
}

/** Lets a peer in to a security group. */
export function ingress(
  name: string,
  parent: pulumi.Resource,
  args: vpc.SecurityGroupIngressRuleArgs,
): void {
  new vpc.SecurityGroupIngressRule(name, args, { parent });
}

/** Lets a security group out to a peer. */
export function egress(
  name: string,
  parent: pulumi.Resource,
  args: vpc.SecurityGroupEgressRuleArgs,
): void {
  new vpc.SecurityGroupEgressRule(name, args, { parent });
}
