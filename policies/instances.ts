import { is } from "./constraint";
import type { Subject } from "./policy";
import type { Stack } from "./stack";
import { UNKNOWN, type Value } from "./value";
import type { View } from "./view";

const INSTANCE = "aws:ec2/instance:Instance";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";
const OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule";

/** Networks within the three private ranges (RFC 1918). */
const PRIVATE =
  /^(?:10\.[\d.]+\/(?:[89]|[12]\d|3[0-2])|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+\/(?:1[2-9]|2\d|3[0-2])|192\.168\.[\d.]+\/(?:1[6-9]|2\d|3[0-2]))$/;

/** The rules by which members of a group reach others: resources of their own, of either kind, and inside the group. */
function waysOut(stack: Stack, group: View): View[] {
  const rules = [
    ...stack.of(EGRESS),
    ...stack.of(OLD_RULE).filter((rule) => rule.get("type") !== "ingress"),
  ].filter(
    (rule) => stack.target(rule, "securityGroupId", GROUP)?.resource.urn === group.resource.urn,
  );
  return [...rules, ...group.each("egress")];
}

/** Finds fault with a way to anything but private networks and security groups. The VPC's own range may not be known yet. */
function mustStayPrivate(rule: View): void {
  const list = (property: string): Value[] => [rule.get(property) ?? []].flat();
  for (const property of ["cidrIpv4", "cidrBlocks"]) {
    const isPrivate = (cidr: Value) =>
      cidr === UNKNOWN || (typeof cidr === "string" && PRIVATE.test(cidr));
    if (!list(property).every(isPrivate)) rule.wrong(property, "a private network");
  }
  for (const property of ["cidrIpv6", "ipv6CidrBlocks"])
    if (list(property).length > 0) rule.wrong(property, "a private network");
  // A gateway endpoint's, such as that of S3: any bucket of anybody.
  for (const property of ["prefixListId", "prefixListIds"])
    if (list(property).length > 0) rule.wrong(property, "no list of AWS's networks");
}

/** Instances of EC2: the source of a rehearsal. */
export const INSTANCES: Subject = {
  title: "Instances (EC2)",
  policies: [
    {
      id: "network-instance-hardened",
      title: "An instance has no public address, an encrypted disk, and metadata by token only.",
      controls: [
        "EC2.3",
        "EC2.8",
        "EC2.9",
        "CKV_AWS_8",
        "CKV_AWS_79",
        "CKV_AWS_88",
        "AWS-0028",
        "AWS-0131",
      ],
      severity: "high",
      enforcement: "mandatory",
      why: "A rehearsal's source is a copy of production with all its credentials.",
      fix: 'associatePublicIpAddress: false, rootBlockDevice: { encrypted: true }, metadataOptions: { httpTokens: "required" }.',
      types: [INSTANCE],
      check: (instance) => {
        instance.must("associatePublicIpAddress", is(false));
        instance.must("rootBlockDevice.encrypted", is(true));
        instance.must("metadataOptions.httpTokens", is("required"));
        for (const disk of instance.each("ebsBlockDevices")) disk.must("encrypted", is(true));
      },
    },
    {
      id: "network-source-closed",
      title: "The source of a rehearsal reaches nothing but its VPC.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "A copy of a living Redash runs its schedules, mails and alerts real people, and queries real databases as soon as it boots.",
      fix: "A security group of the stack, with egress rules within private ranges.",
      types: [INSTANCE],
      checkStack: (stack) => {
        for (const instance of stack.of(INSTANCE)) {
          const urns = instance.resource.propertyDependencies["vpcSecurityGroupIds"] ?? [];
          const groups = stack.of(GROUP).filter(({ resource }) => urns.includes(resource.urn));
          if (groups.length === 0)
            instance.wrong(
              "vpcSecurityGroupIds",
              "a security group of this stack, whose rules can be looked at",
            );
          for (const rule of groups.flatMap((group) => waysOut(stack, group)))
            mustStayPrivate(rule);
        }
      },
    },
  ],
};
