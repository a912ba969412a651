import { type Check, fail, pass, warn } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import { listed } from "../../../../preflight/wording";
import type { AwsFacts } from "../facts/facts";

const DAY_MS = 86_400_000;
/** A certificate that ends sooner ends before the move is finished. */
const LEAST_CERTIFICATE_DAYS = 30;

/** The managed database, as RDS describes it. */
export const rdsChecks: readonly Check<AwsFacts>[] = [
  {
    id: "rds-available",
    title: "RDS has nothing to do with the instance",
    why: "A backup, a change or a failover that is under way may end in a restart within the move.",
    judge: ({ rds }) => {
      const { status } = known(rds);
      return status === "available"
        ? pass(status)
        : fail(`it is ${status}`, "wait until it is available; its events in RDS say what goes on");
    },
  },
  {
    id: "rds-parameters-in-sync",
    title: "The parameter group of RDS is in effect",
    why: "Replication parameters are static: until a reboot PostgreSQL runs without them, whatever the group says.",
    judge: ({ rds, description }) => {
      const { parameterGroups } = known(rds);
      const waiting = parameterGroups.filter(({ status }) => status !== "in-sync");
      const words = ({ name, status }: (typeof parameterGroups)[number]) => `${name} is ${status}`;
      return waiting.length === 0
        ? pass(listed(parameterGroups.map(words)))
        : fail(
            listed(waiting.map(words)),
            `aws rds reboot-db-instance --db-instance-identifier ${description.target.database.identifier}, before anybody works there`,
          );
    },
  },
  {
    id: "rds-no-pending-changes",
    title: "No change of RDS waits for its window",
    why: "It would restart the database, perhaps in the middle of the move.",
    judge: ({ rds, description }) => {
      const { pending } = known(rds);
      return pending.length === 0
        ? pass("none")
        : fail(
            `waiting: ${listed(pending)}`,
            `apply them now: aws rds modify-db-instance --db-instance-identifier ${description.target.database.identifier} --apply-immediately`,
          );
    },
  },
  {
    id: "rds-engine",
    title: "The target is an instance of RDS for PostgreSQL",
    why: "Clusters have other endpoints, parameters and storage, with which nothing here was rehearsed.",
    judge: ({ rds }) => {
      const { engine, version } = known(rds);
      return engine === "postgres"
        ? pass(`PostgreSQL ${version}`)
        : fail(`its engine is ${engine}`, "make the database with the program of this repository");
    },
  },
  {
    id: "rds-storage-grows",
    title: "The storage of RDS grows by itself",
    why: "WAL for the way back is kept beside the data; a full disk stops the database for everybody.",
    judge: ({ rds }) => {
      const { allocatedGib, maxGib } = known(rds);
      return maxGib !== undefined && maxGib > allocatedGib
        ? pass(`${allocatedGib} GiB, up to ${maxGib}`)
        : warn(
            `${allocatedGib} GiB, and no more`,
            "raise redash:databaseMaxStorageGib, and run pulumi up",
          );
    },
  },
  {
    id: "rds-standby",
    title: "RDS of production has a standby in another zone",
    why: "A zone that fails would take Redash with it, and the way back too.",
    judge: ({ rds, description }) => {
      if (known(rds).isMultiAz) return pass("it has");
      return description.mode === "rehearsal"
        ? pass("none, as rehearsals need none")
        : fail("it has none", "set redash:databaseMultiAz to true, and run pulumi up");
    },
  },
  {
    id: "rds-zones",
    title: "RDS has subnets in two zones",
    why: "Without a second one neither a standby nor a restore elsewhere is possible.",
    judge: ({ rds }) => {
      const { zones } = known(rds);
      return zones.length >= 2
        ? pass(zones.join(", "))
        : fail(listed(zones), "give redash:isolatedSubnetIds of two zones or more");
    },
  },
  {
    id: "rds-backups",
    title: "RDS backs up, and restores to any point in time",
    why: "After the switch it is the only copy of what users write.",
    judge: ({ rds }) => {
      const { backupRetentionDays: days } = known(rds);
      return days > 0
        ? pass(`for ${days} days`)
        : fail("no backups", "set redash:databaseBackupRetentionDays, and run pulumi up");
    },
  },
  {
    id: "rds-deletion-protected",
    title: "RDS of production cannot be deleted by a slip",
    why: "After the switch it is the only copy of what users write.",
    judge: ({ rds, description }) => {
      if (known(rds).isDeletionProtected) return pass("deletion protection is on");
      return description.mode === "rehearsal"
        ? pass("off, as a rehearsal goes by one pulumi destroy")
        : fail("deletion protection is off", "set redash:protectData to true, and run pulumi up");
    },
  },
  {
    id: "rds-encrypted",
    title: "The storage of RDS is encrypted",
    why: "It cannot be switched on later without a new instance and another move.",
    judge: ({ rds }) =>
      known(rds).isEncrypted
        ? pass("it is")
        : fail("it is not", "make the database anew with the program of this repository"),
  },
  {
    id: "rds-private",
    title: "RDS has no public address",
    why: "Credentials of every data source would be one password away from the internet.",
    judge: ({ rds }) =>
      known(rds).isPublic
        ? fail("it is publicly accessible", "run pulumi up, which makes it private")
        : pass("none"),
  },
  {
    id: "rds-certificate",
    title: "The certificate of RDS lasts beyond the move",
    why: "Every connection checks it; the day it ends, nobody gets in.",
    judge: ({ rds, nowMs }) => {
      const { certificateAuthority, certificateEndMs } = known(rds);
      const days = Math.floor((certificateEndMs - nowMs) / DAY_MS);
      const found = `${certificateAuthority}, ${days} days`;
      return days >= LEAST_CERTIFICATE_DAYS
        ? pass(found)
        : fail(found, "rotate it: aws rds modify-db-instance --ca-certificate-identifier …");
    },
  },
];
