import { z } from "zod";
import { byMode, fixed } from "../key";
import { dailyWindow, weeklyWindow } from "../formats";

const VERSIONS = ["7.2", "8.0", "8.1", "8.2"] as const;

/** There is no key for cluster mode: RQ fails with it on (docs/architecture.md). */
export const queueKeys = {
  queueVersion: fixed({
    type: "string",
    description: "Valkey version; the parameter group's family follows from it.",
    effect: "upgrades in place with a failover; it cannot be turned back",
    schema: z.enum(VERSIONS),
    allowed: VERSIONS.join(", "),
    default: "8.0",
    example: "8.0",
  }),
  queueNodeType: byMode({
    type: "string",
    description: "Node type of Valkey. Redash keeps only jobs there: memory of tens of MiB.",
    schema: z.string().regex(/^cache\.[a-z][a-z0-9]*\.[a-z0-9]+$/),
    allowed: "an ElastiCache type such as cache.t4g.small",
    modeDefault: { rehearsal: "cache.t4g.micro", production: "cache.t4g.small" },
    example: "cache.t4g.small",
  }),
  queueNodes: byMode({
    type: "integer",
    unit: "nodes",
    description:
      "Primary and replicas; with two or more they lie in different zones and fail over by themselves.",
    schema: z.number().int().min(1).max(6),
    allowed: "1 to 6",
    modeDefault: { rehearsal: 1, production: 2 },
    example: 2,
  }),
  queueSnapshotRetentionDays: byMode({
    type: "integer",
    unit: "days",
    description: "How long daily snapshots of Valkey are kept.",
    schema: z.number().int().min(1).max(35),
    allowed: "1 to 35",
    modeDefault: { rehearsal: 1, production: 7 },
    example: 7,
  }),
  queueSnapshotWindow: fixed({
    type: "string",
    unit: "UTC",
    description: "Daily time of the snapshot.",
    schema: dailyWindow(60),
    allowed: "hh:mm-hh:mm, 60 minutes or more",
    default: "17:00-18:00",
    example: "17:00-18:00",
  }),
  queueMaintenanceWindow: fixed({
    type: "string",
    unit: "UTC",
    description: "Weekly time in which AWS may patch Valkey.",
    schema: weeklyWindow(60),
    allowed: "ddd:hh:mm-ddd:hh:mm, 60 minutes or more, apart from queueSnapshotWindow",
    default: "sun:19:00-sun:20:00",
    example: "sun:19:00-sun:20:00",
  }),
};
