import { describe } from "mocha";
import { cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

type Json = Record<string, unknown>;
const group: Given = { type: "aws:ec2/securityGroup:SecurityGroup", name: "group", props: {} };
const world = 'cidrIpv4 is "0.0.0.0/0"';

describe("policies of instances", () => {
  const instance: Given = {
    type: "aws:ec2/instance:Instance",
    props: {
      associatePublicIpAddress: false,
      rootBlockDevice: { encrypted: true },
      metadataOptions: { httpTokens: "required" },
    },
  };
  describePolicy("network-instance-hardened", {
    ...property(instance, "associatePublicIpAddress", {
      right: [false],
      wrong: [true, undefined, UNKNOWN],
    }),
    ...property(instance, "rootBlockDevice.encrypted", { wrong: [false, undefined, HIDDEN] }),
    ...property(instance, "metadataOptions.httpTokens", { wrong: ["optional", undefined] }),
    ...property(instance, "ebsBlockDevices", {
      right: [[{ encrypted: true }], undefined],
      wrong: [UNKNOWN],
    }),
  });

  const source: Given = {
    type: "aws:ec2/instance:Instance",
    name: "source",
    props: {},
    refersTo: { vpcSecurityGroupIds: "group" },
  };
  const egress = (props: Json, to = "group"): Given => ({
    type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    name: "out",
    props: { securityGroupId: UNKNOWN, ...props },
    refersTo: { securityGroupId: to },
  });
  const inside = (rule: Json): Given => ({ ...group, props: { egress: [rule] } });
  const oldRule = (type: string, cidr: string): Given => ({
    type: "aws:ec2/securityGroupRule:SecurityGroupRule",
    name: "old",
    props: { type, securityGroupId: UNKNOWN, cidrBlocks: [cidr] },
    refersTo: { securityGroupId: "group" },
  });
  describePolicy(
    "network-source-closed",
    cases({
      "accepts a group without egress": [[source, group]],
      "accepts a private network": [[source, group, egress({ cidrIpv4: "10.80.0.0/16" })]],
      "accepts another private network": [[source, group, egress({ cidrIpv4: "172.31.0.0/16" })]],
      "accepts a group": [[source, group, egress({ referencedSecurityGroupId: "sg" })]],
      "accepts the VPC's range, which is not known yet": [
        [source, group, egress({ cidrIpv4: UNKNOWN })],
      ],
      "refuses everywhere": [[source, group, egress({ cidrIpv4: "0.0.0.0/0" })], world],
      "refuses a public network": [
        [source, group, egress({ cidrIpv4: "172.32.0.0/16" })],
        'cidrIpv4 is "172.32.0.0/16"',
      ],
      "refuses everywhere by IPv6": [
        [source, group, egress({ cidrIpv6: "::/0" })],
        'cidrIpv6 is "::/0"',
      ],
      "refuses a secret": [[source, group, egress({ cidrIpv4: HIDDEN })], "cidrIpv4 is a secret"],
      ...Object.fromEntries(
        ["10.0.0.0/7", "172.16.0.0/11", "192.168.0.0/15"].map((cidrIpv4) => [
          `refuses more than a private network: ${cidrIpv4}`,
          [[source, group, egress({ cidrIpv4 })], `cidrIpv4 is "${cidrIpv4}"`] as const,
        ]),
      ),
      "refuses AWS's own networks, such as those of S3": [
        [source, group, egress({ prefixListId: "pl-6da54004" })],
        'prefixListId is "pl-6da54004"',
      ],
      "accepts a private network inside the group": [
        [source, inside({ cidrBlocks: ["10.80.0.0/16"], ipv6CidrBlocks: [], prefixListIds: [] })],
      ],
      "refuses everywhere inside the group": [
        [source, inside({ cidrBlocks: ["10.80.0.0/16", "0.0.0.0/0"] })],
        "egress.0.cidrBlocks is a list of 2",
      ],
      "refuses everywhere by IPv6 inside the group": [
        [source, inside({ ipv6CidrBlocks: ["::/0"] })],
        "egress.0.ipv6CidrBlocks is a list of 1",
      ],
      "refuses rules inside the group that are not known": [
        [source, { ...group, props: { egress: UNKNOWN } }],
        "egress is not known before the update",
      ],
      "refuses everywhere by a rule of the older kind": [
        [source, group, oldRule("egress", "0.0.0.0/0")],
        "cidrBlocks is a list of 1",
      ],
      "leaves rules of the older kind that let in": [
        [source, group, oldRule("ingress", "0.0.0.0/0")],
      ],
      "refuses a group that nobody can look into": [
        { ...source, refersTo: {}, props: { vpcSecurityGroupIds: ["sg-1"] } },
        "vpcSecurityGroupIds is a list of 1",
      ],
      "refuses the VPC's default group": [
        { ...source, refersTo: {} },
        "vpcSecurityGroupIds is not set",
      ],
      "leaves the rules of other groups": [
        [source, group, { ...group, name: "tasks" }, egress({ cidrIpv4: "0.0.0.0/0" }, "tasks")],
      ],
    }),
  );
});
