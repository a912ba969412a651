import {
  type DBInstance,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  type RDSClient,
} from "@aws-sdk/client-rds";
import { found, type Read } from "./read";

/** A parameter group, and how far it has come into effect. */
export interface ParameterGroup {
  readonly name: string;
  /** `in-sync`, `applying` or `pending-reboot`. */
  readonly status: string;
}

/** The instance of RDS, as RDS itself describes it. */
export interface RdsFacts {
  readonly status: string;
  readonly engine: string;
  readonly version: string;
  readonly allocatedGib: number;
  /** Up to where it grows by itself; undefined if it does not. */
  readonly maxGib: number | undefined;
  readonly isMultiAz: boolean;
  readonly backupRetentionDays: number;
  readonly isDeletionProtected: boolean;
  readonly isEncrypted: boolean;
  readonly isPublic: boolean;
  /** Authority of its certificate, such as `rds-ca-rsa2048-g1`. */
  readonly certificateAuthority: string;
  /** End of its certificate, milliseconds since the epoch. */
  readonly certificateEndMs: number;
  readonly parameterGroups: readonly ParameterGroup[];
  /** Changes that wait for a maintenance window or a reboot. */
  readonly pending: readonly string[];
  /** Zones of its subnets. */
  readonly zones: readonly string[];
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html */
export async function rdsInstance(
  read: Read,
  client: RDSClient,
  identifier: string,
): Promise<DBInstance> {
  const { DBInstances: [instance] = [] } = await read(
    "rds:DescribeDBInstances",
    identifier,
    (abortSignal) =>
      client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }), {
        abortSignal,
      }),
  );
  return found(instance, `RDS instance ${identifier}`);
}

export async function rdsFacts(
  read: Read,
  client: RDSClient,
  identifier: string,
): Promise<RdsFacts> {
  const instance = await rdsInstance(read, client, identifier);
  const { AllocatedStorage: allocatedGib = 0, MaxAllocatedStorage: maxGib } = instance;
  return {
    status: instance.DBInstanceStatus ?? "",
    engine: instance.Engine ?? "",
    version: instance.EngineVersion ?? "",
    allocatedGib,
    maxGib,
    isMultiAz: instance.MultiAZ ?? false,
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
    isDeletionProtected: instance.DeletionProtection ?? false,
    isEncrypted: instance.StorageEncrypted ?? false,
    isPublic: instance.PubliclyAccessible ?? false,
    certificateAuthority: instance.CACertificateIdentifier ?? "",
    certificateEndMs: instance.CertificateDetails?.ValidTill?.getTime() ?? 0,
    parameterGroups: (instance.DBParameterGroups ?? []).map((it) => ({
      name: it.DBParameterGroupName ?? "",
      status: it.ParameterApplyStatus ?? "",
    })),
    pending: pendingChanges(instance.PendingModifiedValues),
    zones: zonesOf(
      (instance.DBSubnetGroup?.Subnets ?? []).map((it) => it.SubnetAvailabilityZone?.Name),
    ),
  };
}

/** Names of the values that are there; a password among them is only named. */
export const pendingChanges = (values: object = {}): string[] =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([name]) => name)
    .sort();

/** Each zone once. */
export const zonesOf = (names: readonly (string | undefined)[]): string[] =>
  [...new Set(names.filter((name) => name !== undefined))].sort();

/** How much of a quota is used. */
export interface QuotaUse {
  readonly used: number;
  readonly most: number;
}

/** Storage of all instances of the account in this region, GiB. */
export async function rdsStorageQuota(read: Read, client: RDSClient): Promise<QuotaUse> {
  const { AccountQuotas = [] } = await read(
    "rds:DescribeAccountAttributes",
    "this account",
    (abortSignal) => client.send(new DescribeAccountAttributesCommand({}), { abortSignal }),
  );
  const quota = AccountQuotas.find((it) => it.AccountQuotaName === "AllocatedStorage");
  return { used: quota?.Used ?? 0, most: quota?.Max ?? 0 };
}
