import pg from "pg";

/** One of the two PostgreSQL servers of a move. */
export interface Database {
  readonly side: "source" | "target";
  /** How the engine reaches it, as the role that moves data (a superuser, or RDS's master user). */
  readonly connection: pg.ClientConfig;
  /** How the other server reaches it for replication: libpq keywords, with a password. Never logged. */
  readonly replicationConnection: string;
  /** Role of the application: what the fence holds back. */
  readonly applicationRole: string;
}

/** Sessions print values the same way on both sides whatever the server's defaults, or checksums would differ. */
const SESSION = [
  "SET TimeZone = 'UTC'",
  "SET DateStyle = 'ISO, YMD'",
  "SET IntervalStyle = 'postgres'",
  "SET bytea_output = 'hex'",
  "SET extra_float_digits = 1",
  "SET search_path = public",
].join("; ");

/**
 * Runs something on a connection of its own. When the signal aborts, the connection is cut, so that the server stops
 * working on what nobody waits for any more.
 * @throws whatever the work throws; the signal's reason if it aborts
 */
export async function withClient<T>(
  { connection }: Database,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...connection });
  // A cut connection also ends as an event, which would end the process.
  client.on("error", () => undefined);
  const cut = () => {
    const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } })
      .connection;
    stream.destroy();
  };
  signal.addEventListener("abort", cut, { once: true });
  try {
    await client.connect();
    await client.query(SESSION);
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
    await client.end().catch(() => undefined);
  }
}

/** One row that must be there. */
export async function oneRow<Row extends pg.QueryResultRow>(
  client: pg.Client,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row> {
  const { rows } = await client.query<Row>(sql, [...values]);
  const [row] = rows;
  if (row === undefined) throw new Error(`no row: ${sql}`);
  return row;
}

export const identifier = (name: string): string => pg.escapeIdentifier(name);
export const literal = (text: string): string => pg.escapeLiteral(text);
