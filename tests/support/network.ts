import { RedashNetwork, type RedashNetworkArgs } from "../../components/RedashNetwork";
import { record, type Recording } from "../../preview/recorder";

/** A new VPC for users of one range, without a source. */
export const NETWORK_ARGS: RedashNetworkArgs = {
  cidr: "10.20.0.0/16",
  availabilityZoneCount: 2,
  natGateways: "Single",
  interfaceEndpoints: false,
  flowLogRetentionDays: 30,
  keyArn: "arn:aws:kms:eu-central-1:111122223333:key/flow",
  regionName: "eu-central-1",
  ingress: { cidrs: ["198.51.100.0/24"], httpRedirect: false },
  serverPort: 5000,
};

/** A VPC that another program owns. */
export const EXISTING_VPC = {
  vpcId: "vpc-0aaaaaaaaaaaaaaa1",
  publicSubnetIds: ["subnet-public-a", "subnet-public-b"],
  privateSubnetIds: ["subnet-private-a", "subnet-private-b"],
  isolatedSubnetIds: ["subnet-isolated-a", "subnet-isolated-b"],
};

/** What a network gives out. */
export type NetworkRecording = Recording & {
  readonly outputs: {
    readonly vpcId: string;
    readonly vpcCidr: string;
    readonly publicSubnetIds: string[];
    readonly privateSubnetIds: string[];
    readonly isolatedSubnetIds: string[];
    readonly natAddresses: string[];
    readonly securityGroupIds: Record<string, string>;
  };
};

/** Records the network that these changes make. @param unknowns as in a first preview, which knows no id */
export async function recordNetwork(
  changes: Partial<RedashNetworkArgs> = {},
  unknowns = false,
): Promise<NetworkRecording> {
  const recording = await record(
    () => {
      const made = new RedashNetwork("redash", { ...NETWORK_ARGS, ...changes });
      return {
        vpcId: made.vpcId,
        vpcCidr: made.vpcCidr,
        publicSubnetIds: made.publicSubnetIds,
        privateSubnetIds: made.privateSubnetIds,
        isolatedSubnetIds: made.isolatedSubnetIds,
        natAddresses: made.natAddresses,
        securityGroupIds: made.securityGroupIds,
      };
    },
    { stack: "test", config: {}, unknowns },
  );
  return recording as NetworkRecording;
}
