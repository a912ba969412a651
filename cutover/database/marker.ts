import { randomUUID } from "node:crypto";
import type pg from "pg";
import { until, type Waiting } from "../engine/clock";
import { oneRow } from "./database";

/** Schema of everything that the move puts into a database; dropping it leaves nothing behind. */
export const MOVE_SCHEMA = "redash_move";
export const MARKER_TABLE = "marker";

/** Makes the marker table, which is replicated with the application's tables. */
export async function createMarkerTable(client: pg.Client): Promise<void> {
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS ${MOVE_SCHEMA};
    CREATE TABLE IF NOT EXISTS ${MOVE_SCHEMA}.${MARKER_TABLE} (id uuid PRIMARY KEY, written_at timestamptz NOT NULL DEFAULT now())`);
}

export async function dropMoveSchema(client: pg.Client): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${MOVE_SCHEMA} CASCADE`);
}

/** Writes one marker: replication applies in the order of commits, so whoever sees it has everything before it. */
export async function writeMarker(client: pg.Client): Promise<string> {
  const id = randomUUID();
  await client.query(`INSERT INTO ${MOVE_SCHEMA}.${MARKER_TABLE} (id) VALUES ($1)`, [id]);
  return id;
}

/** Waits until a marker has arrived. */
export async function awaitMarker(client: pg.Client, id: string, running: Waiting): Promise<void> {
  await until(
    async () => {
      const { there } = await oneRow<{ there: boolean }>(
        client,
        `SELECT EXISTS (SELECT FROM ${MOVE_SCHEMA}.${MARKER_TABLE} WHERE id = $1) AS there`,
        [id],
      );
      return there;
    },
    running,
    { first: 1, longest: 20 },
  );
}

/** Waits until everything that was written on one side has arrived on the other. */
export async function awaitArrival(
  from: pg.Client,
  to: pg.Client,
  running: Waiting,
): Promise<void> {
  await awaitMarker(to, await writeMarker(from), running);
}
