/** Connections of the replication task, whose sessions print values the same way on both sides and in the WAL. */
import pg from "pg";

/** One end of a task. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** TLS, as `pg` takes it: with a certificate to be checked, or only encrypted. @default none */
  readonly ssl?: { readonly ca: string } | { readonly rejectUnauthorized: false };
}

const FORMATS =
  "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c bytea_output=hex -c extra_float_digits=1";
/** A statement's limit, as the endpoints have it (`executeTimeout`). */
const LIMIT = "-c statement_timeout=60s";
/** Of the target: neither triggers nor foreign keys stand in the way of rows that come in another order. */
const REPLICA = "-c session_replication_role=replica";
const CONNECT_DEADLINE_MS = 10_000;

/** Opens a connection on which every value is text, as it came. `wal` reads a slot, `target` applies. */
export async function connect(
  endpoint: Endpoint,
  purpose: "source" | "wal" | "target",
): Promise<pg.Client> {
  const client = new pg.Client({
    ...endpoint,
    application_name: "awsdms",
    connectionTimeoutMillis: CONNECT_DEADLINE_MS,
    options: [FORMATS, LIMIT, ...(purpose === "target" ? [REPLICA] : [])].join(" "),
    types: { getTypeParser: () => (value: string) => value },
    ...(purpose === "wal" && { replication: "database" }),
  });
  // A connection that is cut also ends as an event, which without a listener would end the process.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Runs something on a connection, and closes it. */
export async function withConnection<T>(
  endpoint: Endpoint,
  purpose: "source" | "target",
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(endpoint, purpose);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Ended by an administrator, no login, slot still held by the session before, server gone or starting. */
const LOST = /^(?:08\w{3}|57P0[123]|28000|55006|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/;
const LOST_WORDS = /^(?:Connection terminated|Client |timeout expired)/;

/** Whether a connection was lost, or refused for now: then the task tries again, for ever. */
export function isLost(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code === undefined ? LOST_WORDS.test(message ?? "") : LOST.test(code);
}

/** What a server said, without the values of rows, which its messages about data repeat. */
export function words(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code !== undefined && /^22/.test(code) ? `SQLSTATE ${code}` : message;
}

export const identifier = (name: string): string => pg.escapeIdentifier(name);

/** A value in SQL; `pg.escapeLiteral` would walk through megabytes one character at a time. */
export const literal = (value: string | null): string =>
  value === null ? "NULL" : `'${value.replaceAll("'", "''")}'`;
