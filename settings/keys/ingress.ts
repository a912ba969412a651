import { z } from "zod";
import { byMode, fixed, optional, required } from "../key";
import { arn, cidr, id, LOG_RETENTION_DAYS } from "../formats";

const TLS_POLICIES = [
  "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
  "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
  "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
  "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
  "ELBSecurityPolicy-TLS13-1-2-2021-06",
  "ELBSecurityPolicy-TLS13-1-3-2021-06",
] as const;

export const ingressKeys = {
  host: required({
    type: "string",
    description: "Host name under which people reach Redash.",
    schema: z
      .string()
      .regex(/^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/),
    allowed: "a lower-case host name without scheme, such as redash.your-company.com",
    example: "redash.example.com",
  }),
  certificateArn: optional({
    type: "string",
    description:
      "Certificate of the host, in the stack's region; left out, one is made in hostedZoneId.",
    schema: arn("acm"),
    allowed: "an ACM certificate's ARN",
    example: "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
  }),
  hostedZoneId: optional({
    type: "string",
    description:
      "Route 53 zone in which certificate validation and the host's record are made; left out, DNS is yours.",
    schema: z.string().regex(/^Z[A-Z0-9]{8,31}$/),
    allowed: "a zone id like Z08193412ABCDEFGHIJKL",
    example: "Z0123456789ABCDEFGHIJ",
  }),
  ingressScheme: fixed<"internal" | "internet-facing">({
    type: "string",
    description: "Whether the load balancer has public addresses.",
    effect: "replaces the load balancer",
    schema: z.enum(["internal", "internet-facing"]),
    allowed: "internal, internet-facing",
    default: "internal",
    example: "internet-facing",
  }),
  ingressCidrs: fixed<string[]>({
    type: "array",
    description:
      "Networks that may reach the load balancer. During a move into an existing VPC with an internet-facing one also the public addresses of the VPC's NAT gateways: the move knocks as people do.",
    schema: z.array(cidr).min(1),
    allowed: "IPv4 networks without host bits, such as 10.0.0.0/8",
    default: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
    example: ["10.0.0.0/8"],
  }),
  httpRedirect: fixed({
    type: "boolean",
    description:
      "Whether port 80 redirects to HTTPS. Off: no listener without TLS at all (Security Hub ELB.1 and ELB.18 both pass).",
    schema: z.boolean(),
    allowed: "true, false",
    default: false,
    example: true,
  }),
  tlsPolicy: fixed({
    type: "string",
    description: "TLS versions and ciphers of the listener.",
    schema: z.enum(TLS_POLICIES),
    allowed: TLS_POLICIES.join(", "),
    default: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    example: "ELBSecurityPolicy-TLS13-1-2-2021-06",
  }),
  ingressIdleTimeoutSeconds: fixed({
    type: "integer",
    unit: "seconds",
    description:
      "How long the load balancer waits on a silent connection; large downloads need more than a request may take.",
    schema: z.number().int().min(60).max(4000),
    allowed: "60 to 4000",
    default: 120,
    example: 120,
  }),
  accessLogRetentionDays: byMode({
    type: "integer",
    unit: "days",
    description: "How long access logs of the load balancer are kept in S3.",
    schema: z.number().int().min(1).max(3653),
    allowed: `1 to ${LOG_RETENTION_DAYS.at(-1) ?? 3653}`,
    modeDefault: { rehearsal: 7, production: 365 },
    example: 365,
  }),
  existingListenerArn: optional({
    type: "string",
    description: "HTTPS listener of a load balancer that exists; Redash becomes a rule on it.",
    schema: arn("elasticloadbalancing").refine((text) => text.includes(":listener/app/")),
    allowed: "the ARN of an application load balancer's listener",
    example:
      "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shared/0123456789abcdef/0123456789abcdef",
  }),
  existingListenerRulePriority: optional({
    type: "integer",
    description: "Priority of that rule, free on the listener.",
    schema: z.number().int().min(1).max(50000),
    allowed: "1 to 50000",
    example: 100,
  }),
  existingLoadBalancerSecurityGroupId: optional({
    type: "string",
    description: "Security group of that load balancer; the tasks let it in.",
    schema: id("sg"),
    allowed: "an id like sg-0a1b2c3d4e5f60718",
    example: "sg-0123456789abcdef0",
  }),
};
