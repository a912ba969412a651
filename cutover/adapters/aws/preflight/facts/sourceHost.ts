import {
  DescribeInstancesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeVpcsCommand,
  type EC2Client,
  type SecurityGroupRule,
} from "@aws-sdk/client-ec2";
import { DescribeInstanceInformationCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { found, pages, type Read } from "./read";

/** The EC2 instance that Redash moves away from. */
export interface SourceHostFacts {
  readonly state: string;
  readonly vpcId: string;
  readonly publicAddress: string | undefined;
  /** ARN of its instance profile. */
  readonly profileArn: string | undefined;
  /** Whether its metadata, credentials among them, is given without a token (IMDSv1). */
  readonly givesMetadataFreely: boolean;
  /** Egress rules that lead out of the VPC, such as `sg-1: 0.0.0.0/0`. */
  readonly waysOut: readonly string[];
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html */
export async function sourceHostFacts(
  read: Read,
  client: EC2Client,
  instanceId: string,
): Promise<SourceHostFacts> {
  const { Reservations = [] } = await read("ec2:DescribeInstances", instanceId, (abortSignal) =>
    client.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }), { abortSignal }),
  );
  const instance = found(
    Reservations.flatMap((it) => it.Instances ?? [])[0],
    `instance ${instanceId}`,
  );
  const vpcId = instance.VpcId ?? "";
  const groups = (instance.NetworkInterfaces ?? []).flatMap((it) => it.Groups ?? []);
  const groupIds = [
    ...new Set([...groups, ...(instance.SecurityGroups ?? [])].map((it) => it.GroupId)),
  ];
  const { Vpcs: [vpc] = [] } = await read("ec2:DescribeVpcs", vpcId, (abortSignal) =>
    client.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }), { abortSignal }),
  );
  const ranges = (vpc?.CidrBlockAssociationSet ?? []).map((it) => it.CidrBlock ?? "");
  const rules = await pages(async (NextToken) => {
    const answer = await read("ec2:DescribeSecurityGroupRules", instanceId, (abortSignal) =>
      client.send(
        new DescribeSecurityGroupRulesCommand({
          Filters: [{ Name: "group-id", Values: groupIds.filter((id) => id !== undefined) }],
          NextToken,
        }),
        { abortSignal },
      ),
    );
    return { items: answer.SecurityGroupRules ?? [], next: answer.NextToken };
  });
  return {
    state: instance.State?.Name ?? "",
    vpcId,
    publicAddress: instance.PublicIpAddress,
    profileArn: instance.IamInstanceProfile?.Arn,
    givesMetadataFreely:
      instance.MetadataOptions?.HttpEndpoint !== "disabled" &&
      instance.MetadataOptions?.HttpTokens !== "required",
    waysOut: rules
      .filter((rule) => rule.IsEgress === true && leadsOut(rule, ranges))
      .map((rule) => `${rule.GroupId ?? ""}: ${destinationOf(rule)}`),
  };
}

const destinationOf = (rule: SecurityGroupRule): string =>
  rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId ?? "";

/** A rule may name a group of this VPC, or a range within it. Lists of prefixes are of AWS services: outside. */
function leadsOut(rule: SecurityGroupRule, ranges: readonly string[]): boolean {
  if (rule.ReferencedGroupInfo !== undefined)
    return rule.ReferencedGroupInfo.VpcPeeringConnectionId !== undefined;
  return (
    rule.CidrIpv4 === undefined || !ranges.some((range) => isWithin(rule.CidrIpv4 ?? "", range))
  );
}

/** Whether a range of IPv4 addresses lies within another one. */
export function isWithin(inner: string, outer: string): boolean {
  const [first, bits] = parsed(inner);
  const [start, outerBits] = parsed(outer);
  if (bits < outerBits) return false;
  const size = 2 ** (32 - outerBits);
  return Math.floor(first / size) === Math.floor(start / size);
}

function parsed(cidr: string): [firstAddress: number, prefixBits: number] {
  const [address = "", bits = "32"] = cidr.split("/");
  const number = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return [number, Number(bits)];
}

/** How the agent of Systems Manager on the host answers. */
export interface AgentFacts {
  /** `Online`, `ConnectionLost` or `Inactive`; undefined if it was never heard of. */
  readonly ping: string | undefined;
  readonly version: string;
}

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstanceInformation.html */
export async function agentFacts(
  read: Read,
  client: SSMClient,
  instanceId: string,
): Promise<AgentFacts> {
  const { InstanceInformationList: [agent] = [] } = await read(
    "ssm:DescribeInstanceInformation",
    instanceId,
    (abortSignal) =>
      client.send(
        new DescribeInstanceInformationCommand({
          Filters: [{ Key: "InstanceIds", Values: [instanceId] }],
        }),
        { abortSignal },
      ),
  );
  return { ping: agent?.PingStatus, version: agent?.AgentVersion ?? "" };
}
