import { identifier } from "./database";
import { qualified, type Table } from "./table";
import { keyCondition, type Sides } from "./verify";

/** Rows that travel at a time. */
const BATCH_ROWS = 200;

/**
 * Makes rows of a table on the target what they are on the source, by their keys: those that the source has no longer
 * are deleted. The rows travel as the text that both servers print and read, so nothing is converted or cut; triggers
 * do not fire, so what they once made (`search_vector`) travels too.
 * @param keys each a JSON list of texts in the order of the primary key
 */
export async function carry(
  { source, target }: Sides,
  table: Table,
  keys: Iterable<string>,
): Promise<void> {
  const all = [...keys];
  for (let from = 0; from < all.length; from += BATCH_ROWS) {
    const batch = new Set(all.slice(from, from + BATCH_ROWS));
    const { sql, value } = keyCondition(table, batch);
    const { rows } = await source.query<{ row: string }>(
      `SELECT t::text AS row FROM ${qualified(table.name)} t WHERE ${sql}`,
      [value],
    );
    await target.query("BEGIN");
    try {
      await target.query("SET LOCAL session_replication_role = replica");
      await target.query(`DELETE FROM ${qualified(table.name)} t WHERE ${sql}`, [value]);
      await target.query(
        // OFFSET 0: or each row would be read anew for each of its columns.
        `INSERT INTO ${qualified(table.name)}
         SELECT (it.whole).* FROM (SELECT r::public.${identifier(table.name)} AS whole FROM unnest($1::text[]) r OFFSET 0) it`,
        [rows.map(({ row }) => row)],
      );
      await target.query("COMMIT");
    } catch (error) {
      await target.query("ROLLBACK");
      throw error;
    }
  }
}
