import type pg from "pg";
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

/** Rows that are compared at a time. */
const CHUNK_ROWS = 20_000;

const HASH = "hashtextextended(t::text, 0)";
/** A key as JSON text, the same on both sides. */
const keyText = (table: Table) =>
  `json_build_array(${table.key.map((column) => `t.${identifier(column)}::text`).join(", ")})::text`;

/**
 * Compares a table in parts by count and checksum, both made by the servers.
 * @param signal checked between parts
 * @returns rows compared on the source, and the keys of rows that differ or are on one side only
 */
export async function compareTable(
  { source, target }: Sides,
  table: Table,
  signal: AbortSignal,
  onProgress: (rows: number) => void = () => undefined,
): Promise<{ readonly rows: number; readonly differing: ReadonlySet<string> }> {
  const differing = new Set<string>();
  let rows = 0;
  for (const where of await parts({ source, target }, table)) {
    signal.throwIfAborted();
    const [here, there] = await Promise.all([sum(source, table, where), sum(target, table, where)]);
    rows += here.rows;
    if (here.rows !== there.rows || here.sum !== there.sum) {
      const [ours, theirs] = await Promise.all([
        hashes(source, table, where),
        hashes(target, table, where),
      ]);
      for (const key of unequal(ours, theirs)) differing.add(key);
    }
    onProgress(rows);
  }
  return { rows, differing };
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

/** Conditions that cut a table into parts by its key; one part if its key is not a number. */
async function parts({ source, target }: Sides, table: Table): Promise<string[]> {
  const [key] = table.key;
  const [type] = table.keyTypes;
  if (key === undefined || table.key.length > 1 || !(type === "int4" || type === "int8"))
    return ["true"];
  const column = identifier(key);
  const range = async (client: pg.Client) =>
    oneRow<{ low: string | null; high: string | null }>(
      client,
      `SELECT min(${column})::text AS low, max(${column})::text AS high FROM ${qualified(table.name)}`,
    );
  const ranges = await Promise.all([range(source), range(target)]);
  const low = Math.min(...ranges.map((it) => Number(it.low ?? 0)));
  const high = Math.max(...ranges.map((it) => Number(it.high ?? 0)));
  const conditions: string[] = [];
  for (let from = low; from <= high; from += CHUNK_ROWS) {
    conditions.push(`t.${column} >= ${from} AND t.${column} < ${from + CHUNK_ROWS}`);
  }
  return conditions;
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
