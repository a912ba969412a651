import { type Database, withClient } from "../../database/database";
import { createSubscription } from "../../database/subscription";

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
 * @throws why nobody can connect to the other one, if that is known before it is tried
 */
export const reachFacts = (
  from: Database,
  to: Database,
  limitMs: number,
  signal: AbortSignal,
): Promise<Reach> =>
  withClient(from, signal, async (client) => {
    if (to.unreachable !== undefined) throw to.unreachable;
    await client.query(`BEGIN; SET LOCAL statement_timeout = ${Math.min(limitMs, CONNECT_MS)}`);
    try {
      const words = await createSubscription(client, {
        name: "redash_move_reach",
        publication: "redash_move_reach",
        connection: to.replicationConnection,
        options:
          "connect = true, create_slot = false, enabled = false, copy_data = false, slot_name = NONE",
      });
      return { isReached: words === undefined, words: words ?? "" };
    } finally {
      await client.query("ROLLBACK");
    }
  });
