import type pg from "pg";
import { type Clock, until } from "../engine/clock";
import { identifier, oneRow } from "./database";

type Waiting = { readonly clock: Clock; readonly signal: AbortSignal };

/**
 * Lets the application read but not write: its role becomes read-only and its sessions end, so that none goes on with
 * the old setting. By role and not by database, because replication must still write.
 * @returns how many sessions were ended
 */
export async function fence(client: pg.Client, role: string, running: Waiting): Promise<number> {
  await client.query(`ALTER ROLE ${identifier(role)} SET default_transaction_read_only = on`);
  return endSessions(client, role, running);
}

/** Lets the application write again; sessions end here too, or those that began read-only would stay so. */
export async function liftFence(
  client: pg.Client,
  role: string,
  running: Waiting,
): Promise<number> {
  await client.query(`ALTER ROLE ${identifier(role)} RESET default_transaction_read_only`);
  return endSessions(client, role, running);
}

/** Whether new sessions of the role are read-only. */
export async function isFenced(client: pg.Client, role: string): Promise<boolean> {
  const { fenced } = await oneRow<{ fenced: boolean }>(
    client,
    `SELECT EXISTS (
       SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
        WHERE r.rolname = $1 AND s.setdatabase = 0
          AND 'default_transaction_read_only=on' = ANY (s.setconfig)) AS fenced`,
    [role],
  );
  return fenced;
}

/** Locks a role out and ends its sessions. @returns how many there were */
export async function cutOff(client: pg.Client, role: string, running: Waiting): Promise<number> {
  await client.query(`ALTER ROLE ${identifier(role)} NOLOGIN`);
  const ended = new Set<number>();
  await until(
    async () => {
      // Also what sends replication, which is no client's session.
      const { rows } = await client.query<{ pid: number }>(
        "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()",
        [role],
      );
      for (const { pid } of rows) ended.add(pid);
      return rows.length === 0;
    },
    running,
    { first: 1, longest: 20 },
  );
  return ended.size;
}

export async function letIn(client: pg.Client, role: string): Promise<void> {
  await client.query(`ALTER ROLE ${identifier(role)} LOGIN`);
}

/** How long a transaction may go on to its end, so that nobody's page fails in the middle. */
const GRACE_MS = 50;

/**
 * Ends the sessions that may have begun with the old setting, and waits until the last one is gone: a session that is
 * told to end may still commit. Those that began later have the new setting. Sessions that rest in a pool end at once,
 * which the pool notices before it hands them out (SQLALCHEMY_ENABLE_POOL_PRE_PING); those in a transaction after it, or
 * after a moment.
 */
async function endSessions(client: pg.Client, role: string, running: Waiting): Promise<number> {
  const { since } = await oneRow<{ since: string }>(
    client,
    "SELECT clock_timestamp()::text AS since",
  );
  const graceEnds = running.clock.monotonicMs() + GRACE_MS;
  const ended = new Set<number>();
  await until(
    async () => {
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity
          WHERE usename = $1 AND backend_type = 'client backend' AND pid <> pg_backend_pid()
            AND backend_start <= $2::timestamptz`,
        [role, since],
      );
      const isOver = running.clock.monotonicMs() >= graceEnds;
      // One by one: between the look at a session and its end it may be handed to somebody.
      for (const { pid } of rows) {
        await client.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_get_activity($1) WHERE state = 'idle' OR $2",
          [pid, isOver],
        );
        ended.add(pid);
      }
      return rows.length === 0;
    },
    running,
    { first: 1, longest: 20 },
  );
  return ended.size;
}
