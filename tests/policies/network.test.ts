import { describe } from "mocha";
import { cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

type Json = Record<string, unknown>;
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const rule = (props: Json, refersTo: Record<string, string> = {}): Given => ({
  type: INGRESS,
  name: "rule",
  props: { ipProtocol: "tcp", ...props },
  refersTo,
});
const open = (port: number, more: Json = {}) =>
  rule({ cidrIpv4: "0.0.0.0/0", fromPort: port, toPort: port, ...more });
const inline = (ingress: unknown): Given => ({ type: GROUP, name: "group", props: { ingress } });
const old = (props: Json): Given => ({
  type: "aws:ec2/securityGroupRule:SecurityGroupRule",
  props: { type: "ingress", protocol: "tcp", ...props },
});
const world = 'cidrIpv4 is "0.0.0.0/0"';

describe("policies of the network", () => {
  describePolicy(
    "network-no-high-risk-port-open",
    cases({
      "accepts 443 from everywhere": [open(443)],
      "accepts PostgreSQL from a group": [
        rule({ referencedSecurityGroupId: "sg", fromPort: 5432, toPort: 5432 }),
      ],
      "accepts PostgreSQL from a network": [open(5432, { cidrIpv4: "10.0.0.0/8" })],
      "refuses PostgreSQL from everywhere": [open(5432), world],
      "refuses Valkey from everywhere": [open(6379), world],
      "refuses SSH from everywhere, by IPv6": [
        rule({ cidrIpv6: "::/0", fromPort: 22, toPort: 22 }),
        'cidrIpv6 is "::/0"',
      ],
      "refuses a range around a port": [open(0, { fromPort: 5000, toPort: 6000 }), world],
      "refuses all protocols": [rule({ cidrIpv4: "0.0.0.0/0", ipProtocol: "-1" }), world],
      "refuses ports that are not known": [open(0, { fromPort: UNKNOWN, toPort: UNKNOWN }), world],
      "refuses a network that is not known": [
        open(22, { cidrIpv4: UNKNOWN }),
        "cidrIpv4 is not known before the update",
      ],
      "refuses an inline rule": [
        inline([{ protocol: "tcp", fromPort: 3389, toPort: 3389, cidrBlocks: ["0.0.0.0/0"] }]),
        "ingress.0.cidrBlocks is a list of 1",
      ],
      "refuses inline rules that are not known": [
        inline(UNKNOWN),
        "ingress is not known before the update",
      ],
      "refuses a rule of the old kind": [
        old({ fromPort: 22, toPort: 22, cidrBlocks: ["10.0.0.0/8", "0.0.0.0/0"] }),
        "cidrBlocks is a list of 2",
      ],
      "accepts an old rule that goes out": [
        old({ type: "egress", fromPort: 0, toPort: 65535, cidrBlocks: ["0.0.0.0/0"] }),
      ],
    }),
  );

  const balancer: Given = {
    type: "aws:lb/loadBalancer:LoadBalancer",
    name: "alb",
    props: { securityGroups: [UNKNOWN] },
    refersTo: { securityGroups: "group" },
  };
  const group: Given = { type: GROUP, name: "group", props: {} };
  const inFront = (port: number, more: Json = {}): Given => ({
    ...open(port, { securityGroupId: UNKNOWN, ...more }),
    refersTo: { securityGroupId: "group" },
  });
  describePolicy(
    "network-world-reaches-web-ports-only",
    cases({
      "accepts 443 of a load balancer": [[balancer, group, inFront(443)]],
      "accepts 80 of a load balancer": [[balancer, group, inFront(80)]],
      "accepts any port from a network": [
        [balancer, group, inFront(9999, { cidrIpv4: "10.0.0.0/8" })],
      ],
      "refuses another port of a load balancer": [[balancer, group, inFront(8443)], world],
      "refuses 443 of something else": [[group, inFront(443)], world],
      "refuses a range": [[balancer, group, inFront(443, { fromPort: 80, toPort: 443 })], world],
      "refuses all protocols": [[balancer, group, inFront(0, { ipProtocol: "-1" })], world],
      "refuses a network that is not known": [
        [group, inFront(443, { cidrIpv4: UNKNOWN })],
        "cidrIpv4 is not known before the update",
      ],
      "refuses a group that is made elsewhere": [
        [balancer, group, open(443, { securityGroupId: "sg-theirs" })],
        world,
      ],
      "refuses an inline rule": [
        [inline([{ protocol: "tcp", fromPort: 8080, toPort: 8080, cidrBlocks: ["0.0.0.0/0"] }])],
        "ingress.0.cidrBlocks is a list of 1",
      ],
    }),
  );

  describePolicy("network-rules-are-resources", {
    ...property(group, "ingress", { right: [undefined], wrong: [[{}], [], UNKNOWN, HIDDEN] }),
    ...property(group, "egress", { right: [undefined], wrong: [[{}], [], UNKNOWN] }),
  });
  describePolicy("network-descriptions", {
    ...property({ type: GROUP, props: {} }, "description", {
      right: ["Redash", UNKNOWN],
      wrong: [undefined, ""],
    }),
    ...property(rule({}), "description", { right: ["Users"], wrong: [undefined, ""] }),
    ...property(old({}), "description", { right: ["Users"], wrong: [undefined] }),
  });

  const vpc: Given = { type: "awsx:ec2:Vpc", name: "vpc", props: {} };
  const closed = (props: Json = {}): Given => ({
    type: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    name: "default",
    props,
  });
  const plainVpc: Given = { type: "aws:ec2/vpc:Vpc", name: "own", props: {} };
  describePolicy("network-default-group-closed", {
    ...property(closed(), "ingress", { right: [undefined, []], wrong: [[{}], UNKNOWN, HIDDEN] }),
    ...property(closed(), "egress", { right: [[]], wrong: [[{}], UNKNOWN] }),
    ...cases({
      "accepts a VPC with a closed one": [[vpc, closed()]],
      "refuses a VPC without": [vpc, " is without one"],
      "refuses a VPC of its own without, though another one has it": [
        [plainVpc, { ...plainVpc, name: "other" }, { ...closed(), refersTo: { vpcId: "other" } }],
        " is without one",
      ],
      "counts a component's VPC once": [
        [vpc, { ...plainVpc, parent: "urn:pulumi:test::redash::awsx:ec2:Vpc::vpc" }, closed()],
      ],
      "refuses the second VPC without": [
        [vpc, { ...vpc, name: "vpc-2" }, closed()],
        " is without one",
      ],
    }),
  });
  const log = (props: Json): Given => ({ type: "aws:ec2/flowLog:FlowLog", name: "log", props });
  describePolicy("network-flow-logs", {
    ...property(log({}), "trafficType", {
      right: ["ALL", "REJECT"],
      wrong: ["ACCEPT", undefined, UNKNOWN, HIDDEN],
    }),
    ...cases({
      "accepts a VPC with logs": [[vpc, log({ trafficType: "ALL" })]],
      "refuses a VPC without": [vpc, " is without them"],
    }),
  });
  describePolicy(
    "network-no-automatic-public-address",
    property({ type: "aws:ec2/subnet:Subnet", props: {} }, "mapPublicIpOnLaunch", {
      right: [false, undefined],
      wrong: [true, "false", "true", 1, UNKNOWN, HIDDEN],
    }),
  );

  const endpoint = (service: string): Given => ({
    type: "aws:ec2/vpcEndpoint:VpcEndpoint",
    name: service,
    props: {
      serviceName: `com.amazonaws.eu-west-1.${service}`,
      vpcEndpointType: "Interface",
      privateDnsEnabled: true,
      securityGroupIds: [UNKNOWN],
    },
  });
  const all = ["ecr.api", "ecr.dkr", "ssmmessages"];
  describePolicy(
    "network-endpoints",
    cases({
      "accepts a VPC with endpoints": [[vpc, ...all.map(endpoint)]],
      "refuses one with none": [vpc, " is without endpoints for ecr.api, ecr.dkr, ssmmessages"],
      ...Object.fromEntries(
        all.map((left): [string, [Given[], string]] => [
          `refuses one without ${left}`,
          [
            [vpc, ...all.filter((it) => it !== left).map(endpoint)],
            ` is without endpoints for ${left}`,
          ],
        ]),
      ),
      "does not judge somebody else's VPC": [all.map(endpoint)],
      "refuses an endpoint that is not known": [
        [vpc, ...all.slice(1).map(endpoint), { ...endpoint("x"), props: { serviceName: UNKNOWN } }],
        " is without endpoints for ecr.api",
      ],
      "refuses an endpoint that is a secret": [
        [vpc, ...all.slice(1).map(endpoint), { ...endpoint("x"), props: { serviceName: HIDDEN } }],
        " is without endpoints for ecr.api",
      ],
    }),
  );
  describePolicy("network-endpoint-private", {
    ...property(endpoint("kms"), "privateDnsEnabled", {
      right: [true],
      wrong: [false, undefined, UNKNOWN, HIDDEN],
    }),
    ...property(endpoint("kms"), "securityGroupIds", {
      right: [["sg"], UNKNOWN],
      wrong: [[], undefined],
    }),
    ...property(endpoint("s3"), "vpcEndpointType", { right: ["Gateway"] }),
  });
});
