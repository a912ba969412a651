import type pg from "pg";
import type { Table } from "./table";

/**
 * What changed on a server since a slot was last advanced, by keys only: so each verification looks at what changed
 * since the one before, and the last one, while nobody can write, looks at almost nothing.
 */
export interface Changes {
  /** Table → keys of changed rows, each a JSON list of texts in the order of the primary key. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>;
  /** Tables of which a change could not be told apart by key: all their rows count as changed. */
  readonly whole: ReadonlySet<string>;
  /** Up to where they go; undefined if there were none. */
  readonly lsn: string | undefined;
  /** Whether there may be more behind them, which is read once these are forgotten. */
  readonly isMore: boolean;
}

/** Bytes of a change that are looked at; keys stand at its beginning. */
const HEAD = 4000;
/** Changes that are read at a time: a slot may have days of them. A transaction is never cut. */
const CHUNK = 10_000;

/**
 * Reads the next changes of a test_decoding slot without consuming them: whoever crashes has lost nothing.
 * @param isLocalOnly whether to leave out what replication has brought. @default false
 */
export async function changes(
  client: pg.Client,
  slot: string,
  tables: readonly Table[],
  isLocalOnly = false,
): Promise<Changes> {
  const { rows } = await client.query<{ lsn: string; head: string }>(
    `SELECT lsn::text, left(data, ${HEAD}) AS head
       FROM pg_logical_slot_peek_changes($1, NULL, ${CHUNK}, 'include-xids', '0', 'skip-empty-xacts', '1', 'only-local', $2)`,
    [slot, isLocalOnly ? "1" : "0"],
  );
  const byName = new Map(tables.map((table) => [`public.${table.name}`, table]));
  const keys = new Map<string, Set<string>>();
  const whole = new Set<string>();
  for (const { head } of rows) {
    const [, names = "", rest = ""] = /^table ("?[^:]+"?): (.*)$/s.exec(head) ?? [];
    // A truncation names all its tables in one line.
    for (const name of rest.startsWith("TRUNCATE: ") ? names.split(", ") : [names]) {
      const table = byName.get(name.replaceAll('"', ""));
      if (table === undefined) continue;
      const found = changedKeys(rest, table.key);
      if (found === undefined) whole.add(table.name);
      else {
        const known = keys.get(table.name) ?? new Set<string>();
        for (const key of found) known.add(JSON.stringify(key));
        keys.set(table.name, known);
      }
    }
  }
  return { keys, whole, lsn: rows.at(-1)?.lsn, isMore: rows.length >= CHUNK };
}

/** Forgets changes up to a place. */
export async function forgetChanges(client: pg.Client, slot: string, lsn: string): Promise<void> {
  await client.query("SELECT pg_replication_slot_advance($1, $2::pg_lsn)", [slot, lsn]);
}

/**
 * The keys in a change of test_decoding, such as `UPDATE: old-key: id[integer]:1 new-tuple: id[integer]:2 …`.
 * @returns undefined if they cannot be told: no primary key, a truncation, or a key beyond what was read
 */
function changedKeys(change: string, key: readonly string[]): string[][] | undefined {
  const [, kind = "", rest = ""] = /^(INSERT|UPDATE|DELETE|TRUNCATE): (.*)$/s.exec(change) ?? [];
  if (key.length === 0 || kind === "" || kind === "TRUNCATE") return undefined;
  const old = /^old-key: (.*?) new-tuple: (.*)$/s.exec(rest);
  const tuples = old === null ? [rest] : [old[1] ?? "", old[2] ?? ""];
  const found = tuples.map((tuple) => keyOf(tuple, key));
  return found.every((it) => it !== undefined) ? found : undefined;
}

/** Reads a tuple column by column, so that a text that looks like a column does not mislead. */
function keyOf(tuple: string, key: readonly string[]): string[] | undefined {
  const column =
    /("(?:[^"]|"")+"|[^\s[]+)\[((?:[^[\]]|\[\])+)\]:('(?:[^']|'')*'|[^\s']\S*)(?: |$)/y;
  const values = new Map<string, string>();
  for (let match = column.exec(tuple); match !== null; match = column.exec(tuple)) {
    const [, name = "", , value = ""] = match;
    values.set(
      name.replace(/^"|"$/g, "").replaceAll('""', '"'),
      value.startsWith("'") ? value.slice(1, -1).replaceAll("''", "'") : value,
    );
    if (key.every((it) => values.has(it))) return key.map((it) => values.get(it) ?? "");
  }
  return undefined;
}
