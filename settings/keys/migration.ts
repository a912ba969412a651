import { z } from "zod";
import { LARGEST_LOB_BYTES } from "../../redash/dms";
import { arn } from "../formats";
import { byMode, fixed, optional } from "../key";

const TRANSPORTS = ["logical", "dms"] as const;
const PLUGINS = ["pgoutput", "pglogical"] as const;
/** Certificates alone: a private key in a stack file would be one that everybody has. */
const CERTIFICATES =
  /^\s*(?:-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/;

export const migrationKeys = {
  transport: fixed<(typeof TRANSPORTS)[number]>({
    type: "string",
    description:
      "How data moves: PostgreSQL's logical replication, or AWS DMS (without queries, which is carried apart).",
    effect: "changes the database's parameters; never during a move",
    schema: z.enum(TRANSPORTS),
    allowed: TRANSPORTS.join(", "),
    default: "logical",
    example: "dms",
  }),
  replicationPlugin: fixed<(typeof PLUGINS)[number]>({
    type: "string",
    description: "Output plugin of the way back; pglogical must also be installed on the source.",
    effect: "restarts PostgreSQL when it becomes pglogical, or stops being",
    schema: z.enum(PLUGINS),
    allowed: PLUGINS.join(", "),
    default: "pgoutput",
    example: "pgoutput",
  }),
  probeDataSourceId: optional({
    type: "integer",
    description:
      "Id of a data source of Redash that understands SELECT 1: the move has it executed on either side, the only proof that queries are. The id is the number in /data_sources/1.",
    schema: z
      .number()
      .int()
      .min(1)
      .max(2 ** 31 - 1),
    allowed: "an id of a data source, 1 or more",
    example: 1,
  }),
  moveWriteOutageBudgetMs: fixed({
    type: "integer",
    unit: "ms",
    description:
      "Longest time that a switch may keep users from writing: one that is not done by then undoes itself.",
    schema: z.number().int().min(50).max(600_000),
    allowed: "50 to 600000",
    default: 60_000,
    example: 30_000,
  }),
  moveDrainDeadlineMs: fixed({
    type: "integer",
    unit: "ms",
    description:
      "How long a switch waits for the queue to run empty before it stops the workers, half of it for what waits and half for what runs; it names what it cuts.",
    schema: z.number().int().min(100).max(3_600_000),
    allowed: "100 to 3600000",
    default: 600_000,
    example: 300_000,
  }),
  alarmTopicArns: fixed<readonly string[]>({
    type: "array",
    description:
      "SNS topics that hear of alarms on replication; with none, they are only shown in CloudWatch.",
    schema: z.array(arn("sns")).readonly(),
    allowed: "ARNs of SNS topics",
    default: [],
    example: ["arn:aws:sns:eu-west-1:123456789012:redash-alarms"],
  }),
  dmsInstanceClass: byMode({
    type: "string",
    description: "Class of AWS DMS's replication instance. Large query results need memory.",
    effect: "restarts it",
    schema: z.string().regex(/^dms\.[a-z][a-z0-9]*\.[a-z0-9]+$/),
    allowed: "a class of DMS such as dms.t3.medium",
    modeDefault: { rehearsal: "dms.t3.medium", production: "dms.r6i.large" },
    example: "dms.r6i.large",
  }),
  dmsStorageGib: byMode({
    type: "integer",
    unit: "GiB",
    description: "Disk of the replication instance: logs, and changes that wait to be applied.",
    schema: z.number().int().min(5).max(6144),
    allowed: "5 to 6144",
    modeDefault: { rehearsal: 50, production: 100 },
    example: 100,
  }),
  dmsMultiAz: byMode({
    type: "boolean",
    description:
      "Whether the replication instance has a standby in another zone; without one its loss means a new load.",
    schema: z.boolean(),
    allowed: "true, false",
    modeDefault: { rehearsal: false, production: true },
    example: true,
  }),
  dmsCreateRoles: fixed({
    type: "boolean",
    description:
      "Whether this stack makes dms-vpc-role and dms-cloudwatch-logs-role, of which an account has one each. They stay when it goes, so false is right from the second update on, and where they exist.",
    schema: z.boolean(),
    allowed: "true, false",
    default: false,
    example: true,
  }),
  dmsLargestLobBytes: optional({
    type: "integer",
    unit: "bytes",
    description:
      "Largest value that DMS carries whole; a larger one stops the task. On the source: SELECT max(octet_length(data)) FROM query_results; the check lobs-fit of preflight looks at every column.",
    effect: "stops a task that runs; never during a move",
    schema: z.number().int().min(0).max(LARGEST_LOB_BYTES),
    allowed: `0 to ${LARGEST_LOB_BYTES}`,
    example: 8_000_000,
  }),
  dmsTargetCaPem: optional({
    type: "string",
    description:
      "Certificates of RDS's authorities for the region, PEM (https://truststore.pki.rds.amazonaws.com). With them DMS checks who the database is (verify-full); without, it only encrypts (require).",
    effect: "changes the endpoint of the target; never during a move",
    schema: z.string().regex(CERTIFICATES),
    allowed:
      "one or more certificates between BEGIN CERTIFICATE and END CERTIFICATE, no private key",
    example: "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
  }),
};
