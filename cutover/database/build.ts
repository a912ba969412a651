import type pg from "pg";
import { until, type Waiting } from "../engine/clock";
import type { Running } from "../engine/step";

/** What sessions are called that make indexes and constraints. */
const BUILDER = "redash_move_builder";
/** How often the server is asked how far it is. */
const LOOKS_MS = { first: 20, longest: 1000 } as const;

/**
 * Runs something in a session that is known as one that builds. A statement of it goes on in the server to its end when
 * its client is gone: a process that takes up the act waits for it, and whoever undoes the act ends it.
 */
export async function asBuilder<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query("SELECT set_config('application_name', $1, false)", [BUILDER]);
  // A server of version 14 or newer may be set to look for its client meanwhile.
  await client.query(
    "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
  );
  const result = await work();
  await client.query(
    "SELECT set_config(name, reset_val, false) FROM pg_settings WHERE name IN ('application_name', 'client_connection_check_interval')",
  );
  return result;
}

/** Waits until the server has made what a process before this one has left it with. */
export async function awaitBuilds(client: pg.Client, running: Running): Promise<void> {
  await until(
    async () => {
      const [first] = await builds(client);
      if (first === undefined) return true;
      const { statement, percent } = first;
      running.progress(
        `the server goes on with what a process before has left${percent === null ? "" : `, ${percent} % of the table read`}: ${statement}`,
      );
      return false;
    },
    running,
    LOOKS_MS,
  );
}

/** Ends every build, and waits until it is gone: its locks would hold up whatever comes next. */
export async function endBuilds(client: pg.Client, running: Waiting): Promise<number> {
  const ended = new Set<number>();
  await until(
    async () => {
      const found = await builds(client);
      for (const { pid } of found) {
        ended.add(pid);
        await client.query("SELECT pg_terminate_backend($1)", [pid]);
      }
      return found.length === 0;
    },
    running,
    LOOKS_MS,
  );
  return ended.size;
}

/** Statements that build at this moment. */
async function builds(client: pg.Client) {
  const { rows } = await client.query<{ pid: number; statement: string; percent: number | null }>(
    `SELECT a.pid, left(split_part(a.query, E'\\n', 1), 70) AS statement,
            (100 * p.blocks_done / nullif(p.blocks_total, 0))::int AS percent
       FROM pg_stat_activity a LEFT JOIN pg_stat_progress_create_index p ON p.pid = a.pid
      WHERE a.application_name = $1 AND a.state = 'active' AND a.datname = current_database()
        AND a.pid <> pg_backend_pid()
      ORDER BY 1`,
    [BUILDER],
  );
  return rows;
}
