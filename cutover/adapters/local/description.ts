import { z } from "zod";

const side = z.strictObject({
  /** How the engine and the other server reach it: on the source as a superuser, on the target as RDS's master user. */
  database: z.strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65535),
    database: z.string().min(1),
    user: z.string().min(1),
    password: z.string().min(1),
  }),
  applicationRole: z.string().min(1),
  /** Absent where this role is there before the move. */
  applicationPassword: z.string().min(1).optional(),
  /** Folder of the server's data: its disk is watched. */
  dataDirectory: z.string().min(1),
  redisUrl: z.string().regex(/^rediss?:\/\//),
  /** Redash's server of this side, past the load balancer. */
  serverUrl: z.url(),
  secretKey: z.string().min(1),
});

/** A world on this machine, as one process has started it and another one finds it. Holds passwords. */
export const localWorldDescription = z.strictObject({
  kind: z.literal("local"),
  source: side,
  target: side,
  /** The load balancer: where people knock, and where its weights are set. */
  front: z.strictObject({ url: z.url(), controlUrl: z.url() }),
  /** Where Redash's processes are started and stopped. */
  processesUrl: z.url(),
  /** What stands in for AWS DMS; absent if rows travel by PostgreSQL's own replication. */
  task: z
    .strictObject({
      controlUrl: z.url(),
      sourceRole: z.string().min(1),
      sourceSlot: z.string().min(1),
    })
    .optional(),
});

export type LocalWorldDescription = z.infer<typeof localWorldDescription>;
export type LocalSideDescription = z.infer<typeof side>;
