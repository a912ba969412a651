import pg from "pg";

/** One of the two PostgreSQL servers of a move. */
export interface Database {
  readonly side: "source" | "target";
  /** How the engine reaches it, as the role that moves data: a superuser, or on the target RDS's master user. */
  readonly connection: pg.ClientConfig;
  /** How the other server reaches it for replication: libpq keywords, with a password. Never logged. */
  readonly replicationConnection: string;
  /** Role of the application: what the fence holds back. */
  readonly applicationRole: string;
  /**
   * Its password, where the move makes this role. Never logged.
   *
   * @default the role is there before the move
   */
  readonly applicationPassword?: (signal: AbortSignal) => Promise<string>;
  /**
   * Why nobody can connect to it, where that is known before it is tried: whoever tries is told this.
   *
   * @default it is tried
   */
  readonly unreachable?: Error;
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

/** Connections that wait for the next step: a new one costs more than most steps of the window. */
const idle = new WeakMap<Database, pg.Client[]>();

/**
 * Runs something on a connection that nobody else uses meanwhile. When the signal aborts, the connection is cut, so
 * that the server stops working on what nobody waits for any more.
 * @throws whatever the work throws; why the database is unreachable; the signal's reason if it aborts
 */
export async function withClient<T>(
  database: Database,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  if (database.unreachable !== undefined) throw database.unreachable;
  const client = idle.get(database)?.pop() ?? new pg.Client(withTimeout(database.connection));
  const cut = () => {
    destroy(client);
  };
  signal.addEventListener("abort", cut, { once: true });
  try {
    if (!isOpen.has(client)) await open(client, database);
    const result = await work(client);
    if (isOpen.has(client)) idle.set(database, [...(idle.get(database) ?? []), client]);
    return result;
  } catch (error) {
    // It may be within a transaction, or broken: it is not used again.
    await client.end().catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

/** How long a server may take to say goodbye: of one that has vanished nothing comes any more. */
const CLOSE_MS = 2000;

/** Closes what waits; a server that shuts down waits for it. */
export async function closeConnections(database: Database): Promise<void> {
  const clients = idle.get(database) ?? [];
  idle.delete(database);
  await Promise.all(
    clients.map(async (client) => {
      const timer = setTimeout(() => {
        destroy(client);
      }, CLOSE_MS);
      await client.end().catch(() => undefined);
      clearTimeout(timer);
    }),
  );
}

/** Cuts a connection without a word. */
function destroy(client: pg.Client): void {
  const { stream } = (client as unknown as { connection: { stream: { destroy: () => void } } })
    .connection;
  stream.destroy();
}

const withTimeout = (connection: pg.ClientConfig): pg.ClientConfig => ({
  connectionTimeoutMillis: 10_000,
  ...connection,
});

const isOpen = new WeakSet<pg.Client>();

async function open(client: pg.Client, database: Database): Promise<void> {
  const closed = () => {
    isOpen.delete(client);
    idle.set(
      database,
      (idle.get(database) ?? []).filter((it) => it !== client),
    );
  };
  // A cut connection also ends as an event, which without a listener would end the process.
  client.on("error", closed);
  client.on("end", closed);
  await client.connect();
  await client.query(SESSION);
  isOpen.add(client);
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
