import type { Values } from "../keys";
import { type Found, problem } from "./combination";

const SUBNET_KEYS = ["publicSubnetIds", "privateSubnetIds", "isolatedSubnetIds"] as const;

/** The subnets of an existing VPC. */
export function* network(values: Values): Found {
  for (const name of SUBNET_KEYS) {
    const needed = values.vpcId !== undefined;
    // Behind somebody else's load balancer no public subnet is used.
    if (name === "publicSubnetIds" && values.existingListenerArn !== undefined) continue;
    if (needed === (values[name] !== undefined)) continue;
    yield needed
      ? problem(values, [name, "vpcId"], `subnets of the VPC, since vpcId is set`)
      : problem(
          values,
          [name, "vpcId"],
          "nothing, since vpcId is not set",
          `pulumi config rm redash:${name}`,
        );
  }
  const seen = new Map<string, string>();
  for (const name of SUBNET_KEYS) {
    for (const subnet of values[name] ?? []) {
      const other = seen.get(subnet);
      if (other !== undefined) {
        yield problem(
          values,
          [name, "vpcId"],
          `subnets that no other tier has; ${subnet} is in ${other} too`,
        );
      }
      seen.set(subnet, name);
    }
  }
}
