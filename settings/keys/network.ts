import { z } from "zod";
import { byMode, fixed, optional } from "../key";
import {
  cidr,
  id,
  LOG_RETENTION_DAYS,
  logRetentionDays,
  prefixLength,
  subnetIds,
} from "../formats";

const SUBNETS = "two or more ids like subnet-0a1b2c3d4e5f60718, each in a zone of its own";
const EXAMPLE_SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];

export const networkKeys = {
  vpcId: optional({
    type: "string",
    description: "An existing VPC to live in; left out, a new one is made.",
    effect: "replaces the whole network and all in it",
    schema: id("vpc"),
    allowed: "an id like vpc-0a1b2c3d4e5f60718",
    example: "vpc-0123456789abcdef0",
  }),
  publicSubnetIds: optional({
    type: "array",
    description: "Public subnets of the existing VPC, for the load balancer.",
    schema: subnetIds,
    allowed: SUBNETS,
    example: EXAMPLE_SUBNETS,
  }),
  privateSubnetIds: optional({
    type: "array",
    description:
      "Private subnets of the existing VPC with a way out (NAT), for the tasks and, during a move, for its function, which calls AWS's services.",
    schema: subnetIds,
    allowed: SUBNETS,
    example: EXAMPLE_SUBNETS,
  }),
  isolatedSubnetIds: optional({
    type: "array",
    description: "Subnets of the existing VPC for PostgreSQL and Valkey.",
    schema: subnetIds,
    allowed: SUBNETS,
    example: EXAMPLE_SUBNETS,
  }),
  vpcCidr: fixed({
    type: "string",
    description: "Address range of a new VPC.",
    effect: "replaces the VPC",
    schema: cidr.refine((network) => prefixLength(network) >= 16 && prefixLength(network) <= 20),
    allowed: "an IPv4 network of /16 to /20 without host bits, such as 10.80.0.0/16",
    default: "10.80.0.0/16",
    example: "10.80.0.0/16",
  }),
  availabilityZones: fixed<2 | 3>({
    type: "integer",
    unit: "zones",
    description: "Availability zones of a new VPC.",
    schema: z.union([z.literal(2), z.literal(3)]),
    allowed: "2, 3",
    default: 2,
    example: 2,
  }),
  natGateways: byMode<"Single" | "OnePerAz">({
    type: "string",
    description: "NAT gateways of a new VPC: one, or one per zone.",
    schema: z.enum(["Single", "OnePerAz"]),
    allowed: "Single, OnePerAz",
    modeDefault: { rehearsal: "Single", production: "OnePerAz" },
    example: "OnePerAz",
  }),
  interfaceEndpoints: fixed({
    type: "boolean",
    description:
      "Whether a new VPC has interface endpoints for ECR, logs, Secrets Manager, KMS and SSM, so that these calls stay off the internet (about 7 USD a month each per zone). A move makes those of Secrets Manager and Systems Manager for as long as it lasts.",
    schema: z.boolean(),
    allowed: "true, false",
    default: false,
    example: true,
  }),
  flowLogRetentionDays: byMode({
    type: "integer",
    unit: "days",
    description: "How long the flow logs of a new VPC are kept.",
    schema: logRetentionDays,
    allowed: LOG_RETENTION_DAYS.join(", "),
    modeDefault: { rehearsal: 7, production: 90 },
    example: 90,
  }),
};
