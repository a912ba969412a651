import type pg from "pg";
import { until } from "../engine/clock";
import type { Running } from "../engine/step";
import { identifier } from "./database";
import { qualified } from "./table";

/** A column that may not be NULL. */
export interface Required {
  readonly table: string;
  readonly column: string;
  /** Of its row in `pg_type`: `typname`, `typtype`, `typcategory`. */
  readonly type: { readonly name: string; readonly kind: string; readonly category: string };
}

/** Columns of the application that may not be NULL, primary keys left out: those must never be relaxed. */
export async function requiredColumns(client: pg.Client): Promise<Required[]> {
  const { rows } = await client.query<Required>(`
    SELECT c.relname::text AS table, a.attname::text AS column,
           json_build_object('name', t.typname, 'kind', t.typtype, 'category', t.typcategory) AS type
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
       AND NOT a.attisdropped AND a.attnotnull
       AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey))
     ORDER BY 1, 2`);
  return rows;
}

/** Lets columns be NULL for a while. */
export async function relax(client: pg.Client, columns: readonly Required[]): Promise<void> {
  for (const { table, column } of columns) {
    await client.query(
      `ALTER TABLE ${qualified(table)} ALTER COLUMN ${identifier(column)} DROP NOT NULL`,
    );
  }
}

/** How long a change of a table may wait for its users, who wait behind it. */
const LOCK_WAIT_MS = 500;
const CHECK = "redash_move_not_null_";
const LOCK_NOT_AVAILABLE = "55P03";
const ALREADY_THERE = "42710";

/**
 * Makes columns required again while users are at work: the rows are looked at under a lock that lets them read and
 * write, and only then, with nothing left to look at, is the column changed. A look that a process before has had done
 * is not repeated.
 * @throws the server's error if a row has none
 */
export async function makeRequired(
  client: pg.Client,
  columns: readonly Required[],
  running: Running,
): Promise<void> {
  for (const { table, column } of columns) {
    const name = qualified(table);
    const it = identifier(column);
    const check = identifier(`${CHECK}${column}`);
    for (const change of [
      `ADD CONSTRAINT ${check} CHECK (${it} IS NOT NULL) NOT VALID`,
      `VALIDATE CONSTRAINT ${check}`,
      `ALTER COLUMN ${it} SET NOT NULL`,
      `DROP CONSTRAINT ${check}`,
    ]) {
      await patiently(client, `ALTER TABLE ${name} ${change}`, running);
    }
  }
}

/** Drops what a process has left that was killed when it had made a column required. */
export async function dropChecks(client: pg.Client, running: Running): Promise<void> {
  const { rows } = await client.query<{ name: string; table: string }>(
    "SELECT conname::text AS name, conrelid::regclass::text AS table FROM pg_constraint WHERE starts_with(conname::text, $1)",
    [CHECK],
  );
  for (const { name, table } of rows)
    await patiently(client, `ALTER TABLE ${table} DROP CONSTRAINT ${identifier(name)}`, running);
}

/**
 * Drops every foreign key, which the steps after a load make anew: a load brings children before their parents, and only
 * while it follows changes does AWS DMS pass over foreign keys.
 */
export async function dropForeignKeys(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; table: string }>(
    `SELECT conname::text AS name, conrelid::regclass::text AS table FROM pg_constraint
      WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1`,
  );
  for (const { name, table } of rows)
    await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${identifier(name)}`);
}

/** Looks at the rows of every foreign key that was made without looking. @returns how many there were */
export async function validateForeignKeys(client: pg.Client, running: Running): Promise<number> {
  const { rows } = await client.query<{ name: string; table: string }>(
    `SELECT conname::text AS name, conrelid::regclass::text AS table FROM pg_constraint
      WHERE contype = 'f' AND NOT convalidated AND connamespace = 'public'::regnamespace ORDER BY 1`,
  );
  for (const [index, { name, table }] of rows.entries()) {
    running.progress(`${index + 1} of ${rows.length}: ${name}`);
    await patiently(
      client,
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${identifier(name)}`,
      running,
    );
  }
  return rows.length;
}

/** Gives up its place after a while and queues again, so that nobody waits long behind it. */
async function patiently(client: pg.Client, statement: string, running: Running): Promise<void> {
  await client.query(`SET lock_timeout = ${LOCK_WAIT_MS}`);
  await until(async () => {
    try {
      await client.query(statement);
      return true;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === LOCK_NOT_AVAILABLE) return false;
      // By a process before, which was killed.
      if (code === ALREADY_THERE) return true;
      throw error;
    }
  }, running);
  await client.query("RESET lock_timeout");
}
