import { known } from "../../../../cutover/preflight/fact";
import type { BrokenAwsCase } from "./brokenAwsCase";

const ID = "redash-1a2b";

export const RDS_CASES: readonly BrokenAwsCase[] = [
  [
    "rds-available",
    "fail",
    ({ rds }) => (known(rds).status = "backing-up"),
    "it is backing-up",
    "wait until it is available; its events in RDS say what goes on",
  ],
  [
    "rds-parameters-in-sync",
    "fail",
    ({ rds }) => (known(rds).parameterGroups[0]!.status = "pending-reboot"),
    "redash-database is pending-reboot",
    `aws rds reboot-db-instance --db-instance-identifier ${ID}, before anybody works there`,
  ],
  [
    "rds-no-pending-changes",
    "fail",
    ({ rds }) => (known(rds).pending = ["DBInstanceClass", "EngineVersion"]),
    "waiting: DBInstanceClass, EngineVersion",
    `apply them now: aws rds modify-db-instance --db-instance-identifier ${ID} --apply-immediately`,
  ],
  [
    "rds-engine",
    "fail",
    ({ rds }) => (known(rds).engine = "aurora-postgresql"),
    "its engine is aurora-postgresql",
    "make the database with the program of this repository",
  ],
  [
    "rds-storage-grows",
    "warn",
    ({ rds }) => (known(rds).maxGib = undefined),
    "100 GiB, and no more",
    "raise redash:databaseMaxStorageGib, and run pulumi up",
  ],
  [
    "rds-standby",
    "fail",
    ({ rds }) => (known(rds).isMultiAz = false),
    "it has none",
    "set redash:databaseMultiAz to true, and run pulumi up",
  ],
  [
    "rds-zones",
    "fail",
    ({ rds }) => (known(rds).zones = ["eu-west-1a"]),
    "eu-west-1a",
    "give redash:isolatedSubnetIds of two zones or more",
  ],
  [
    "rds-backups",
    "fail",
    ({ rds }) => (known(rds).backupRetentionDays = 0),
    "no backups",
    "set redash:databaseBackupRetentionDays, and run pulumi up",
  ],
  [
    "rds-deletion-protected",
    "fail",
    ({ rds }) => (known(rds).isDeletionProtected = false),
    "deletion protection is off",
    "set redash:protectData to true, and run pulumi up",
  ],
  [
    "rds-encrypted",
    "fail",
    ({ rds }) => (known(rds).isEncrypted = false),
    "it is not",
    "make the database anew with the program of this repository",
  ],
  [
    "rds-private",
    "fail",
    ({ rds }) => (known(rds).isPublic = true),
    "it is publicly accessible",
    "run pulumi up, which makes it private",
  ],
  [
    "rds-certificate",
    "fail",
    ({ rds }) => (known(rds).certificateEndMs = Date.UTC(2026, 0, 30)),
    "rds-ca-rsa2048-g1, 29 days",
    "rotate it: aws rds modify-db-instance --ca-certificate-identifier …",
  ],
];
