import type pg from "pg";
import type { Waiting } from "../engine/clock";
import { identifier, oneRow } from "./database";
import { qualified, type Table } from "./table";

/** What a part of a table is, whatever the order of its rows. */
interface Sum {
  readonly rows: number;
  readonly sum: string;
}

/** A connection to each side. */
export interface Sides {
  readonly source: pg.Client;
  readonly target: pg.Client;
}

/** Rows that are compared at a time, at most, and at first: a row of query results may be many megabytes. */
const MOST_ROWS = 20_000;
const FIRST_ROWS = 1000;
/** How long a part should take: what is compared when a process ends is compared again by the next. */
const PART_MS = 10_000;

const HASH = "hashtextextended(t::text, 0)";
/** A key as JSON text, the same on both sides. */
const keyText = (table: Table) =>
  `json_build_array(${table.key.map((column) => `t.${identifier(column)}::text`).join(", ")})::text`;

/** A part of a table that was compared. */
export interface ComparedPart {
  /** On the source. */
  readonly rows: number;
  /** Keys of rows that differ or are on one side only, each a JSON list of texts in the order of the primary key. */
  readonly differing: ReadonlySet<string>;
  /** The key at which the next part begins; undefined behind the last one. */
  readonly next: string | undefined;
}

/**
 * Compares a table part by part, in the order of its key, by count and checksum, both made by the servers. A table
 * whose key is not one number is one part.
 * @param from the key at which to begin. @default the first one
 */
export async function* comparedParts(
  { source, target }: Sides,
  table: Table,
  { clock, signal }: Waiting,
  from?: string,
): AsyncGenerator<ComparedPart, void> {
  const [key = ""] = table.key;
  const [type = ""] = table.keyTypes;
  const isNumber = table.key.length === 1 && (type === "int4" || type === "int8");
  let size = FIRST_ROWS;
  let first = from;
  do {
    signal.throwIfAborted();
    const startMs = clock.monotonicMs();
    const next = isNumber ? await keyBehind(source, table, first, size) : undefined;
    const bounds = [
      ...(first === undefined ? [] : [`t.${identifier(key)} >= ${first}`]),
      ...(next === undefined ? [] : [`t.${identifier(key)} < ${next}`]),
    ];
    const where = bounds.join(" AND ") || "true";
    const [here, there] = await Promise.all([sum(source, table, where), sum(target, table, where)]);
    let differing: ReadonlySet<string> = new Set();
    if (here.rows !== there.rows || here.sum !== there.sum) {
      const [ours, theirs] = await Promise.all([
        hashes(source, table, where),
        hashes(target, table, where),
      ]);
      differing = unequal(ours, theirs);
    }
    const tookMs = Math.max(1, clock.monotonicMs() - startMs);
    size = Math.min(MOST_ROWS, Math.max(1, Math.round((size * PART_MS) / tookMs)));
    yield { rows: here.rows, differing, next };
    first = next;
  } while (first !== undefined);
}

/** Compares a whole table. @returns as `compareKeys` */
export async function compareTable(
  sides: Sides,
  table: Table,
  running: Waiting,
): Promise<ReadonlySet<string>> {
  const differing = new Set<string>();
  for await (const part of comparedParts(sides, table, running))
    for (const key of part.differing) differing.add(key);
  return differing;
}

/** Compares rows by their keys. @returns keys of rows that differ, or that one side alone has */
export async function compareKeys(
  sides: Sides,
  table: Table,
  keys: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  return (await compareKeysOf(sides, [{ table, keys }])).get(table) ?? new Set();
}

/** Compares rows of several tables by their keys, with one question to each side. @returns as `compareKeys`, by table */
export async function compareKeysOf(
  { source, target }: Sides,
  rows: readonly { readonly table: Table; readonly keys: ReadonlySet<string> }[],
): Promise<ReadonlyMap<Table, ReadonlySet<string>>> {
  const asked = rows.filter(({ keys }) => keys.size > 0);
  if (asked.length === 0) return new Map();
  const conditions = asked.map(({ table, keys }, index) =>
    keyCondition(table, keys, `$${index + 1}`),
  );
  const sql = asked
    .map(({ table }, index) => {
      const { sql: where } = conditions[index] ?? { sql: "false" };
      return `SELECT ${index} AS place, ${keyText(table)} AS key, ${HASH}::text AS hash FROM ${qualified(table.name)} t WHERE ${where}`;
    })
    .join(" UNION ALL ");
  const hashesOn = async (client: pg.Client) => {
    const found = await client.query<{ place: number; key: string; hash: string }>(
      sql,
      conditions.map(({ value }) => value),
    );
    const byTable = asked.map(() => new Map<string, string>());
    for (const { place, key, hash } of found.rows) byTable[place]?.set(canonical(key), hash);
    return byTable;
  };
  const [ours, theirs] = await Promise.all([hashesOn(source), hashesOn(target)]);
  return new Map(
    asked.map(({ table }, index) => [
      table,
      unequal(ours[index] ?? new Map(), theirs[index] ?? new Map()),
    ]),
  );
}

/** A condition on `t` that holds for rows with these keys, and the value of its one parameter. */
export function keyCondition(
  table: Table,
  keys: ReadonlySet<string>,
  parameter = "$1",
): { readonly sql: string; readonly value: unknown } {
  const list = [...keys].map((key) => JSON.parse(key) as string[]);
  const columns = table.key.map(identifier);
  const [type] = table.keyTypes;
  // Without casts of the column an index serves.
  if (columns.length === 1 && type !== undefined)
    return {
      sql: `t.${columns[0] ?? ""} = ANY (${parameter}::${type}[])`,
      value: list.map(([only]) => only),
    };
  return {
    sql: `(${columns.map((column) => `t.${column}::text`).join(", ")}) IN (
      SELECT ${columns.map((_, index) => `k.value ->> ${index}`).join(", ")} FROM json_array_elements(${parameter}::json) k)`,
    value: JSON.stringify(list),
  };
}

/** @returns the key behind so many rows from another key on; undefined if there are no more */
async function keyBehind(
  client: pg.Client,
  table: Table,
  from: string | undefined,
  count: number,
): Promise<string | undefined> {
  const column = identifier(table.key[0] ?? "");
  const { rows } = await client.query<{ key: string }>(
    `SELECT ${column}::text AS key FROM ${qualified(table.name)} ${from === undefined ? "" : `WHERE ${column} >= ${from}`}
      ORDER BY ${column} OFFSET $1 LIMIT 1`,
    [count],
  );
  return rows[0]?.key;
}

async function sum(client: pg.Client, table: Table, where: string): Promise<Sum> {
  return oneRow<{ rows: number; sum: string }>(
    client,
    `SELECT count(*)::int AS rows, coalesce(sum(${HASH}::numeric), 0)::text AS sum
       FROM ${qualified(table.name)} t WHERE ${where}`,
  );
}

async function hashes(
  client: pg.Client,
  table: Table,
  where: string,
): Promise<Map<string, string>> {
  const { rows } = await client.query<{ key: string; hash: string }>(
    `SELECT ${keyText(table)} AS key, ${HASH}::text AS hash FROM ${qualified(table.name)} t WHERE ${where}`,
  );
  return new Map(rows.map(({ key, hash }) => [canonical(key), hash]));
}

/** PostgreSQL puts spaces into its JSON. */
const canonical = (key: string): string => JSON.stringify(JSON.parse(key));

function unequal(
  ours: ReadonlyMap<string, string>,
  theirs: ReadonlyMap<string, string>,
): Set<string> {
  return new Set(
    [...new Set([...ours.keys(), ...theirs.keys()])].filter(
      (key) => ours.get(key) !== theirs.get(key),
    ),
  );
}
