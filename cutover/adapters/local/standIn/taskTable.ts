/** Tables that a replication task carries, and how it carries their columns. */
import type pg from "pg";
import type { TableMappings } from "../../../../redash/dms";
import { isOneOf, LOB_TYPES, UNMIGRATED_TYPES } from "../../../../redash/dmsTypes";
import { identifier } from "./taskSession";

export interface Column {
  readonly name: string;
  readonly isLob: boolean;
  /** Whether a LOB's size is one of bytes, not of characters. */
  readonly isBytes: boolean;
}

export interface Table {
  /** As the statistics name it: without its schema if that is `public`. */
  readonly name: string;
  /** Quoted, with its schema. */
  readonly sql: string;
  /** Primary key, in the order of its columns; empty if it has none. */
  readonly key: readonly string[];
  /** Those that are migrated, in their order. */
  readonly columns: readonly Column[];
}

export const lobsOf = ({ columns }: Table): readonly Column[] =>
  columns.filter(({ isLob }) => isLob);

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name,
         coalesce((SELECT json_agg(k.attname ORDER BY p.place)
                     FROM pg_index i
                     CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS p(attnum, place)
                     JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = p.attnum
                    WHERE i.indrelid = c.oid AND i.indisprimary), '[]') AS key,
         json_agg(json_build_object('column', a.attname, 'name', t.typname, 'kind', t.typtype, 'category', t.typcategory)
                  ORDER BY a.attnum) AS columns
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
   WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
   GROUP BY n.nspname, c.relname, c.oid
   ORDER BY n.nspname, c.relname`;

/** A column, and the type of its values by `pg_type`. */
interface TypedColumn {
  readonly column: string;
  readonly name: string;
  readonly kind: string;
  readonly category: string;
}

/** The source's tables that the mapping selects, by their quoted names. */
export async function capturedTables(
  source: pg.Client,
  mappings: TableMappings,
): Promise<Map<string, Table>> {
  const { rows } =
    await source.query<Record<"schema" | "name" | "key" | "columns", string>>(TABLES);
  const tables = rows
    .filter(({ schema, name }) => isSelected(mappings, schema, name))
    .map(({ schema, name, key, columns }): Table => ({
      name: schema === "public" ? name : `${schema}.${name}`,
      sql: `${identifier(schema)}.${identifier(name)}`,
      key: JSON.parse(key) as string[],
      columns: (JSON.parse(columns) as TypedColumn[])
        .filter((type) => !isOneOf(UNMIGRATED_TYPES, type))
        .map((type) => ({
          name: type.column,
          isLob: isOneOf(LOB_TYPES, type),
          isBytes: type.name === "bytea",
        })),
    }));
  return new Map(tables.map((table) => [table.sql, table]));
}

/** An exclusion takes away from what is included, whatever the order of the rules. */
function isSelected({ rules }: TableMappings, schema: string, table: string): boolean {
  const matching = rules.filter(
    ({ "object-locator": locator }) =>
      matches(locator["schema-name"], schema) && matches(locator["table-name"], table),
  );
  return (
    matching.some((rule) => rule["rule-action"] === "include") &&
    !matching.some((rule) => rule["rule-action"] === "exclude")
  );
}

const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("%", ".*")}$`, "s").test(
    name,
  );
