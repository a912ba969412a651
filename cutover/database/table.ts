import type pg from "pg";
import { identifier } from "./database";

/** A table of the application. */
export interface Table {
  readonly name: string;
  /** Primary key, in the order of its columns; empty if it has none. */
  readonly key: readonly string[];
  /** Bytes with indexes and TOAST. */
  readonly bytes: number;
  /** The planner's estimate of its rows. */
  readonly estimatedRows: number;
}

/** The application's tables (schema public), sorted by name. */
export async function tables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<{
    name: string;
    key: string[];
    bytes: string;
    rows: number;
  }>(`
    SELECT c.relname AS name,
           coalesce((SELECT array_agg(a.attname::text ORDER BY k.place)
                       FROM pg_index i
                       CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
                       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                      WHERE i.indrelid = c.oid AND i.indisprimary), '{}') AS key,
           pg_total_relation_size(c.oid) AS bytes,
           greatest(c.reltuples, 0)::float8 AS rows
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
     ORDER BY c.relname`);
  return rows.map(({ name, key, bytes, rows: estimatedRows }) => ({
    name,
    key,
    bytes: Number(bytes),
    estimatedRows,
  }));
}

/** `public.name`, quoted. */
export const qualified = (table: string): string => `public.${identifier(table)}`;
