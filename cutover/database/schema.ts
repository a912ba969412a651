import type pg from "pg";
import { identifier, oneRow } from "./database";
import { NOT_OF_EXTENSION, qualified, tables } from "./table";

/**
 * Statements of a plain `pg_dump`, without its comments and psql commands. Bodies in dollar quotes stay whole.
 */
export function statements(dump: string): string[] {
  const found: string[] = [];
  let current = "";
  let quote: string | undefined;
  for (const line of dump.split("\n")) {
    if (quote === undefined && (line.startsWith("--") || line.startsWith("\\"))) continue;
    current += `${line}\n`;
    for (const [mark] of line.matchAll(/\$[A-Za-z_]*\$/g)) {
      if (quote === undefined) quote = mark;
      else if (quote === mark) quote = undefined;
    }
    if (quote === undefined && line.trimEnd().endsWith(";")) {
      found.push(current.trim());
      current = "";
    }
  }
  if (current.trim() !== "")
    throw new Error(`a dump ends within a statement: ${current.trim().slice(0, 80)}`);
  return found.filter((statement) => statement !== "");
}

/** Whether a statement of the post-data section is needed before rows arrive: updates find their rows by the key. */
export const isPrimaryKey = (statement: string): boolean =>
  /^ALTER TABLE ONLY .* ADD CONSTRAINT .* PRIMARY KEY /s.test(statement);

export const isForeignKey = (statement: string): boolean =>
  /^ALTER TABLE ONLY .* ADD CONSTRAINT .* FOREIGN KEY /s.test(statement);

/** Settings of the dumping session, which are no part of a schema. */
export const isSetting = (statement: string): boolean =>
  /^(?:SET |SELECT pg_catalog\.set_config\()/.test(statement);

/** What every database has already. */
export const isDefault = (statement: string): boolean =>
  /^(?:CREATE SCHEMA public;|COMMENT ON SCHEMA public |COMMENT ON EXTENSION )/.test(statement);

/** Number of relations in the application's schema: nothing of ours or anybody else's may be there before a move. */
export async function relationCount(client: pg.Client): Promise<number> {
  const { count } = await oneRow<{ count: number }>(
    client,
    `SELECT count(*)::int AS count FROM pg_class c
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S', 'p') AND ${NOT_OF_EXTENSION}`,
  );
  return count;
}

/** The application's objects as ALTER names them. What belongs to one goes with it. */
async function objects(client: pg.Client): Promise<{ kind: string; name: string }[]> {
  const { rows } = await client.query<{ kind: string; name: string }>(`
    SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind,
           oid::regclass::text AS name
      FROM pg_class c
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') AND relkind = 'S')
       AND ${NOT_OF_EXTENSION}
    UNION ALL
    SELECT 'ROUTINE', p.oid::regprocedure::text FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype IN ('e', 'i'))
    UNION ALL
    SELECT 'TYPE', t.oid::regtype::text FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
     WHERE t.typnamespace = 'public'::regnamespace AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')`);
  return rows;
}

/** Gives the application's objects to its role: it migrates its own schema with the next version. */
export async function giveTo(client: pg.Client, role: string): Promise<void> {
  const to = identifier(role);
  // First: who is no superuser gives an object only to a role that could have made it there.
  await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${to}`);
  for (const { kind, name } of await objects(client))
    await client.query(`ALTER ${kind} ${name} OWNER TO ${to}`);
}

/** Removes every row of the application's tables. @returns how many tables there are */
export async function emptyTables(client: pg.Client): Promise<number> {
  const list = await tables(client);
  // At once: one by one PostgreSQL refuses what a foreign key refers to.
  if (list.length > 0)
    await client.query(`TRUNCATE ${list.map(({ name }) => qualified(name)).join(", ")}`);
  return list.length;
}

/**
 * Drops everything in the application's schema: tables, views, sequences, functions and types, all of them or none.
 * The schema stays, and with it its owner, its grants and its extensions: those are the server's, not the move's.
 */
export async function dropApplicationSchema(client: pg.Client): Promise<void> {
  // Sequences of columns, arrays and the like go with what they belong to. Tables go first: others belong to them.
  const { rows } = await client.query<{ statement: string }>(
    `SELECT format('DROP %s IF EXISTS %s CASCADE', o.type, o.identity) AS statement
       FROM pg_depend d CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) o
      WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'public'::regnamespace
        AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
        AND NOT EXISTS (SELECT FROM pg_depend e
                         WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype IN ('e', 'i', 'a'))
      ORDER BY d.classid <> 'pg_class'::regclass`,
  );
  await client.query(["BEGIN", ...rows.map(({ statement }) => statement), "COMMIT"].join("; "));
}
