import type pg from "pg";
import { changes, forgetChanges } from "../database/change";
import { withClient } from "../database/database";
import { awaitMarker, writeMarker } from "../database/marker";
import { type Table, tables } from "../database/table";
import { compareKeys, compareTable, type Sides } from "../database/verify";
import type { Evidence, Running } from "../engine/step";
import { CHANGES, type Side } from "../ports";

/** Runs something with a connection to each side. */
export const withBoth = <T>(
  from: Side,
  to: Side,
  running: Running,
  work: (from: pg.Client, to: pg.Client) => Promise<T>,
): Promise<T> =>
  withClient(from.database, running.signal, (one) =>
    withClient(to.database, running.signal, (other) => work(one, other)),
  );

/**
 * Compares everything, and then what is still different by key until it is equal: rows that users change at this
 * moment are on their way.
 * @throws Error naming tables and keys that stay different
 */
export async function compareAll(from: Side, to: Side, running: Running): Promise<Evidence> {
  return withBoth(from, to, running, async (source, target) => {
    const sides = { source, target };
    let rows = 0;
    const list = await tables(source);
    for (const table of list) {
      const result = await compareTable(sides, table, running.signal, (done) => {
        running.progress(`${table.name}: ${done} rows compared`);
      });
      rows += result.rows;
      await equalInTheEnd(sides, table, result.differing, running);
    }
    return { tables: list.length, rows, differing: 0 };
  });
}

/**
 * Compares what has changed since the last comparison, and forgets it: the next one has less to look at.
 * @throws Error naming tables and keys that stay different
 */
export async function compareChanges(from: Side, to: Side, running: Running): Promise<Evidence> {
  return withBoth(from, to, running, async (source, target) => {
    const sides = { source, target };
    const list = await tables(source);
    const changed = await changes(source, CHANGES, list);
    // What has been decoded so far must have arrived before it can be equal.
    await awaitMarker(target, await writeMarker(source), running);
    let rows = 0;
    for (const table of list) {
      const keys = changed.keys.get(table.name) ?? new Set<string>();
      rows += keys.size;
      const differing = changed.whole.has(table.name)
        ? (await compareTable(sides, table, running.signal)).differing
        : await compareKeys(sides, table, keys);
      await equalInTheEnd(sides, table, differing, running);
    }
    if (changed.lsn !== undefined) await forgetChanges(source, CHANGES, changed.lsn);
    return { changedRows: rows, differing: 0 };
  });
}

/** How often rows in flight are looked at again, each time after everything before has arrived. */
const ROUNDS = 50;

async function equalInTheEnd(
  sides: Sides,
  table: Table,
  differing: ReadonlySet<string>,
  running: Running,
): Promise<void> {
  let left = new Set(differing);
  for (let round = 0; left.size > 0; round++) {
    if (round === ROUNDS) {
      const some = [...left].slice(0, 5).join(", ");
      throw new Error(
        `${table.name}: ${left.size} rows differ, keys ${some}${left.size > 5 ? ", …" : ""}`,
      );
    }
    await awaitMarker(sides.target, await writeMarker(sides.source), running);
    left = await compareKeys(sides, table, left);
  }
}
