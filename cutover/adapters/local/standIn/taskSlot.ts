/** The slot by which the source keeps what a task has not applied yet. */
import type pg from "pg";
import { sleep } from "./standIn";
import { readLsn } from "./taskStream";

/** How long the session before may take to let go of it. */
const RELEASE_DEADLINE_MS = 10_000;

/**
 * Makes it anew, which waits for transactions that are open.
 * @returns where the changes begin
 * @throws Error if transactions stay open longer than the limit
 */
export async function createSlot(
  source: pg.Client,
  slot: string,
  waitSeconds: number,
): Promise<bigint> {
  await dropSlot(source, slot);
  await source.query(`SET statement_timeout = '${waitSeconds}s'`);
  const { rows } = await source.query<{ lsn: string }>(
    "SELECT lsn FROM pg_create_logical_replication_slot($1, 'test_decoding')",
    [slot],
  );
  return readLsn(rows[0]?.lsn ?? "");
}

/** Leaves none behind. @throws Error if somebody goes on reading it */
export async function dropSlot(source: pg.Client, slot: string): Promise<void> {
  const end = performance.now() + RELEASE_DEADLINE_MS;
  for (;;) {
    const { rows } = await source.query<{ isRead: string }>(
      `SELECT active::text AS "isRead" FROM pg_replication_slots WHERE slot_name = $1`,
      [slot],
    );
    if (rows[0] === undefined) return;
    if (rows[0].isRead === "false") {
      await source.query("SELECT pg_drop_replication_slot($1)", [slot]);
      return;
    }
    if (performance.now() > end)
      throw new Error(`somebody reads the slot ${slot} of the source; end that session first`);
    await sleep(10);
  }
}
