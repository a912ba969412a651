import {
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import { zonesOf } from "./rds";
import { pages, type Read } from "./read";

/** Where Redash's tasks live, and how they reach data sources. */
export interface NetworkFacts {
  readonly vpcIds: readonly string[];
  readonly zones: readonly string[];
  /** Addresses that are left in the subnet with the fewest. */
  readonly freeAddresses: number;
  readonly natGateways: readonly {
    readonly id: string;
    readonly state: string;
    readonly publicAddresses: readonly string[];
  }[];
}

export async function networkFacts(
  read: Read,
  client: EC2Client,
  subnetIds: readonly string[],
): Promise<NetworkFacts> {
  const { Subnets = [] } = await read("ec2:DescribeSubnets", subnetIds.join(", "), (abortSignal) =>
    client.send(new DescribeSubnetsCommand({ SubnetIds: [...subnetIds] }), { abortSignal }),
  );
  const vpcIds = zonesOf(Subnets.map((it) => it.VpcId));
  const { RouteTables = [] } = await read(
    "ec2:DescribeRouteTables",
    vpcIds.join(", "),
    (abortSignal) =>
      client.send(
        new DescribeRouteTablesCommand({ Filters: [{ Name: "vpc-id", Values: vpcIds }] }),
        { abortSignal },
      ),
  );
  const tablesOf = (subnetId: string) => {
    const own = RouteTables.filter((it) =>
      it.Associations?.some((association) => association.SubnetId === subnetId),
    );
    // A subnet without a table of its own has the VPC's main one.
    return own.length > 0
      ? own
      : RouteTables.filter((it) => it.Associations?.some((association) => association.Main));
  };
  const natIds = zonesOf(
    subnetIds
      .flatMap(tablesOf)
      .flatMap((it) => (it.Routes ?? []).map((route) => route.NatGatewayId)),
  );
  const { NatGateways = [] } =
    natIds.length === 0
      ? {}
      : await read("ec2:DescribeNatGateways", natIds.join(", "), (abortSignal) =>
          client.send(new DescribeNatGatewaysCommand({ NatGatewayIds: natIds }), { abortSignal }),
        );
  return {
    vpcIds,
    zones: zonesOf(Subnets.map((it) => it.AvailabilityZone)),
    freeAddresses: Math.min(...Subnets.map((it) => it.AvailableIpAddressCount ?? 0)),
    natGateways: NatGateways.map((it) => ({
      id: it.NatGatewayId ?? "",
      state: it.State ?? "",
      publicAddresses: (it.NatGatewayAddresses ?? []).flatMap(({ PublicIp }) => PublicIp ?? []),
    })),
  };
}

/** Network interfaces of the account in this region. */
export async function networkInterfaces(read: Read, client: EC2Client): Promise<number> {
  const all = await pages(async (NextToken) => {
    const answer = await read("ec2:DescribeNetworkInterfaces", "this region", (abortSignal) =>
      client.send(new DescribeNetworkInterfacesCommand({ MaxResults: 1000, NextToken }), {
        abortSignal,
      }),
    );
    return { items: answer.NetworkInterfaces ?? [], next: answer.NextToken };
  });
  return all.length;
}

/** Interface endpoints in these VPCs. */
export async function interfaceEndpoints(
  read: Read,
  client: EC2Client,
  vpcIds: readonly string[],
): Promise<number> {
  const all = await pages(async (NextToken) => {
    const answer = await read("ec2:DescribeVpcEndpoints", vpcIds.join(", "), (abortSignal) =>
      client.send(
        new DescribeVpcEndpointsCommand({
          Filters: [
            { Name: "vpc-id", Values: [...vpcIds] },
            { Name: "vpc-endpoint-type", Values: ["Interface"] },
          ],
          NextToken,
        }),
        { abortSignal },
      ),
    );
    return { items: answer.VpcEndpoints ?? [], next: answer.NextToken };
  });
  return all.length;
}
