import { z } from "zod";
import { fixed, optional } from "../key";
import { arn, id } from "../formats";

/** Names of services in a compose file. */
const service = z.string().regex(/^[a-zA-Z0-9][\w.-]{0,62}$/);
const services = z.array(service).min(1);
const SSL_MODES = ["none", "require"] as const;

/** Services of the source by their part in Redash. */
export interface SourceServices {
  readonly servers: readonly string[];
  readonly scheduler: readonly string[];
  readonly workers: readonly string[];
  readonly database: string;
  readonly queue: string;
}
const sourceServices: z.ZodType<SourceServices> = z.strictObject({
  servers: services,
  scheduler: services,
  workers: services,
  database: service,
  queue: service,
});

export const sourceKeys = {
  sourceInstanceId: optional({
    type: "string",
    description:
      "The EC2 instance that runs Redash today, in the existing VPC; behind the load balancer during the move.",
    schema: id("i"),
    allowed: "an id like i-0a1b2c3d4e5f60718",
    example: "i-0123456789abcdef0",
  }),
  sourceImageId: optional({
    type: "string",
    description:
      "Machine image of the production host; a rehearsal starts its own source from it, in a network that it cannot leave.",
    effect: "replaces that source",
    schema: id("ami"),
    allowed: "an id like ami-0a1b2c3d4e5f60718",
    example: "ami-0123456789abcdef0",
  }),
  sourceInstanceType: fixed({
    type: "string",
    description: "Instance type of that source.",
    schema: z.string().regex(/^[a-z][a-z0-9-]*\.[a-z0-9]+$/),
    allowed: "an EC2 type such as t3.large",
    default: "t3.large",
    example: "t3.large",
  }),
  sourceSecurityGroupId: optional({
    type: "string",
    description:
      "Security group of that instance; the load balancer and replication are let in to its ports. Without it the instance's owner lets replication in.",
    schema: id("sg"),
    allowed: "an id like sg-0a1b2c3d4e5f60718",
    example: "sg-0123456789abcdef1",
  }),
  sourcePort: fixed({
    type: "integer",
    description:
      "Port on which the instance serves Redash (nginx of the official compose file: 80).",
    schema: z.number().int().min(1).max(65535),
    allowed: "1 to 65535",
    default: 80,
    example: 80,
  }),
  sourceSecretsArn: optional({
    type: "string",
    description:
      "Secret with the source's own keys as JSON, cookieSecret and secretKey. With other keys no data source can be decrypted.",
    schema: arn("secretsmanager").refine((text) => text.includes(":secret:")),
    allowed: "the ARN of a Secrets Manager secret",
    example: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:redash/source-AbCdEf",
  }),
  sourceDatabasePort: fixed({
    type: "integer",
    description:
      "Port on which PostgreSQL answers at the instance's private address. The official compose file publishes none: the move does, on this one.",
    schema: z.number().int().min(1).max(65535),
    allowed: "1 to 65535",
    default: 5432,
    example: 5432,
  }),
  sourceDatabaseName: fixed({
    type: "string",
    description:
      "Redash's database on the source: the path of its REDASH_DATABASE_URL (official compose file: postgres).",
    schema: z.string().regex(/^[A-Za-z_][\w-]{0,62}$/),
    allowed: "a name of PostgreSQL: letters, digits, _ and -, up to 63",
    default: "postgres",
    example: "postgres",
  }),
  sourceDatabaseSslMode: fixed<(typeof SSL_MODES)[number]>({
    type: "string",
    description:
      "Encryption of every way to the source's PostgreSQL: the move's own, replication's, and that of AWS DMS. With none (and npm run source -- prepare --plain, which lets the move in so) all of Redash's data crosses the network in clear: the guard refuses it unless an exception says why (move-source-tls, with DMS also dms-endpoint-tls; docs/policies.md). The way to RDS is always encrypted.",
    effect: "stops a task of AWS DMS that runs; never during a move",
    schema: z.enum(SSL_MODES),
    allowed: SSL_MODES.join(", "),
    default: "require",
    example: "require",
  }),
  sourceApplicationRole: fixed({
    type: "string",
    description:
      "Role of Redash's processes in the source's PostgreSQL: the user of its REDASH_DATABASE_URL (official compose file: postgres). The cutover makes it read-only.",
    schema: z.string().regex(/^[A-Za-z_][\w-]{0,62}$/),
    allowed: "a name of PostgreSQL: letters, digits, _ and -, up to 63",
    default: "postgres",
    example: "postgres",
  }),
  sourceProjectDirectory: optional({
    type: "string",
    description:
      "Folder of docker-compose.yml on the instance. Without it the one compose project with Redash in it is found.",
    schema: z.string().regex(/^\/[\w./-]{0,200}$/),
    allowed: "an absolute path of letters, digits, . _ - and /, such as /opt/redash",
    example: "/opt/redash",
  }),
  sourceServices: optional<SourceServices>({
    type: "object",
    description:
      "Names of its compose services by part: servers, scheduler, workers (lists), database, queue. Without it they are found by their commands.",
    schema: sourceServices,
    allowed: "servers, scheduler, workers as lists of names, database and queue as names",
    example: {
      servers: ["server"],
      scheduler: ["scheduler"],
      workers: ["scheduled_worker", "adhoc_worker", "worker"],
      database: "postgres",
      queue: "redis",
    },
  }),
};
