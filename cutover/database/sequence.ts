import type pg from "pg";
import { identifier, literal } from "./database";

/** A sequence with the column that it feeds. */
export interface Sequence {
  readonly name: string;
  /** Undefined for a sequence of no column. */
  readonly table: string | undefined;
  readonly column: string | undefined;
  /** The last value given out; null if none was. */
  readonly lastValue: string | null;
}

export async function sequences(client: pg.Client): Promise<Sequence[]> {
  const { rows } = await client.query<{
    name: string;
    table: string | null;
    column: string | null;
    lastValue: string | null;
  }>(`
    SELECT s.sequencename::text AS name, t.relname::text AS table, a.attname::text AS column,
           s.last_value::text AS "lastValue"
      FROM pg_sequences s
      JOIN pg_class c ON c.relname = s.sequencename AND c.relnamespace = 'public'::regnamespace
      LEFT JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass
                           AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      LEFT JOIN pg_class t ON t.oid = d.refobjid
      LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE s.schemaname = 'public'
     ORDER BY s.sequencename`);
  return rows.map(({ table, column, ...rest }) => ({
    ...rest,
    table: table ?? undefined,
    column: column ?? undefined,
  }));
}

/**
 * Sets every sequence so that it gives out what comes after all that was given out elsewhere and after every id that
 * is there; replication carries no sequences.
 * @param from the sequences of the other side, read while nobody writes there
 * @param ahead how many numbers to leave out, when the other side still writes
 */
export async function setSequences(
  client: pg.Client,
  from: readonly Sequence[],
  ahead = 0,
): Promise<number> {
  if (from.length === 0) return 0;
  const calls = from.map(({ name, table, column, lastValue }) => {
    const highest =
      table === undefined || column === undefined
        ? "NULL"
        : `(SELECT max(${identifier(column)})::bigint FROM public.${identifier(table)})`;
    const given = lastValue === null ? "NULL" : `${BigInt(lastValue)}::bigint`;
    // Null if there is neither: the sequence is then as good as new.
    return `(SELECT CASE WHEN v.value IS NULL THEN setval(${regclass(name)}, 1, false)
                         ELSE setval(${regclass(name)}, v.value + ${Math.trunc(ahead)}) END
               FROM (SELECT greatest(${given}, ${highest}) AS value) v)`;
  });
  await client.query(`SELECT ${calls.join(", ")}`);
  return from.length;
}

const regclass = (name: string) => `${literal(`public.${identifier(name)}`)}::regclass`;
