import type pg from "pg";
import { until, type Waiting } from "../engine/clock";
import { identifier, oneRow } from "./database";

/**
 * How long a transaction may go on to its end before its session is ended, so that nobody's page fails in the middle.
 * Waited for only while somebody is at work: nobody can write meanwhile.
 */
export const FENCE_PATIENCE_MS = 2000;

/**
 * Lets the application read but not write: its role becomes read-only and its sessions end, so that none goes on with
 * the old setting, not even one that was on its way in. By role and not by database, because replication must still
 * write.
 * @param patienceMs how long a transaction may go on to its end. @default FENCE_PATIENCE_MS
 * @returns how many sessions were ended
 */
export async function fence(
  client: pg.Client,
  role: string,
  running: Waiting,
  patienceMs = FENCE_PATIENCE_MS,
): Promise<number> {
  await client.query(`ALTER ROLE ${identifier(role)} SET default_transaction_read_only = on`);
  return endSessions(client, role, running, patienceMs);
}

/** Lets the application write again; sessions end here too, or those that began read-only would stay so. */
export async function liftFence(
  client: pg.Client,
  role: string,
  running: Waiting,
): Promise<number> {
  await client.query(`ALTER ROLE ${identifier(role)} RESET default_transaction_read_only`);
  return endSessions(client, role, running, FENCE_PATIENCE_MS);
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
  return untilNone(client, running, async () => {
    // Also what sends replication, which is no client's session.
    const { rows } = await client.query<{ pid: number }>(
      "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()",
      [role],
    );
    return rows.map(({ pid }) => pid);
  });
}

export async function letIn(client: pg.Client, role: string): Promise<void> {
  await client.query(`ALTER ROLE ${identifier(role)} LOGIN`);
}

/**
 * Ends the sessions that may have begun with the old setting, and waits until the last one is gone: a session that is
 * told to end may still commit. Those that began later have the new setting. Sessions that rest in a pool end at once,
 * which the pool notices before it hands them out (SQLALCHEMY_ENABLE_POOL_PRE_PING); those in a transaction after it, or
 * when patience is over.
 */
async function endSessions(
  client: pg.Client,
  role: string,
  running: Waiting,
  patienceMs: number,
): Promise<number> {
  const { since } = await oneRow<{ since: string }>(
    client,
    "SELECT clock_timestamp()::text AS since",
  );
  const patienceEndsMs = running.clock.monotonicMs() + patienceMs;
  return untilNone(client, running, async () => {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity
        WHERE usename = $1 AND backend_type = 'client backend' AND pid <> pg_backend_pid()
          AND backend_start <= $2::timestamptz`,
      [role, since],
    );
    const isOver = running.clock.monotonicMs() >= patienceEndsMs;
    // One by one, and not by pg_stat_get_activity, which takes longer than a pool's question whether its session lives:
    // whoever has had the answer between the look and the end would fail.
    for (const { pid } of rows) {
      await client.query(
        `SELECT pg_terminate_backend($1) FROM pg_stat_get_backend_idset() id
          WHERE pg_stat_get_backend_pid(id) = $1 AND ($2 OR pg_stat_get_backend_xact_start(id) IS NULL)`,
        [pid, isOver],
      );
    }
    return rows.map(({ pid }) => pid);
  });
}

/**
 * Ends sessions until there is none, and none can come to light any more that began with what the role was before.
 * @param end ends those that it sees, and returns them
 * @returns how many there were
 */
async function untilNone(
  client: pg.Client,
  running: Waiting,
  end: () => Promise<readonly number[]>,
): Promise<number> {
  const ended = new Set<number>();
  let unseen = await unseenSessions(client);
  await until(
    async () => {
      // Before the look at the others: whoever has come to light between the two is among them.
      if (unseen.length > 0) unseen = await unseenSessions(client, unseen);
      const seen = await end();
      for (const pid of seen) ended.add(pid);
      return unseen.length === 0 && seen.length === 0;
    },
    running,
    { first: 1, longest: 5 },
  );
  return ended.size;
}

/**
 * Sessions on their way in. Each reads what its role may do a moment before pg_stat_activity has it: left alone, one
 * that has read the old setting would write behind the fence. All that time it is in a transaction, whose lock is seen.
 * @param among those to look at. @default all
 */
async function unseenSessions(client: pg.Client, among?: readonly number[]): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `SELECT l.pid FROM pg_locks l
      WHERE l.locktype = 'virtualxid' AND ($1::int[] IS NULL OR l.pid = ANY ($1))
        AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = l.pid)`,
    [among ?? null],
  );
  return rows.map(({ pid }) => pid);
}
