import type pg from "pg";
import { oneRow } from "../../database/database";
import { MOVE_SCHEMA } from "../../database/marker";

/** A column with its type by name, and by how `pg_type` files it. */
export interface Column {
  readonly name: string;
  /** As SQL writes it, such as `character varying(255)`. */
  readonly type: string;
  /** `typname`, such as `varchar`. */
  readonly typeName: string;
  /** `typtype`: `e` for an enum, `r` for a range, `c` for a composite. */
  readonly typeKind: string;
  /** `typcategory`: `A` for an array. */
  readonly typeCategory: string;
}

/** A table of the application. */
export interface CatalogTable {
  readonly name: string;
  readonly isUnlogged: boolean;
  /** Whether it shares rows with another table, as a parent or a child. */
  readonly isInherited: boolean;
  /** `deferrable` keys tell no rows apart while a transaction is open, so replication does not take them. */
  readonly key: "none" | "deferrable" | "usable";
  /** `pg_class.relreplident`: d the primary key, f the whole row, i another index, n nothing. */
  readonly replicaIdentity: string;
  readonly columns: readonly Column[];
}

/** What is in a database; what belongs to an extension comes with it and is left out. */
export interface CatalogFacts {
  readonly tables: readonly CatalogTable[];
  readonly partitionedTables: readonly string[];
  readonly foreignTables: readonly string[];
  readonly views: readonly string[];
  readonly materializedViews: readonly string[];
  readonly sequences: readonly string[];
  readonly functions: readonly string[];
  readonly types: readonly string[];
  /** `rule on table`. */
  readonly rules: readonly string[];
  /** Schemas with relations that are neither PostgreSQL's, the application's, the move's nor AWS DMS's. */
  readonly otherSchemas: readonly string[];
  readonly largeObjects: number;
  readonly extensions: readonly string[];
  /** Extensions that could be made. */
  readonly availableExtensions: readonly string[];
  /** Event triggers that fire, but for those of AWS DMS. */
  readonly eventTriggers: readonly string[];
}

const IN_PUBLIC = (table: string, schema: string) =>
  `${schema} = 'public'::regnamespace AND NOT EXISTS
     (SELECT FROM pg_depend e WHERE e.classid = '${table}'::regclass AND e.objid = o.oid AND e.deptype = 'e')`;
const relations = (kind: string) =>
  `array(SELECT o.relname::text FROM pg_class o WHERE o.relkind = '${kind}' AND ${IN_PUBLIC("pg_class", "o.relnamespace")} ORDER BY 1)`;

export async function catalogFacts(client: pg.Client): Promise<CatalogFacts> {
  const { rows: tables } = await client.query<CatalogTable>(`
    SELECT o.relname::text AS name, o.relpersistence = 'u' AS "isUnlogged",
           EXISTS (SELECT FROM pg_inherits h WHERE o.oid IN (h.inhrelid, h.inhparent)) AS "isInherited",
           coalesce((SELECT CASE WHEN i.indimmediate THEN 'usable' ELSE 'deferrable' END
                       FROM pg_index i WHERE i.indrelid = o.oid AND i.indisprimary), 'none') AS key,
           o.relreplident::text AS "replicaIdentity",
           coalesce((SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                                                       'typeName', t.typname, 'typeKind', t.typtype, 'typeCategory', t.typcategory)
                                     ORDER BY a.attnum)
                       FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                      WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns
      FROM pg_class o WHERE o.relkind = 'r' AND ${IN_PUBLIC("pg_class", "o.relnamespace")} ORDER BY 1`);
  const rest = await oneRow<Omit<CatalogFacts, "tables">>(
    client,
    `SELECT ${relations("p")} AS "partitionedTables", ${relations("f")} AS "foreignTables",
            ${relations("v")} AS views, ${relations("m")} AS "materializedViews", ${relations("S")} AS sequences,
            array(SELECT o.proname::text FROM pg_proc o WHERE ${IN_PUBLIC("pg_proc", "o.pronamespace")} ORDER BY 1) AS functions,
            array(SELECT o.typname::text FROM pg_type o LEFT JOIN pg_class c ON c.oid = o.typrelid
                   WHERE (o.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
                     AND ${IN_PUBLIC("pg_type", "o.typnamespace")} ORDER BY 1) AS types,
            array(SELECT r.rulename || ' on ' || o.relname FROM pg_rewrite r JOIN pg_class o ON o.oid = r.ev_class
                   WHERE r.rulename <> '_RETURN' AND ${IN_PUBLIC("pg_class", "o.relnamespace")} ORDER BY 1) AS rules,
            array(SELECT DISTINCT n.nspname::text FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
                   WHERE n.nspname !~ '^(pg_|awsdms)' AND n.nspname NOT IN ('information_schema', 'public', $1)
                     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e') ORDER BY 1) AS "otherSchemas",
            (SELECT count(*)::int FROM pg_largeobject_metadata) AS "largeObjects",
            array(SELECT extname::text FROM pg_extension ORDER BY 1) AS extensions,
            array(SELECT name::text FROM pg_available_extensions ORDER BY 1) AS "availableExtensions",
            array(SELECT evtname::text FROM pg_event_trigger
                   WHERE evtenabled <> 'D' AND evtname NOT LIKE 'awsdms%' ORDER BY 1) AS "eventTriggers"`,
    [MOVE_SCHEMA],
  );
  return { tables, ...rest };
}
