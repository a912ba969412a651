import type pg from "pg";
import { identifier, oneRow } from "../../database/database";
import { qualified } from "../../database/table";
import type { World } from "../../ports";

/** Migrations of Redash that the database has seen. @returns nothing if there is no Redash */
export async function alembicVersions(client: pg.Client): Promise<readonly string[]> {
  const { there } = await oneRow<{ there: boolean }>(
    client,
    "SELECT to_regclass('public.alembic_version') IS NOT NULL AS there",
  );
  if (!there) return [];
  const { rows } = await client.query<{ version: string }>(
    "SELECT version_num::text AS version FROM public.alembic_version ORDER BY 1",
  );
  return rows.map(({ version }) => version);
}

/** How far a sequence is. */
export interface SequenceUse {
  readonly name: string;
  readonly lastValue: number;
  /** The last number that sequence and column can hold. */
  readonly limit: number;
}

export async function sequenceUse(client: pg.Client): Promise<readonly SequenceUse[]> {
  const { rows } = await client.query<{ name: string; lastValue: string; limit: string }>(`
    SELECT s.sequencename::text AS name, coalesce(s.last_value, 0) AS "lastValue",
           -- Before 10 every sequence counted in bigint, whatever its column holds.
           least(s.max_value, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END) AS limit
      FROM pg_sequences s
      JOIN pg_class c ON c.relname = s.sequencename AND c.relnamespace = 'public'::regnamespace
      LEFT JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass
                           AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE s.schemaname = 'public' ORDER BY 1`);
  return rows.map((it) => ({
    name: it.name,
    lastValue: Number(it.lastValue),
    limit: Number(it.limit),
  }));
}

/** The largest value of a column. */
export interface LargestValue {
  readonly table: string;
  readonly column: string;
  /** Bytes of it as it travels. */
  readonly bytes: number;
}

/** Types whose length stands beside the value: nothing needs to be unpacked to know it. */
const MEASURED = ["text", "varchar", "bytea"];
/** What AWS DMS treats as a LOB too; it must be written out to be measured. */
const WRITTEN_OUT = ["json", "jsonb", "xml", "hstore", "tsvector"];

/**
 * The largest value of every table, largest first. One pass over each table; large values are not read for it, but for
 * a DMS move those of JSON types and arrays are.
 */
export async function largestValues(
  client: pg.Client,
  transport: World["transport"]["kind"],
): Promise<readonly LargestValue[]> {
  const { rows: columns } = await client.query<{ table: string; column: string; length: string }>(
    `SELECT c.relname::text AS table, a.attname::text AS column,
            CASE WHEN t.typname = ANY ($1) THEN 'octet_length(%I)' ELSE 'octet_length(%I::text)' END AS length
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
        AND (t.typname = ANY ($1) OR t.typname = ANY ($2) OR $3 AND t.typcategory = 'A')
      ORDER BY 1, a.attnum`,
    [MEASURED, transport === "dms" ? WRITTEN_OUT : [], transport === "dms"],
  );
  const found: LargestValue[] = [];
  for (const table of new Set(columns.map((it) => it.table))) {
    const own = columns.filter((it) => it.table === table);
    const maxima = own.map(
      ({ column, length }) => `coalesce(max(${length.replace("%I", identifier(column))}), 0)`,
    );
    const { bytes } = await oneRow<{ bytes: number[] }>(
      client,
      `SELECT ARRAY[${maxima.join(", ")}] AS bytes FROM ${qualified(table)}`,
    );
    const most = Math.max(...bytes);
    const column = own[bytes.indexOf(most)]?.column ?? "";
    found.push({ table, column, bytes: most });
  }
  return found.sort((one, other) => other.bytes - one.bytes);
}

/** Queues that data sources name for themselves, besides those of Redash. */
export async function dataSourceQueues(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ queue: string }>(`
    SELECT queue_name AS queue FROM data_sources UNION SELECT scheduled_queue_name FROM data_sources ORDER BY 1`);
  return rows.map(({ queue }) => queue);
}
