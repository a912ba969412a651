import type pg from "pg";
import { until, type Waiting } from "../engine/clock";
import { type Database, identifier, literal, oneRow } from "./database";
import { MARKER_TABLE, MOVE_SCHEMA, writeMarker } from "./marker";
import { createSubscription } from "./subscription";
import { qualified } from "./table";

/** One way of replication. Both ways of a move have the same shape, so the way back needs no code of its own. */
export interface Direction {
  /** Name of the publication, the slot and the subscription alike. */
  readonly name: string;
  readonly publisher: Database;
  readonly subscriber: Database;
}

/** Publishes tables by name; `FOR ALL TABLES` would make updates of a table without a key fail on the publisher. */
export async function publish(
  client: pg.Client,
  name: string,
  tables: readonly string[],
): Promise<void> {
  const list = [...tables.map(qualified), `${MOVE_SCHEMA}.${MARKER_TABLE}`].join(", ");
  const { there } = await oneRow<{ there: boolean }>(
    client,
    "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1) AS there",
    [name],
  );
  await client.query(
    there
      ? `ALTER PUBLICATION ${identifier(name)} SET TABLE ${list}`
      : `CREATE PUBLICATION ${identifier(name)} FOR TABLE ${list}`,
  );
}

export async function unpublish(client: pg.Client, name: string): Promise<void> {
  await client.query(`DROP PUBLICATION IF EXISTS ${identifier(name)}`);
}

async function slotExists(client: pg.Client, name: string): Promise<boolean> {
  const { there } = await oneRow<{ there: boolean }>(
    client,
    "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1) AS there",
    [name],
  );
  return there;
}

/** Slot → bytes of WAL that the server keeps for it, of those that are there. */
export async function keptWalBytes(
  client: pg.Client,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT slot_name::text AS name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text AS bytes
       FROM pg_replication_slots WHERE slot_name = ANY ($1) AND restart_lsn IS NOT NULL ORDER BY 1`,
    [names],
  );
  return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

/**
 * Whether a slot sees every change from now on. It is there as soon as somebody begins to make it, and sees nothing until
 * all transactions are over that were open then: perhaps for a process that is gone, for which its server goes on.
 */
export async function slotIsMade(client: pg.Client, name: string): Promise<boolean> {
  const { isMade } = await oneRow<{ isMade: boolean }>(
    client,
    `SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn IS NOT NULL) AS "isMade"`,
    [name],
  );
  return isMade;
}

/** Makes a logical slot, or waits for whoever is making it; that waits for transactions that were open when it began. */
export async function createSlot(
  client: pg.Client,
  name: string,
  running: Waiting,
  plugin = "pgoutput",
): Promise<void> {
  await until(async () => {
    if (await slotExists(client, name)) return slotIsMade(client, name);
    await client.query("SELECT pg_create_logical_replication_slot($1, $2)", [name, plugin]);
    return true;
  }, running);
}

/** Drops a slot, ending whoever reads it. A slot that is left behind fills the publisher's disk with WAL. */
export async function dropSlot(client: pg.Client, name: string, running: Waiting): Promise<void> {
  await until(
    async () => {
      await client.query(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active",
        [name],
      );
      const { rowCount } = await client.query(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active",
        [name],
      );
      return rowCount === 1 || !(await slotExists(client, name));
    },
    running,
    { first: 5, longest: 200 },
  );
}

/**
 * Drops the slots of copies that were under way when their subscription was dropped: nobody else does
 * (postgresql.org/docs/17/logical-replication-subscription.html, "Replication Slot Management").
 */
export async function dropCopySlots(
  publisher: pg.Client,
  subscriber: pg.Client,
  running: Waiting,
): Promise<void> {
  const { id } = await oneRow<{ id: string }>(
    subscriber,
    "SELECT system_identifier::text AS id FROM pg_control_system()",
  );
  const { rows } = await publisher.query<{ name: string }>(
    "SELECT slot_name::text AS name FROM pg_replication_slots WHERE slot_name ~ ('^pg_[0-9]+_sync_[0-9]+_' || $1 || '$')",
    [id],
  );
  for (const { name } of rows) await dropSlot(publisher, name, running);
}

const IN_USE = "55006";

/**
 * Moves a slot to the end of the WAL: what was written so far is not sent any more. Its reader, told to end, may still
 * be there for a moment.
 * @returns where it is now
 */
export async function advanceSlot(
  client: pg.Client,
  name: string,
  running: Waiting,
): Promise<string> {
  let reached = "";
  await until(
    async () => {
      try {
        const { lsn } = await oneRow<{ lsn: string }>(
          client,
          "SELECT end_lsn::text AS lsn FROM pg_replication_slot_advance($1, pg_current_wal_flush_lsn())",
          [name],
        );
        reached = lsn;
        return true;
      } catch (error) {
        if ((error as { code?: string }).code === IN_USE) return false;
        throw error;
      }
    },
    running,
    { first: 1, longest: 20 },
  );
  return reached;
}

/** A server's subscriptions are all in one catalog. */
const OF_THIS_DATABASE =
  "subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

/**
 * Starts a subscription with what its publisher writes from now on. Most of what is there came from the subscriber, which
 * would stop for ever at its own rows, so the slot is moved behind it, and the subscription is told the same place: a
 * server that crashes knows slots only as they were at its last checkpoint, and sends a subscriber nothing before the
 * place that it names (postgresql.org/docs/17/functions-admin.html, pg_replication_slot_advance).
 * @returns the place
 */
export async function streamFromNow(
  publisher: pg.Client,
  subscriber: pg.Client,
  name: string,
  running: Waiting,
): Promise<string> {
  // What a subscription has applied is on the disk a little later, and a slot moves no further than that.
  await writeMarker(publisher);
  const lsn = await advanceSlot(publisher, name, running);
  await subscriber.query(
    `SELECT pg_replication_origin_advance('pg_' || oid, ${literal(lsn)}) FROM pg_subscription
      WHERE subname = ${literal(name)} AND ${OF_THIS_DATABASE};
     ALTER SUBSCRIPTION ${identifier(name)} ENABLE`,
  );
  return lsn;
}

export async function subscriptionExists(client: pg.Client, name: string): Promise<boolean> {
  const { there } = await oneRow<{ there: boolean }>(
    client,
    `SELECT EXISTS (SELECT FROM pg_subscription WHERE subname = $1 AND ${OF_THIS_DATABASE}) AS there`,
    [name],
  );
  return there;
}

/**
 * Subscribes, by a slot that is there already.
 * @param how `copy`: copies the tables, then streams. `prepared`: nothing copied, not started
 * @throws Error with the server's words, and never with the connection
 */
export async function subscribe(
  client: pg.Client,
  { name, publisher }: Direction,
  how: "copy" | "prepared",
): Promise<void> {
  if (await subscriptionExists(client, name)) return;
  await client.query("BEGIN");
  const words = await createSubscription(client, {
    name,
    publication: name,
    connection: publisher.replicationConnection,
    options: `create_slot = false, slot_name = ${literal(name)}, ${how === "copy" ? "copy_data = true" : "copy_data = false, enabled = false"}`,
  });
  await client.query(words === undefined ? "COMMIT" : "ROLLBACK");
  if (words !== undefined) throw new Error(`subscription ${name} cannot be made: ${words}`);
}

/**
 * Stops applying, and waits until the worker is gone: it may still write when the command returns, and would notice
 * only a while later, so it is told to end.
 */
export async function disable(client: pg.Client, name: string, running: Waiting): Promise<void> {
  await client.query(`ALTER SUBSCRIPTION ${identifier(name)} DISABLE`);
  await until(
    async () => {
      const { rowCount } = await client.query(
        // A worker that has just started has no role yet, and then none but a superuser may end it.
        `SELECT CASE WHEN a.usesysid IS NOT NULL THEN pg_terminate_backend(s.pid) END
           FROM pg_stat_subscription s LEFT JOIN pg_stat_activity a ON a.pid = s.pid
          WHERE s.subname = $1 AND s.pid IS NOT NULL`,
        [name],
      );
      return rowCount === 0;
    },
    running,
    { first: 1, longest: 20 },
  );
}

export async function isEnabled(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ subenabled: boolean }>(
    `SELECT subenabled FROM pg_subscription WHERE subname = $1 AND ${OF_THIS_DATABASE}`,
    [name],
  );
  return rows[0]?.subenabled === true;
}

/** Removes a subscription without reaching for the publisher, whose slot is dropped by itself. */
export async function unsubscribe(
  client: pg.Client,
  name: string,
  running: Waiting,
): Promise<void> {
  if (!(await subscriptionExists(client, name))) return;
  await disable(client, name, running);
  await client.query(`ALTER SUBSCRIPTION ${identifier(name)} SET (slot_name = NONE)`);
  await client.query(`DROP SUBSCRIPTION ${identifier(name)}`);
}

/** How far the copy of a subscription is. */
export interface CopyState {
  readonly tables: number;
  /** Tables that are not copied and streaming yet, by name. */
  readonly missing: readonly string[];
  /** How often a worker has failed since the subscription was made. Always 0 before PostgreSQL 15, which counts. */
  readonly failures: number;
  /** Whether a worker is there. One that fails is gone, until the server starts another one after a while. */
  readonly isWorking: boolean;
}

/** What the server tells of a copy; the words of an error stand in its log alone. */
export async function copyState(client: pg.Client, name: string): Promise<CopyState> {
  const state = await oneRow<Omit<CopyState, "failures"> & { readonly counts: boolean }>(
    client,
    `SELECT count(*)::int AS tables,
            coalesce(array_agg(c.relname::text ORDER BY c.relname) FILTER (WHERE r.srsubstate <> 'r'), '{}') AS missing,
            coalesce(bool_or(EXISTS (SELECT FROM pg_stat_subscription t WHERE t.subid = s.oid AND t.pid IS NOT NULL)), false) AS "isWorking",
            to_regclass('pg_catalog.pg_stat_subscription_stats') IS NOT NULL AS counts
       FROM pg_subscription s JOIN pg_subscription_rel r ON r.srsubid = s.oid JOIN pg_class c ON c.oid = r.srrelid
      WHERE s.subname = $1 AND ${OF_THIS_DATABASE}`,
    [name],
  );
  const { counts, ...rest } = state;
  if (!counts) return { ...rest, failures: 0 };
  const { failures } = await oneRow<{ failures: number }>(
    client,
    `SELECT coalesce(sum(apply_error_count + sync_error_count), 0)::int AS failures
       FROM pg_stat_subscription_stats WHERE subname = $1`,
    [name],
  );
  return { ...rest, failures };
}
