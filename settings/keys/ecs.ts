import { z } from "zod";
import { DEFAULT_WORKERS, type WorkerKind } from "../../redash/processes";
import { byMode, fixed, optional } from "../key";
import { arn, LOG_RETENTION_DAYS, logRetentionDays } from "../formats";

const queueName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/);
const cpuUnits = z.number().int().positive();
const mib = z.number().int().positive();
const tasks = z.number().int().min(1).max(50);

const worker = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,15}$/),
  queues: z.array(queueName).min(1),
  cpu: cpuUnits,
  memoryMib: mib,
  count: tasks,
  processes: z.number().int().min(1).max(32),
});
const productionWorkers: readonly WorkerKind[] = DEFAULT_WORKERS.map((kind) =>
  kind.name === "adhoc" ? { ...kind, count: 2 } : kind,
);

const variableName = z.string().regex(/^[A-Z][A-Z0-9_]*$/);

export const ecsKeys = {
  image: fixed({
    type: "string",
    description:
      "Redash image, pinned by version or digest: the source's own version during a move, upgraded afterwards.",
    effect: "rolls every service",
    schema: z
      .string()
      .regex(/^[\w.-]+(?::\d+)?(?:\/[\w.-]+)*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/)
      .refine((image) => /@sha256:|:(?!latest$|preview$|nightly$)[\w.-]+$/.test(image)),
    allowed: "a tag that does not move (not latest, preview or nightly) or a digest",
    default: "redash/redash:25.8.0",
    example: "redash/redash:25.8.0",
  }),
  architecture: fixed<"X86_64" | "ARM64">({
    type: "string",
    description:
      "Processor of the tasks. ARM64 costs a fifth less, but its images lack the MS SQL ODBC and Databricks drivers and exist from 25.1.0 on.",
    effect: "rolls every service",
    schema: z.enum(["X86_64", "ARM64"]),
    allowed: "X86_64, ARM64",
    default: "X86_64",
    example: "ARM64",
  }),
  serverCpu: fixed({
    type: "integer",
    unit: "CPU units",
    description: "CPU of a server task (1024 is one vCPU).",
    schema: cpuUnits,
    allowed: "256, 512, 1024, 2048, 4096, 8192, 16384",
    default: 1024,
    example: 1024,
  }),
  serverMemoryMib: fixed({
    type: "integer",
    unit: "MiB",
    description:
      "Memory of a server task; a web worker takes about 150 MiB before its first result.",
    schema: mib,
    allowed: "what Fargate offers for serverCpu",
    default: 2048,
    example: 2048,
  }),
  serverCount: byMode({
    type: "integer",
    unit: "tasks",
    description: "Server tasks.",
    schema: tasks,
    allowed: "1 to 50",
    modeDefault: { rehearsal: 1, production: 2 },
    example: 2,
  }),
  serverWebWorkers: fixed({
    type: "integer",
    unit: "processes",
    description: "gunicorn workers per server task (REDASH_WEB_WORKERS).",
    schema: z.number().int().min(1).max(64),
    allowed: "1 to 64",
    default: 4,
    example: 4,
  }),
  schedulerCpu: fixed({
    type: "integer",
    unit: "CPU units",
    description: "CPU of the scheduler task, of which there is exactly one.",
    schema: cpuUnits,
    allowed: "256, 512, 1024, 2048, 4096, 8192, 16384",
    default: 256,
    example: 256,
  }),
  schedulerMemoryMib: fixed({
    type: "integer",
    unit: "MiB",
    description: "Memory of the scheduler task.",
    schema: mib,
    allowed: "what Fargate offers for schedulerCpu",
    default: 1024,
    example: 1024,
  }),
  workers: byMode<readonly WorkerKind[]>({
    type: "array",
    description:
      "Kinds of worker, each a service of its own: name, queues, cpu (CPU units), memoryMib, count (tasks), processes (WORKERS_COUNT).",
    effect: "rolls the services whose kind changes; a renamed kind is a new service",
    schema: z.array(worker).min(1).max(12),
    allowed: "objects with name, queues, cpu, memoryMib, count, processes",
    modeDefault: { rehearsal: DEFAULT_WORKERS, production: productionWorkers },
    example: DEFAULT_WORKERS,
  }),
  dataSourceQueues: fixed<string[]>({
    type: "array",
    description:
      "Queues that data sources name for themselves (SELECT DISTINCT queue_name, scheduled_queue_name FROM data_sources); each needs a worker.",
    schema: z.array(queueName),
    allowed: "a list of queue names",
    default: [],
    example: ["big_queries"],
  }),
  workerCapacityWeights: byMode({
    type: "object",
    description:
      "How worker tasks spread over Fargate and Fargate Spot, as weights. Spot aborts the queries of a reclaimed task.",
    effect: "replaces the services of the workers; never during a move",
    schema: z
      .strictObject({
        onDemand: z.number().int().min(0).max(1000),
        spot: z.number().int().min(0).max(1000),
      })
      .refine((weights) => weights.onDemand + weights.spot > 0),
    allowed: "onDemand and spot, 0 to 1000 each, not both 0",
    modeDefault: { rehearsal: { onDemand: 0, spot: 1 }, production: { onDemand: 1, spot: 0 } },
    example: { onDemand: 1, spot: 0 },
  }),
  adhocQueryTimeLimitSeconds: fixed({
    type: "integer",
    unit: "seconds",
    description:
      "Time limit of an ad-hoc query (Redash itself has none: runaway queries took the old host down).",
    schema: z.number().int().min(10).max(43200),
    allowed: "10 to 43200",
    default: 900,
    example: 900,
  }),
  scheduledQueryTimeLimitSeconds: fixed({
    type: "integer",
    unit: "seconds",
    description: "Time limit of a scheduled query.",
    schema: z.number().int().min(10).max(43200),
    allowed: "10 to 43200",
    default: 3600,
    example: 3600,
  }),
  silent: byMode({
    type: "boolean",
    description:
      "Whether Redash on ECS runs no schedule and tells nobody: alerts reach no destination but e-mail, and variables of mail are refused. For a rehearsal, whose copy of the database has production's schedules, alerts and addresses. Queries that people run still reach their data sources.",
    effect: "rolls every service",
    schema: z.boolean(),
    allowed: "true, false",
    modeDefault: { rehearsal: true, production: false },
    example: false,
  }),
  environment: fixed<Record<string, string>>({
    type: "object",
    description:
      "Further variables for every process, such as mail. Never a secret: those go to secretEnvironment.",
    effect: "rolls every service",
    schema: z.record(variableName, z.string()),
    allowed: "NAME: text, for names that the program does not set and that are no secrets",
    default: {},
    example: { REDASH_MAIL_DEFAULT_SENDER: "redash@example.com" },
  }),
  secretEnvironment: fixed<Record<string, string>>({
    type: "object",
    description: "Further variables whose values are injected from Secrets Manager, by ARN.",
    effect: "rolls every service",
    schema: z.record(
      variableName,
      z
        .string()
        .regex(
          /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^:\s]+(?::[^:\s]*:[^:\s]*:[^:\s]*)?$/,
        ),
    ),
    allowed: "NAME: ARN of a secret, with :key:: behind it for a key of its JSON",
    default: {},
    example: {
      REDASH_MAIL_PASSWORD:
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-AbCdEf:password::",
    },
  }),
  secretKeyArns: fixed<string[]>({
    type: "array",
    description:
      "KMS keys of the secrets in sourceSecretsArn and secretEnvironment, if these have keys of their own: without them no task starts.",
    effect: "nothing restarts",
    schema: z.array(arn("kms")),
    allowed: "a list of key ARNs",
    default: [],
    example: ["arn:aws:kms:eu-west-1:123456789012:key/0123abcd-01ab-23cd-45ef-0123456789ab"],
  }),
  taskPolicyArns: fixed<string[]>({
    type: "array",
    description:
      "IAM policies that data sources need (Athena, Redshift IAM), in place of the old host's instance profile.",
    schema: z.array(z.string().regex(/^arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy\/\S+$/)),
    allowed: "a list of policy ARNs",
    default: [],
    example: ["arn:aws:iam::123456789012:policy/redash-athena"],
  }),
  executeCommand: fixed({
    type: "boolean",
    description:
      "Whether ECS Exec opens a shell in tasks. It needs a writable root, so it loosens every container; for an incident only.",
    effect: "rolls every service",
    schema: z.boolean(),
    allowed: "true, false",
    default: false,
    example: true,
  }),
  logRetentionDays: byMode({
    type: "integer",
    unit: "days",
    description: "How long logs of tasks, PostgreSQL and Valkey are kept.",
    schema: logRetentionDays,
    allowed: LOG_RETENTION_DAYS.join(", "),
    modeDefault: { rehearsal: 7, production: 90 },
    example: 90,
  }),
  administratorEmail: optional({
    type: "string",
    description:
      "E-mail address of the first administrator of a greenfield stack; the password is a generated secret.",
    schema: z.email(),
    allowed: "an e-mail address",
    example: "sre@example.com",
  }),
  administratorName: fixed({
    type: "string",
    description: "Name of that administrator.",
    schema: z.string().min(1).max(320),
    allowed: "1 to 320 characters",
    default: "Administrator",
    example: "Administrator",
  }),
};
