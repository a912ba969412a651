import { z } from "zod";
import { byMode, fixed } from "../key";
import { dailyWindow, weeklyWindow } from "../formats";

const gib = z.number().int().min(20).max(65536);

export const databaseKeys = {
  databaseVersion: fixed({
    type: "string",
    description:
      "PostgreSQL version: a major (minor upgrades come by themselves in the maintenance window) or a pinned minor. Family and parameters follow from it.",
    effect: "a new major upgrades in place with an outage of minutes; never during a move",
    // PostgreSQL has four minors a year for five years; which of them RDS offers, AWS alone knows.
    schema: z.string().regex(/^(?:15|16|17|18)(?:\.(?:[1-9]|1\d|2[0-3]))?$/),
    allowed: "15, 16, 17, 18, or one of their minors such as 17.6",
    default: "17",
    example: "17",
  }),
  databaseInstanceClass: byMode({
    type: "string",
    description: "Instance class of PostgreSQL.",
    effect: "fails over (Multi-AZ) or restarts",
    schema: z.string().regex(/^db\.[a-z][a-z0-9]*\.[a-z0-9]+$/),
    allowed: "an RDS class such as db.t4g.medium",
    modeDefault: { rehearsal: "db.t4g.medium", production: "db.m7g.large" },
    example: "db.m7g.large",
  }),
  databaseStorageGib: byMode({
    type: "integer",
    unit: "GiB",
    description:
      "Storage at first. At least twice the source's database: autoscaling waits six hours between two steps and cannot save a bulk load.",
    schema: gib,
    allowed: "20 to 65536",
    modeDefault: { rehearsal: 50, production: 100 },
    example: 100,
  }),
  databaseMaxStorageGib: byMode({
    type: "integer",
    unit: "GiB",
    description: "Storage up to which it grows by itself.",
    schema: gib,
    allowed: "20 to 65536, at least 10 % above databaseStorageGib",
    modeDefault: { rehearsal: 100, production: 500 },
    example: 500,
  }),
  databaseMultiAz: byMode({
    type: "boolean",
    description: "Whether PostgreSQL has a standby in another zone.",
    schema: z.boolean(),
    allowed: "true, false",
    modeDefault: { rehearsal: false, production: true },
    example: true,
  }),
  databaseBackupRetentionDays: byMode({
    type: "integer",
    unit: "days",
    description: "How far back PostgreSQL can be restored to any point in time.",
    schema: z.number().int().min(1).max(35),
    allowed: "1 to 35",
    modeDefault: { rehearsal: 7, production: 14 },
    example: 14,
  }),
  databaseBackupWindow: fixed({
    type: "string",
    unit: "UTC",
    description: "Daily time of the backup.",
    schema: dailyWindow(30),
    allowed: "hh:mm-hh:mm, 30 minutes or more",
    default: "17:00-17:30",
    example: "17:00-17:30",
  }),
  databaseMaintenanceWindow: fixed({
    type: "string",
    unit: "UTC",
    description: "Weekly time in which AWS may patch and restart PostgreSQL.",
    schema: weeklyWindow(30),
    allowed: "ddd:hh:mm-ddd:hh:mm, 30 minutes or more, apart from databaseBackupWindow",
    default: "sun:18:00-sun:18:30",
    example: "sun:18:00-sun:18:30",
  }),
};
