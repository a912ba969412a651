import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { z } from "zod";
import type { Clock } from "../../engine/clock";
import { call } from "./call";

/** How a role reaches a PostgreSQL server, as components/connectionSecret.ts writes it for AWS DMS, too. */
const connection = z.object({
  username: z.string().min(1),
  password: z.string().min(1),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
});
export type ConnectionSecret = z.infer<typeof connection>;

/** The part of Redash's own keys that both sides share (components/RedashSecrets.ts). */
const redashKeys = z.object({ secretKey: z.string().min(1) });

/**
 * Secrets of the move. Each is fetched once, so an object of this class must not live longer than an act: a rotated one
 * would not be seen. No error holds a part of one: neither does it name what JSON.parse, URL or zod have said, which
 * quote what they were given.
 */
export class Secrets {
  private readonly texts = new Map<string, string>();

  constructor(
    private readonly client: SecretsManagerClient,
    private readonly clock: Pick<Clock, "sleep">,
  ) {}

  /** The role that moves data, and where its server is. @throws Error that names what is missing, never a value */
  connection = (arn: string, signal: AbortSignal): Promise<ConnectionSecret> =>
    this.json(arn, connection, signal);

  /** REDASH_SECRET_KEY. @throws Error as `connection` */
  secretKey = async (arn: string, signal: AbortSignal): Promise<string> =>
    (await this.json(arn, redashKeys, signal)).secretKey;

  /** REDASH_DATABASE_URL in its parts. @throws Error as `connection` */
  databaseUrl = async (
    arn: string,
    signal: AbortSignal,
  ): Promise<ConnectionSecret & { readonly database: string }> => {
    const url = await this.url(arn, ["postgresql:", "postgres:"], signal);
    const database = url.pathname.slice(1);
    if (url.username === "" || url.password === "" || database === "")
      throw wrong(arn, "a URL with username, password and database");
    return {
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      host: url.hostname,
      port: Number(url.port === "" ? 5432 : url.port),
      database,
    };
  };

  /** REDASH_REDIS_URL, whole, as clients take it. @throws Error as `connection` */
  queueUrl = async (arn: string, signal: AbortSignal): Promise<string> => {
    const url = await this.url(arn, ["rediss:"], signal);
    if (url.password === "") throw wrong(arn, "a URL with password");
    return this.text(arn, signal);
  };

  private async url(arn: string, protocols: readonly string[], signal: AbortSignal): Promise<URL> {
    const text = await this.text(arn, signal);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !protocols.includes(url.protocol) || url.hostname === "")
      throw wrong(arn, `a URL that begins with ${protocols.join("// or ")}//`);
    return url;
  }

  private async json<T>(arn: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const { success, data, error } = schema.safeParse(parsed(await this.text(arn, signal)));
    if (success) return data;
    const paths = new Set(error.issues.map(({ path }) => path.join(".") || "all of it"));
    throw wrong(arn, `JSON as it should be: ${[...paths].join(", ")} missing or of another kind`);
  }

  private async text(arn: string, signal: AbortSignal): Promise<string> {
    const text = this.texts.get(arn) ?? (await this.fetch(arn, signal));
    this.texts.set(arn, text);
    return text;
  }

  private async fetch(arn: string, signal: AbortSignal): Promise<string> {
    const { SecretString } = await call(
      {
        action: "secretsmanager:GetSecretValue",
        on: arn,
        isIdempotent: true,
        signal,
        next: "run pulumi up, which makes the secret, or put a value into it",
      },
      (abortSignal) =>
        this.client.send(new GetSecretValueCommand({ SecretId: arn }), { abortSignal }),
      this.clock,
    );
    if (SecretString === undefined) throw wrong(arn, "a text");
    return SecretString;
  }
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const wrong = (arn: string, expected: string) =>
  new Error(`the secret ${arn} is not ${expected}; run pulumi up, or put the right value into it`);
