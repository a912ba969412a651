import { randomUUID } from "node:crypto";
import type pg from "pg";
import { Fernet } from "../redash/fernet";
import { identifier, oneRow } from "./database";

/** Something that must hold of a database before users are left alone with it. */
export interface Proof {
  readonly what: string;
  readonly holds: boolean;
  readonly found: string;
}

/**
 * What replication may leave wrong without an error anywhere.
 * @param secretKey REDASH_SECRET_KEY of this side
 */
export async function proofs(client: pg.Client, secretKey: string): Promise<Proof[]> {
  return [
    await foreignKeys(client),
    await triggers(client),
    await sequencesAhead(client),
    await decryption(client, secretKey),
    await search(client),
  ];
}

const proof = (what: string, wrong: readonly string[], right: string): Proof => ({
  what,
  holds: wrong.length === 0,
  found: wrong.length === 0 ? right : wrong.slice(0, 5).join(", "),
});

/** Replication applies rows without asking foreign keys, and nothing asks them afterwards. */
export async function foreignKeys(client: pg.Client): Promise<Proof> {
  const { rows } = await client.query<{
    name: string;
    child: string;
    parent: string;
    columns: string[];
    keys: string[];
    validated: boolean;
  }>(`
    SELECT c.conname::text AS name, c.conrelid::regclass::text AS child, c.confrelid::regclass::text AS parent,
           c.convalidated AS validated,
           array(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY k(n, o) JOIN pg_attribute a
                   ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY o) AS columns,
           array(SELECT attname::text FROM unnest(c.confkey) WITH ORDINALITY k(n, o) JOIN pg_attribute a
                   ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY o) AS keys
      FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace ORDER BY 1`);
  const wrong: string[] = [];
  for (const { name, child, parent, columns, keys, validated } of rows) {
    const same = columns
      .map((column, index) => `p.${identifier(keys[index] ?? "")} = c.${identifier(column)}`)
      .join(" AND ");
    const set = columns.map((column) => `c.${identifier(column)} IS NOT NULL`).join(" AND ");
    const { orphans } = await oneRow<{ orphans: number }>(
      client,
      `SELECT count(*)::int AS orphans FROM ${child} c WHERE ${set} AND NOT EXISTS (SELECT FROM ${parent} p WHERE ${same})`,
    );
    if (orphans > 0) wrong.push(`${name}: ${orphans} rows without a parent`);
    if (!validated) wrong.push(`${name} is not validated`);
  }
  return proof("every foreign key holds", wrong, `${rows.length} foreign keys`);
}

/** With `replica` neither the search trigger nor foreign keys work, for everybody. */
export async function triggers(client: pg.Client): Promise<Proof> {
  const { rows } = await client.query<{ name: string; enabled: string }>(
    "SELECT tgname::text AS name, tgenabled::text AS enabled FROM pg_trigger WHERE NOT tgisinternal",
  );
  const { role } = await oneRow<{ role: string }>(
    client,
    "SELECT current_setting('session_replication_role') AS role",
  );
  const wrong = rows
    .filter(({ enabled }) => enabled !== "O")
    .map(({ name, enabled }) => `${name} is ${enabled}`);
  if (role !== "origin") wrong.push(`session_replication_role is ${role}`);
  return proof("triggers and constraints work as usual", wrong, `${rows.length} triggers, origin`);
}

/** A sequence behind its table makes the first new row fail with a duplicate key. */
export async function sequencesAhead(client: pg.Client): Promise<Proof> {
  const { rows } = await client.query<{ name: string; table: string; column: string }>(`
    SELECT s.relname::text AS name, t.relname::text AS table, a.attname::text AS column
      FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass
      JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
     WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace ORDER BY 1`);
  const wrong: string[] = [];
  for (const { name, table, column } of rows) {
    const { isBehind } = await oneRow<{ isBehind: boolean }>(
      client,
      `SELECT coalesce((SELECT max(${identifier(column)}) FROM ${identifier(table)}), 0)
              > (SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM ${identifier(name)}) AS "isBehind"`,
    );
    if (isBehind) wrong.push(name);
  }
  return proof("every sequence is above every id", wrong, `${rows.length} sequences`);
}

/** Replication fires no triggers; a search that finds nothing new would be noticed weeks later. Nothing is left behind. */
async function search(client: pg.Client): Promise<Proof> {
  const word = `w${randomUUID().replaceAll("-", "")}`;
  await client.query("BEGIN");
  try {
    const { rows } = await client.query<{ found: boolean }>(
      // Not behind the name that it has, which may be as long as the column allows.
      `UPDATE queries SET name = $1 WHERE id = (SELECT max(id) FROM queries)
       RETURNING search_vector @@ to_tsquery('simple', $1) AS found`,
      [word],
    );
    const [row] = rows;
    const isWrong = row !== undefined && !row.found;
    return proof(
      "search finds what is written now",
      isWrong ? ["a query that was edited is not found by its new name"] : [],
      row === undefined ? "no query to edit" : "an edited query, found by its new name",
    );
  } finally {
    await client.query("ROLLBACK");
  }
}

/** With another key every page that touches a data source fails. */
export async function decryption(client: pg.Client, secretKey: string): Promise<Proof> {
  const { rows } = await client.query<{ what: string; token: Buffer }>(`
    SELECT 'data source ' || id AS what, encrypted_options AS token FROM data_sources
    UNION ALL SELECT 'destination ' || id, encrypted_options FROM notification_destinations`);
  const fernet = new Fernet(secretKey);
  const wrong = rows.flatMap(({ what, token }) => {
    try {
      JSON.parse(fernet.decrypt(token));
      return [];
    } catch {
      return [what];
    }
  });
  return proof(
    "every credential decrypts with this side's key",
    wrong,
    `${rows.length} credentials`,
  );
}
