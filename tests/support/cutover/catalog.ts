import type pg from "pg";
import type { Catalog } from "../../../cutover/adapters/local/redash/schema";

type Row = Record<string, string>;

/** The catalog of a database in the shape of the files in cutover/adapters/local/redash/schema/. */
export async function readCatalog(client: pg.Client): Promise<Catalog> {
  const rows = async (sql: string) => (await client.query<Row>(sql)).rows;
  // Functions in indexes and triggers are printed with or without schema by it.
  await client.query("SET search_path = public");
  const columns = await rows(`
    SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
           || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS type
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname, a.attnum`);
  const constraints = await rows(`
    SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')`);
  const indexes = await rows(
    "SELECT tablename AS table, indexname AS name, indexdef AS definition FROM pg_indexes WHERE schemaname = 'public'",
  );
  const triggers = await rows(
    "SELECT tgrelid::regclass::text AS table, pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE NOT tgisinternal",
  );
  const named = (list: readonly Row[], table: string) =>
    Object.fromEntries(
      list
        .filter((it) => it["table"] === table)
        .map((it) => [it["name"] ?? "", it["definition"] ?? ""]),
    );
  const triggersOf = (list: readonly Row[], table: string) => {
    const found = list.filter((it) => it["table"] === table).map((it) => it["definition"] ?? "");
    return found.length === 0 ? {} : { triggers: found };
  };
  const tables = [...new Set(columns.map((it) => it["table"] ?? ""))];
  const functions = await rows(`
    SELECT proname || '(' || pg_get_function_identity_arguments(p.oid) || ') returns '
           || pg_get_function_result(p.oid) || ' language ' || l.lanname AS text
      FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE pronamespace = 'public'::regnamespace`);
  const sequences = await rows(`
    SELECT c.relname AS name, d.refobjid::regclass || '.' || a.attname AS column
      FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.deptype = 'a'
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace`);
  const types = await rows(`
    SELECT t.typname AS name FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
     WHERE t.typnamespace = 'public'::regnamespace`);
  return {
    alembic_version: (await rows("SELECT version_num FROM alembic_version")).map(
      (it) => it["version_num"] ?? "",
    ),
    types: types.map((it) => ({ name: it["name"] ?? "" })),
    functions: functions.map((it) => it["text"] ?? "").sort(),
    sequences: Object.fromEntries(sequences.map((it) => [it["name"] ?? "", it["column"] ?? ""])),
    tables: Object.fromEntries(
      tables.map((table) => [
        table,
        {
          columns: Object.fromEntries(
            columns
              .filter((it) => it["table"] === table)
              .map((it) => [it["column"] ?? "", it["type"] ?? ""]),
          ),
          constraints: named(constraints, table),
          indexes: named(indexes, table),
          ...triggersOf(triggers, table),
        },
      ]),
    ),
  };
}
