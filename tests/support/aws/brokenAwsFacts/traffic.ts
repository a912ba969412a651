import { known } from "../../../../cutover/preflight/fact";
import { unknown } from "../../cutover/brokenFacts/brokenCase";
import type { BrokenAwsCase } from "./brokenAwsCase";

const PULUMI_UP = "run pulumi up with redash:phase replicating";

export const TRAFFIC_CASES: readonly BrokenAwsCase[] = [
  [
    "alb-forwards",
    "fail",
    ({ forward }) => (known(forward).kinds = ["authenticate-oidc", "forward"]),
    "its actions are authenticate-oidc, forward",
    PULUMI_UP,
  ],
  [
    "alb-forwards",
    "fail",
    ({ forward }) => (known(forward).weights["arn:third"] = 0),
    "to arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/source/1, arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/target/2, arn:third",
    PULUMI_UP,
  ],
  [
    "alb-weights",
    "fail",
    ({ forward, description }) => (known(forward).weights[description.target.targetGroupArn] = 10),
    "source 100, target 10",
    "npm run move -- status; if no move is under way: pulumi up",
  ],
  [
    "alb-not-sticky",
    "fail",
    ({ forward }) => (known(forward).isSticky = true),
    "stickiness between groups is on",
    PULUMI_UP,
  ],
  [
    "alb-source-all-healthy",
    "fail",
    ({ sourceGroup }) => (known(sourceGroup).healthy = []),
    "it has no target",
    "let the load balancer reach GET /ping there: port, security group, and whether it runs",
  ],
  [
    "alb-target-all-healthy",
    "fail",
    ({ targetGroup }) =>
      (known(targetGroup).unhealthy = ["10.0.2.7 is unhealthy (Target.Timeout)"]),
    "10.0.2.7 is unhealthy (Target.Timeout)",
    "let the load balancer reach GET /ping there: port, security group, and whether it runs",
  ],
  [
    "alb-requests-end",
    "warn",
    ({ targetGroup }) => (known(targetGroup).deregistrationDelaySeconds = 0),
    "source 60 s, target 0 s",
    "run pulumi up, which sets a deregistration delay of 60 s",
  ],
  [
    "alb-named",
    "warn",
    (facts) => (facts.hostAddresses = { isKnown: true, value: ["198.51.100.7"] }),
    "redash.example.com is 198.51.100.7, the load balancer 192.0.2.20, 192.0.2.21",
    "let redash.example.com lead to the load balancer before the cutover; if a CDN or a proxy of yours stands between, make sure that it passes on every request and keeps nothing",
  ],
  [
    "alb-named",
    "fail",
    (facts) => (facts.hostAddresses = unknown("getaddrinfo ENOTFOUND redash.example.com")),
    "getaddrinfo ENOTFOUND redash.example.com",
    "give redash.example.com a record that leads to the load balancer, and that the VPC's resolver knows: the move asks Redash by this name",
  ],
];
