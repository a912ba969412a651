import { z } from "zod";
import { moveLimits } from "../../moveLimits";

const arn = z.string().startsWith("arn:");
const database = {
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  database: z.string().min(1),
  /** Role of Redash's processes: the fence makes it read-only, so the move has another one. */
  applicationRole: z.string().min(1),
};

/** The host with Docker Compose, as redash/host/ finds it. */
const source = z.strictObject({
  instanceId: z.string().regex(/^i-[0-9a-f]+$/),
  database: z.strictObject({
    ...database,
    /** Of every way to it; `none` by setting only (redash:sourceDatabaseSslMode). */
    sslMode: z.enum(["none", "require"]).default("require"),
    /** Secret with username, password, host, port of the role that moves data (components/connectionSecret.ts). */
    secretArn: arn,
  }),
  /** Folder of docker-compose.yml; absent if the host has one compose project with Redash in it, which is found. */
  projectDirectory: z.string().optional(),
  /** Services of Compose by part; absent: found by their command (`server`, `scheduler`, `worker`). */
  services: z
    .strictObject({
      servers: z.array(z.string().min(1)).min(1),
      scheduler: z.array(z.string().min(1)).min(1),
      workers: z.array(z.string().min(1)).min(1),
      database: z.string().min(1),
      queue: z.string().min(1),
    })
    .optional(),
  /** Name of the SSM document that runs redash/host/ there. */
  documentName: z.string().min(1),
  targetGroupArn: arn,
});

const target = z.strictObject({
  database: z.strictObject({
    ...database,
    /** The same of RDS's master user. */
    secretArn: arn,
    /** Secret with the URL of Redash's processes, `postgresql://`: its role and password are made by `prepare`. */
    urlSecretArn: arn,
    identifier: z.string().min(1),
    /** Certificates of the authority that signs it, PEM. @default RDS's own, of every region */
    caPem: z.string().optional(),
  }),
  /** Secret with the URL of the queue, `rediss://`. */
  queueUrlSecretArn: arn,
  replicationGroupId: z.string().min(1),
  cluster: z.string().min(1),
  services: z.strictObject({
    servers: z.array(z.string().min(1)).min(1),
    scheduler: z.array(z.string().min(1)).min(1),
    workers: z.array(z.string().min(1)).min(1),
  }),
  /** Tasks that each service shall have in the phase `switched`, by its name. */
  wantedTasks: z.record(z.string(), z.int().min(0)),
  targetGroupArn: arn,
});

/** A world on AWS, as the program has made it. Names and ARNs only: no secret is part of it. */
export const awsWorldDescription = z.strictObject({
  kind: z.literal("aws"),
  region: z.string().min(1),
  limits: z.strictObject(moveLimits).prefault({}),
  /** Name of the stack: the rehearsal's and the production's may be in one account. */
  stack: z.string().min(1),
  /** `rehearsal` demands that the source cannot reach anything but the VPC. */
  mode: z.enum(["rehearsal", "production"]),
  /** Where people knock. */
  url: z.url(),
  /** Secret with REDASH_SECRET_KEY, which both sides share: it was imported from the source. */
  secretKeySecretArn: arn,
  /** A data source of Redash on which `SELECT 1` may run, to prove that queries are executed. */
  probeDataSourceId: z.int().min(1),
  source,
  target,
  traffic: z.strictObject({
    listenerArn: arn,
    /** Absent if the listener's default action leads to Redash. */
    listenerRuleArn: arn.optional(),
  }),
  /** Bucket of journal, lock and phase. */
  journalBucket: z.string().min(1),
  /** Absent if rows travel by PostgreSQL's own replication. */
  task: z
    .strictObject({
      arn,
      sourceRole: z.string().min(1),
      sourceEndpointArn: arn,
      targetEndpointArn: arn,
      instanceArn: arn,
      /** Role by which DMS writes its assessment into the journal's bucket. */
      assessmentRoleArn: arn,
    })
    .optional(),
});

export type AwsWorldDescription = z.infer<typeof awsWorldDescription>;
