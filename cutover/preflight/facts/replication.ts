import type pg from "pg";
import { oneRow } from "../../database/database";
import { dmsObjects, dmsSlots } from "../../database/dmsTraces";
import { MOVE_SCHEMA } from "../../database/marker";

export interface ReplicationSlot {
  readonly name: string;
  /** Whether somebody reads it. */
  readonly isActive: boolean;
  /** WAL that the server keeps for it. */
  readonly keptBytes: number;
}

/** Replication as it is set up on a server. */
export interface ReplicationFacts {
  readonly slots: readonly ReplicationSlot[];
  readonly senders: number;
  /** Places from which this server receives, each of which takes one of `max_replication_slots` up to 17. */
  readonly origins: number;
  readonly publications: readonly string[];
  readonly subscriptions: readonly string[];
  readonly hasMoveSchema: boolean;
  /** Tables, schemas and event triggers that AWS DMS has made, as DROP names them. */
  readonly dmsObjects: readonly string[];
  /** Slots by which tasks of AWS DMS read this database. */
  readonly dmsSlots: readonly string[];
}

export async function replicationFacts(client: pg.Client): Promise<ReplicationFacts> {
  const { rows } = await client.query<{ name: string; isActive: boolean; keptBytes: string }>(`
    SELECT slot_name::text AS name, active AS "isActive",
           coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                                    restart_lsn), 0) AS "keptBytes"
      FROM pg_replication_slots ORDER BY 1`);
  const rest = await oneRow<Omit<ReplicationFacts, "slots" | "dmsObjects" | "dmsSlots">>(
    client,
    `SELECT (SELECT count(*)::int FROM pg_stat_replication) AS senders,
            (SELECT count(*)::int FROM pg_replication_origin) AS origins,
            array(SELECT pubname::text FROM pg_publication ORDER BY 1) AS publications,
            array(SELECT subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
                   WHERE d.datname = current_database() ORDER BY 1) AS subscriptions,
            EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS "hasMoveSchema"`,
    [MOVE_SCHEMA],
  );
  return {
    slots: rows.map((it) => ({ ...it, keptBytes: Number(it.keptBytes) })),
    ...rest,
    dmsObjects: await dmsObjects(client),
    dmsSlots: await dmsSlots(client),
  };
}
