import type pg from "pg";
import { type Database, withClient } from "../database/database";

/** A table that somebody is altering is not waited for long: whoever comes later would wait behind us. */
const LOCK_WAIT_MS = 2000;

/**
 * Reads within one read-only transaction: the server itself refuses any change.
 * @param limitMs also the server's own limit, as it does not notice by itself that nobody waits any more
 */
export const readOnly = <T>(
  database: Database,
  limitMs: number,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> =>
  withClient(database, signal, async (client) => {
    await client.query(
      `BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
       SET LOCAL statement_timeout = ${limitMs}; SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`,
    );
    const found = await work(client);
    await client.query("COMMIT");
    return found;
  });
