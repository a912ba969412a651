import type pg from "pg";
import type { QueueValue } from "../ports";
import { MOVE_SCHEMA } from "./marker";

/** What Redash keeps in Redis alone, as it was carried to the side of this database; it goes with the move's schema. */
const TABLE = `${MOVE_SCHEMA}.carried_queue_state`;

/** Remembers it for whoever compares later, which may be another process. */
export async function rememberQueueState(
  client: pg.Client,
  state: ReadonlyMap<string, QueueValue>,
): Promise<void> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${TABLE} (key text PRIMARY KEY, value json NOT NULL)`,
  );
  await client.query("BEGIN");
  await client.query(`DELETE FROM ${TABLE}`);
  await client.query(`INSERT INTO ${TABLE} SELECT * FROM json_each($1)`, [
    JSON.stringify(Object.fromEntries(state)),
  ]);
  await client.query("COMMIT");
}

/** What was remembered last. @throws the server's error if nothing ever was */
export async function rememberedQueueState(
  client: pg.Client,
): Promise<ReadonlyMap<string, QueueValue>> {
  const { rows } = await client.query<{ key: string; value: QueueValue }>(
    `SELECT key, value FROM ${TABLE}`,
  );
  return new Map(rows.map(({ key, value }) => [key, value]));
}
