import { type Database, oneRow, withClient } from "../../database/database";

/** Whether a server can connect to the other one for replication, and what it says if not. */
export interface Reach {
  readonly isReached: boolean;
  /** The server's own words, without the connection; empty if it gets there. */
  readonly words: string;
}

/** How long a server may try; libpq's own limit does not apply to subscriptions. */
const CONNECT_MS = 5000;

/**
 * Has a server connect to the other one as a subscription does: network, name, TLS, pg_hba.conf, password, the right to
 * replicate and a free sender are all tried, which nothing else shows. The subscription to a publication that does not
 * exist is rolled back, and so never seen by anybody; that is why this transaction alone is not a read-only one.
 */
export const reachFacts = (
  from: Database,
  to: Database,
  limitMs: number,
  signal: AbortSignal,
): Promise<Reach> =>
  withClient(from, signal, async (client) => {
    await client.query(`BEGIN; SET LOCAL statement_timeout = ${Math.min(limitMs, CONNECT_MS)}`);
    try {
      await client.query("SELECT set_config('redash_move.connection', $1, true)", [
        to.replicationConnection,
      ]);
      await client.query(TRY);
      const { words } = await oneRow<{ words: string }>(
        client,
        "SELECT current_setting('redash_move.words') AS words",
      );
      return { isReached: words === "", words: words.replaceAll(/\s+/g, " ") };
    } finally {
      await client.query("ROLLBACK");
    }
  });

/**
 * The connection has a password, which the server's log must not get. So it travels as a parameter; a function of this
 * transaction hides the statement, which would be the context of a warning (that there is no such publication); and
 * errors are caught here. A malformed connection would be quoted by its error, which is therefore not repeated.
 */
const TRY = `
DO $$
DECLARE words text := '';
BEGIN
  BEGIN
    EXECUTE format('CREATE FUNCTION pg_temp.redash_move_reach() RETURNS void LANGUAGE sql AS %L', format(
      'CREATE SUBSCRIPTION redash_move_reach CONNECTION %L PUBLICATION redash_move_reach
         WITH (connect = true, create_slot = false, enabled = false, copy_data = false, slot_name = NONE)',
      current_setting('redash_move.connection')));
    PERFORM pg_temp.redash_move_reach();
  EXCEPTION
    WHEN query_canceled THEN words := 'no answer within ${CONNECT_MS / 1000} s';
    WHEN syntax_error THEN words := 'the connection is not written as libpq wants it';
    WHEN OTHERS THEN words := SQLERRM;
  END;
  PERFORM set_config('redash_move.words', words, true);
END $$`;
