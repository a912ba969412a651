import type pg from "pg";
import { oneRow } from "../../database/database";

export interface OpenTransaction {
  readonly pid: number;
  readonly role: string;
  readonly ageMs: number;
  /** Whether it has written: then a new replication slot waits for its end. */
  readonly hasWritten: boolean;
}

/** What is going on in a server. */
export interface ActivityFacts {
  /** Oldest first. */
  readonly transactions: readonly OpenTransaction[];
  /** Names of transactions that were prepared for a commit in two phases, and wait for it without a session. */
  readonly prepared: readonly string[];
  /** Roles with a session in this database. */
  readonly connectedRoles: readonly string[];
}

/** @throws Error if the moving role does not see what others do: it would find nothing, and that would be taken for good */
export async function activityFacts(client: pg.Client): Promise<ActivityFacts> {
  const { role, seesAll } = await oneRow<{ role: string; seesAll: boolean }>(
    client,
    `SELECT rolname::text AS role, rolsuper OR pg_has_role('pg_read_all_stats', 'USAGE') AS "seesAll"
       FROM pg_roles WHERE rolname = current_user`,
  );
  if (!seesAll)
    throw new Error(`${role} does not see what other roles do; GRANT pg_read_all_stats TO ${role}`);
  const { rows: transactions } = await client.query<OpenTransaction>(`
    SELECT pid, usename::text AS role, backend_xid IS NOT NULL AS "hasWritten",
           (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::float8 AS "ageMs"
      FROM pg_stat_activity
     WHERE xact_start IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()
     ORDER BY xact_start`);
  const { rows: prepared } = await client.query<{ gid: string }>(
    "SELECT gid FROM pg_prepared_xacts ORDER BY prepared",
  );
  const { rows: roles } = await client.query<{ role: string }>(
    `SELECT DISTINCT usename::text AS role FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' ORDER BY 1`,
  );
  return {
    transactions,
    prepared: prepared.map(({ gid }) => gid),
    connectedRoles: roles.map(({ role }) => role),
  };
}
