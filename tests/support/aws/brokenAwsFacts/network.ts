import { known } from "../../../../cutover/preflight/fact";
import { unknown } from "../../cutover/brokenFacts/brokenCase";
import type { BrokenAwsCase } from "./brokenAwsCase";

export const NETWORK_CASES: readonly BrokenAwsCase[] = [
  ...(
    ["ssm", "secretsmanager", "s3", "ecs", "elasticloadbalancing", "dms", "monitoring"] as const
  ).map((service): BrokenAwsCase => [
    `reaches-${service}`,
    "fail",
    ({ reached }) => (reached[service] = unknown("no connection within 3 s")),
    "no connection within 3 s",
    `give its subnets NAT, or an endpoint of ${service} in the VPC whose security group lets the function in`,
  ]),
  [
    "tasks-zones",
    "fail",
    ({ network }) => (known(network).zones = ["eu-west-1a"]),
    "only eu-west-1a",
    "give redash:privateSubnetIds of two zones or more",
  ],
  [
    "tasks-addresses",
    "fail",
    ({ network }) => (known(network).freeAddresses = 19),
    "19 in the fullest subnet, 20 are needed",
    "give the tasks larger subnets",
  ],
  [
    "tasks-way-out",
    "warn",
    ({ network }) => (known(network).natGateways = []),
    "no NAT gateway is on their routes",
    "find out by which addresses these subnets reach the outside, and give them to the owners of data sources",
  ],
  [
    "tasks-way-out",
    "fail",
    ({ network }) => (known(network).natGateways[0]!.state = "deleting"),
    "nat-1 is deleting",
    "run pulumi up, which makes NAT gateways, or ask the VPC's owner",
  ],
];
