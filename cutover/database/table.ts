import type pg from "pg";
import { identifier } from "./database";

/** A table of the application. */
export interface Table {
  readonly name: string;
  /** Primary key, in the order of its columns; empty if it has none. */
  readonly key: readonly string[];
  /** Types of these columns, as `pg_type` names them. */
  readonly keyTypes: readonly string[];
}

/** Holds of a relation `c` that no extension has brought: those are the server's, not the application's. */
export const NOT_OF_EXTENSION =
  "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')";
const OF_APPLICATION = `c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND ${NOT_OF_EXTENSION}`;

/** The application's tables (schema public), sorted by name. */
export async function tables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    SELECT c.relname::text AS name,
           coalesce(array_agg(a.attname::text ORDER BY k.place) FILTER (WHERE k.place IS NOT NULL), '{}') AS key,
           coalesce(array_agg(t.typname::text ORDER BY k.place) FILTER (WHERE k.place IS NOT NULL), '{}') AS "keyTypes"
      FROM pg_class c
      LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
      LEFT JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) ON true
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
      LEFT JOIN pg_type t ON t.oid = a.atttypid
     WHERE ${OF_APPLICATION}
     GROUP BY c.relname ORDER BY c.relname`);
  return rows;
}

/** Columns of the application's tables, each as `table.column type`, sorted: rows of equal ones can be replicated. */
export async function columns(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ column: string }>(`
    SELECT format('%s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) AS column
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE ${OF_APPLICATION} ORDER BY c.relname, a.attname`);
  return rows.map(({ column }) => column);
}

/** Table → bytes, with indexes and TOAST. */
export async function tableBytes(client: pg.Client): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT c.relname::text AS name, pg_total_relation_size(c.oid)::text AS bytes FROM pg_class c WHERE ${OF_APPLICATION}`,
  );
  return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

/** `public.name`, quoted. */
export const qualified = (table: string): string => `public.${identifier(table)}`;
