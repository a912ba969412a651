import type { Stack } from "./stack";
import type { View } from "./view";

const ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation";
const SUBNET = "aws:ec2/subnet:Subnet";

/**
 * Whether one of a group's subnets, as far as they are this stack's, has a route to an internet gateway.
 * @returns undefined if it is not known yet which subnets they are
 */
function refersToPublicSubnet(stack: Stack, group: View): boolean | undefined {
  const ids: unknown = group.get("subnetIds");
  const list: unknown[] = Array.isArray(ids) ? ids : [];
  const urns = group.resource.propertyDependencies["subnetIds"] ?? [];
  const all = stack.of(SUBNET);
  const recorded = all.filter(({ resource }) => urns.includes(resource.urn));
  // What is computed from all subnets of a network refers to all of them, public ones too.
  const isExact = recorded.length > 0 && recorded.length <= list.length;
  const isKnown = Array.isArray(ids) && list.every((id) => typeof id === "string");
  const meant = all.filter((subnet) => {
    const id = subnet.get("id");
    return (typeof id === "string" && list.includes(id)) || (isExact && recorded.includes(subnet));
  });
  if (meant.some((subnet) => isPublicSubnet(stack, subnet))) return true;
  return isKnown || isExact || all.length === 0 ? false : undefined;
}

/** Finds fault with a subnet group that has a public subnet. */
export function mustNotBeInPublicSubnets(stack: Stack, group: View): void {
  const isPublic = refersToPublicSubnet(stack, group);
  if (isPublic === undefined) group.undecided("subnetIds");
  if (isPublic === true)
    group.wrong(
      "subnetIds",
      "subnets without a route to an internet gateway",
      "a list with a public subnet",
    );
}

/** Whether a subnet's route table has a route to an internet gateway. */
function isPublicSubnet(stack: Stack, subnet: View): boolean {
  const urn = subnet.resource.urn;
  const tables = stack
    .of(ASSOCIATION)
    .filter((it) => stack.target(it, "subnetId", SUBNET)?.resource.urn === urn)
    .map((it) => stack.target(it, "routeTableId", "aws:ec2/routeTable:RouteTable"));
  return stack.of("aws:ec2/route:Route").some((route) => {
    const table = stack.target(route, "routeTableId", "aws:ec2/routeTable:RouteTable");
    const gateway = route.get("gatewayId");
    return (
      table !== undefined &&
      tables.some((it) => it?.resource.urn === table.resource.urn) &&
      (stack.target(route, "gatewayId", "aws:ec2/internetGateway:InternetGateway") !== undefined ||
        (typeof gateway === "string" && gateway.startsWith("igw-")))
    );
  });
}
