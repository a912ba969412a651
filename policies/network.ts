import { absent, absentOr, is, notEmpty, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import type { Stack } from "./stack";
import { UNKNOWN } from "./value";
import type { View } from "./view";

const INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup";
const VPC = "aws:ec2/vpc:Vpc";
const AWSX_VPC = "awsx:ec2:Vpc";
const FLOW_LOG = "aws:ec2/flowLog:FlowLog";
const SUBNET = "aws:ec2/subnet:Subnet";
const ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint";

/** Ports that Security Hub calls high-risk (EC2.19), and what Redash keeps its data in. */
const HIGH_RISK = [
  20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500,
  5601, 6379, 8080, 8088, 8888, 9200, 9300,
];
const WORLD = new Set(["0.0.0.0/0", "::/0"]);

interface Opening {
  readonly view: View;
  readonly property: string;
  readonly from: number;
  readonly to: number;
}

const number = (value: unknown, otherwise: number) =>
  typeof value === "number"
    ? value
    : typeof value === "string" && value !== ""
      ? Number(value)
      : otherwise;

/** Where a group or a rule lets the whole world in; what is not known counts as the world. */
function openings(view: View): Opening[] {
  const entry = (one: View, property: string, cidrs: readonly unknown[]): Opening[] => {
    if (!cidrs.some((cidr) => cidr === UNKNOWN || WORLD.has(cidr as string))) return [];
    const all = one.get("protocol") === "-1" || one.get("ipProtocol") === "-1";
    return [
      {
        view: one,
        property,
        from: all ? 0 : number(one.get("fromPort"), 0),
        to: all ? 65535 : number(one.get("toPort"), 65535),
      },
    ];
  };
  const lists = (one: View) => [one.get("cidrBlocks"), one.get("ipv6CidrBlocks")].flat();
  switch (view.type) {
    case INGRESS:
      return entry(view, view.get("cidrIpv6") === undefined ? "cidrIpv4" : "cidrIpv6", [
        view.get("cidrIpv4"),
        view.get("cidrIpv6"),
      ]);
    case OLD_RULE:
      return view.get("type") === "ingress" ? entry(view, "cidrBlocks", lists(view)) : [];
    default:
      return view.each("ingress").flatMap((rule) => entry(rule, "cidrBlocks", lists(rule)));
  }
}

const onRules = (policy: Omit<Policy, "types">): Policy => ({
  types: [INGRESS, OLD_RULE, GROUP],
  ...policy,
});

/** The security groups that stand in front of a load balancer of the stack. */
const inFrontOfLoadBalancers = (stack: Stack): Set<string> =>
  new Set(
    stack
      .of("aws:lb/loadBalancer:LoadBalancer")
      .flatMap((balancer) => balancer.resource.propertyDependencies["securityGroups"] ?? []),
  );

/** New VPCs to which no resource of a type refers. A component's own VPC counts once, as the component. */
function vpcsWithout(stack: Stack, type: string): View[] {
  const plain = stack.of(VPC).filter(({ resource }) => !resource.parent?.includes("awsx:ec2:Vpc"));
  const all = stack.of(type);
  const ofPlain = all.filter((it) => stack.target(it, "vpcId", VPC) !== undefined);
  const missing = plain.filter(
    (vpc) =>
      !ofPlain.some((it) => stack.target(it, "vpcId", VPC)?.resource.urn === vpc.resource.urn),
  );
  // To a component's VPC a resource refers through the component, which the engine does not always record.
  const others = all.filter((it) => !ofPlain.includes(it));
  return [...missing, ...stack.of(AWSX_VPC).slice(others.length)];
}

/** VPC and security groups. */
export const NETWORK: Subject = {
  title: "Network (VPC, security groups)",
  policies: [
    onRules({
      id: "network-no-high-risk-port-open",
      title: "No port of a database, a queue or a shell is open to the world.",
      controls: ["EC2.19", "EC2.13", "EC2.14", "CKV_AWS_24", "CKV_AWS_25", "AWS-0107"],
      severity: "critical",
      enforcement: "mandatory",
      why: "They are found within minutes.",
      fix: "referencedSecurityGroupId, or the networks that are meant.",
      check: (view) => {
        for (const { view: one, property, from, to } of openings(view)) {
          const port = HIGH_RISK.find((it) => it >= from && it <= to);
          if (port !== undefined) one.wrong(property, `no access from everywhere to port ${port}`);
        }
      },
    }),
    onRules({
      id: "network-world-reaches-web-ports-only",
      title: "The world reaches nothing but a load balancer's web ports.",
      controls: ["EC2.18", "CKV_AWS_260"],
      severity: "high",
      enforcement: "mandatory",
      why: "Whatever else is open is reachable past the load balancer.",
      fix: "0.0.0.0/0 on 443 (and 80 for a redirect) of the load balancer's group only.",
      checkStack: (stack) => {
        const front = inFrontOfLoadBalancers(stack);
        for (const view of stack.of(INGRESS, OLD_RULE, GROUP)) {
          for (const { view: one, property, from, to } of openings(view)) {
            const group = view.type === GROUP ? view : stack.target(view, "securityGroupId", GROUP);
            const isFront = group !== undefined && front.has(group.resource.urn);
            if (from !== to || (from !== 443 && from !== 80) || !isFront) {
              one.wrong(property, "everywhere only to ports 443 and 80 of a load balancer");
            }
          }
        }
      },
    }),
    {
      id: "network-rules-are-resources",
      title: "Rules of a security group are resources of their own.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "Inline rules remove every rule that another program adds, at the next update.",
      fix: "aws.vpc.SecurityGroupIngressRule and SecurityGroupEgressRule.",
      types: [GROUP],
      check: (group) => {
        group.must("ingress", absent);
        group.must("egress", absent);
      },
    },
    {
      id: "network-descriptions",
      title: "Every security group and rule says what it is for.",
      controls: ["CKV_AWS_23", "AWS-0099", "AWS-0124"],
      severity: "low",
      enforcement: "advisory",
      why: "A rule that nobody can explain is never removed.",
      fix: "description. A changed one replaces a group, so it is a constant.",
      types: [GROUP, INGRESS, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", OLD_RULE],
      check: (view) => {
        view.must("description", set);
      },
    },
    {
      id: "network-default-group-closed",
      title: "The default security group of a new VPC lets nothing through.",
      controls: ["EC2.2", "CKV2_AWS_12"],
      severity: "high",
      enforcement: "mandatory",
      why: "Whatever is started without a group gets it, and everything in it may talk to everything.",
      fix: "aws.ec2.DefaultSecurityGroup without rules, for each VPC of the stack.",
      types: [VPC, AWSX_VPC, DEFAULT_GROUP],
      check: (view) => {
        if (view.type !== DEFAULT_GROUP) return;
        for (const rules of ["ingress", "egress"]) {
          const list = view.get(rules);
          if (list !== undefined && !(Array.isArray(list) && list.length === 0))
            view.wrong(rules, "no rule");
        }
      },
      checkStack: (stack) => {
        for (const vpc of vpcsWithout(stack, DEFAULT_GROUP))
          vpc.wrong("", "one with a closed default security group", "without one");
      },
    },
    {
      id: "network-flow-logs",
      title: "A new VPC's flows are logged.",
      controls: ["EC2.6", "CKV2_AWS_11"],
      severity: "medium",
      enforcement: "mandatory",
      why: "After an incident nobody could say who talked to whom.",
      fix: "aws.ec2.FlowLog on the VPC, trafficType ALL.",
      types: [VPC, AWSX_VPC, FLOW_LOG],
      check: (view) => {
        if (view.type === FLOW_LOG) view.must("trafficType", is("ALL", "REJECT"));
      },
      checkStack: (stack) => {
        for (const vpc of vpcsWithout(stack, FLOW_LOG))
          vpc.wrong("", "one with flow logs", "without them");
      },
    },
    {
      id: "network-no-automatic-public-address",
      title: "No subnet gives out public addresses by itself.",
      controls: ["EC2.15", "CKV_AWS_130"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Whatever starts there is on the internet.",
      fix: "mapPublicIpOnLaunch: false.",
      types: [SUBNET],
      check: (subnet) => {
        subnet.must("mapPublicIpOnLaunch", absentOr(is(false)));
      },
    },
    {
      id: "network-endpoints",
      title: "Calls of tasks to AWS stay in the VPC.",
      controls: ["EC2.55", "EC2.56", "EC2.57"],
      severity: "low",
      enforcement: "advisory",
      why: "They go by NAT otherwise: encrypted, but over the internet, and paid for.",
      fix: "redash:interfaceEndpoints true: endpoints for ecr.api, ecr.dkr, ssmmessages and the others that tasks call.",
      types: [AWSX_VPC],
      checkStack: (stack) => {
        const services = stack.of(ENDPOINT).map((endpoint) => String(endpoint.get("serviceName")));
        const missing = ["ecr.api", "ecr.dkr", "ssmmessages"].filter(
          (name) => !services.some((it) => it.endsWith(`.${name}`)),
        );
        for (const vpc of stack.of(AWSX_VPC)) {
          if (missing.length > 0)
            vpc.wrong(
              "",
              "one with interface endpoints",
              `without endpoints for ${missing.join(", ")}`,
            );
        }
      },
    },
    {
      id: "network-endpoint-private",
      title: "An interface endpoint answers by its service's own name, behind a security group.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: "Without private DNS nobody uses it; without a group the VPC's default one guards it.",
      fix: "privateDnsEnabled: true, securityGroupIds.",
      types: [ENDPOINT],
      check: (endpoint) => {
        if (endpoint.get("vpcEndpointType") !== "Interface") return;
        endpoint.must("privateDnsEnabled", is(true));
        endpoint.must("securityGroupIds", notEmpty);
      },
    },
  ],
};
