import type pg from "pg";
import { oneRow } from "../../database/database";

/** Settings that a move depends on. Times are in milliseconds, sizes in megabytes, as `pg_settings` has them. */
const SETTINGS = [
  "wal_level",
  "max_replication_slots",
  "max_wal_senders",
  "max_slot_wal_keep_size",
  "wal_sender_timeout",
  "idle_in_transaction_session_timeout",
  "statement_timeout",
  "lock_timeout",
  "idle_session_timeout",
  "transaction_timeout",
  "max_logical_replication_workers",
  "max_sync_workers_per_subscription",
  "max_worker_processes",
  "session_replication_role",
] as const;

/** A PostgreSQL server, and the database of the move in it. */
export interface ServerFacts {
  readonly database: string;
  /** Such as `13.23`. */
  readonly version: string;
  readonly major: number;
  /** Whether it only repeats what another server does. */
  readonly isStandby: boolean;
  /** Tells one server from another, whatever the way to it. */
  readonly systemId: string;
  readonly encoding: string;
  readonly collation: string;
  readonly databaseBytes: number;
  /** Sessions that it still lets in. */
  readonly freeConnections: number;
  /** What a new session of the moving role starts with; a setting that this version lacks is absent. */
  readonly settings: Readonly<Partial<Record<(typeof SETTINGS)[number], string>>>;
}

export async function serverFacts(client: pg.Client): Promise<ServerFacts> {
  const { databaseBytes, ...server } = await oneRow<
    Omit<ServerFacts, "settings" | "databaseBytes"> & {
      databaseBytes: string;
    }
  >(
    client,
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
            current_setting('server_version_num')::int / 10000 AS major,
            pg_is_in_recovery() AS "isStandby",
            (SELECT system_identifier::text FROM pg_control_system()) AS "systemId",
            d.datname::text AS database, pg_encoding_to_char(d.encoding)::text AS encoding,
            -- Where ICU collates, the locale is in a column that older versions lack.
            coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', d.datcollate::text) AS collation,
            pg_database_size(d.oid) AS "databaseBytes",
            current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
              -- Who is no superuser does not see of other sessions what they are, but how many there are.
              - (SELECT sum(numbackends)::int FROM pg_stat_database) AS "freeConnections"
       FROM pg_database d WHERE d.datname = current_database()`,
  );
  const { rows } = await client.query<{ name: string; value: string }>(
    // The value now is this transaction's own; reset_val is what sessions start with.
    "SELECT name, reset_val AS value FROM pg_settings WHERE name = ANY ($1)",
    [SETTINGS],
  );
  return {
    ...server,
    databaseBytes: Number(databaseBytes),
    settings: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
  };
}
