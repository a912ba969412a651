import type pg from "pg";
import { isCarried } from "../../redash/dms";
import { carry } from "../database/carry";
import { type Changes, changes, forgetChanges } from "../database/change";
import { withClient } from "../database/database";
import { DoneParts } from "../database/doneParts";
import { awaitArrival } from "../database/marker";
import { type Table, tableBytes, tables } from "../database/table";
import {
  comparedParts,
  compareKeys,
  compareKeysOf,
  compareTable,
  type Sides,
} from "../database/verify";
import type { Evidence, Running } from "../engine/step";
import { CHANGES, isTaskForward, type Side, type World } from "../ports";

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

/** What two sides are compared by. */
interface Comparison {
  readonly sides: Sides;
  readonly running: Running;
  /** Whether nothing else brings the rows of a table over: they are carried when they differ. */
  readonly isCarried: (table: Table) => boolean;
}

async function comparisonOf(
  world: World,
  from: Side,
  [source, target]: [pg.Client, pg.Client],
  running: Running,
): Promise<Comparison> {
  const byTask = from.name === "source" && (await isTaskForward(world, target));
  return {
    sides: { source, target },
    running,
    isCarried: ({ name }) => byTask && isCarried(name),
  };
}

/** The step that compares everything: what it has compared is remembered under its name. */
export const ALL_COMPARED = "everything-compared";

/** How far a table was compared. */
interface ComparedTable {
  /** The key at which to go on; absent once all of it was compared. */
  readonly next?: string | undefined;
  readonly rows: number;
  readonly carried: number;
}

/**
 * Compares everything part by part, and what is different in a part by key until it is equal: rows that users change at
 * this moment are on their way. A part that an earlier process of the act has found equal is not read again. It need not
 * be, because the slot that remembers changes is older than the first part: what has changed in a part since it was
 * compared is compared by its key afterwards.
 * @throws Error naming tables and keys that stay different
 */
export async function compareAll(
  world: World,
  from: Side,
  to: Side,
  running: Running,
): Promise<Evidence> {
  return withBoth(from, to, running, async (source, target) => {
    const comparison = await comparisonOf(world, from, [source, target], running);
    const compared = await DoneParts.of<ComparedTable>(source, ALL_COMPARED, running.begunBy);
    const start = running.clock.monotonicMs();
    const list = await tables(source);
    const bytes = await tableBytes(source);
    const all = [...bytes.values()].reduce((sum, it) => sum + it, 0);
    let seen = 0;
    let rowsNow = 0;
    const total = { rows: 0, carried: 0 };
    for (const table of list) {
      const before = compared.get(table.name);
      let done: ComparedTable = before ?? { rows: 0, carried: 0 };
      if (before === undefined || before.next !== undefined)
        for await (const { rows, differing, next } of comparedParts(
          comparison.sides,
          table,
          running,
          done.next,
        )) {
          const carried = await equalInTheEnd(comparison, table, differing);
          done = { next, rows: done.rows + rows, carried: done.carried + carried };
          await compared.add(table.name, done);
          rowsNow += rows;
          const seconds = (running.clock.monotonicMs() - start) / 1000;
          const rate = seconds > 0 ? ` (${Math.round(rowsNow / seconds)} rows/s)` : "";
          running.progress(
            `${table.name}: ${done.rows} rows compared; ${Math.round((100 * seen) / all)} % of the bytes behind it${rate}`,
          );
        }
      seen += bytes.get(table.name) ?? 0;
      total.rows += done.rows;
      total.carried += done.carried;
    }
    return { tables: list.length, ...total, differing: 0 };
  });
}

/**
 * Compares what has changed since the last comparison, and forgets it: the next one has less to look at. What was found
 * equal is forgotten before more is read, so that days of changes need no more memory than a minute of them.
 * @param isLast whether nobody can write any more and everything has arrived: then what is read last needs not be
 *   forgotten, which would cost time
 * @throws Error naming tables and keys that stay different
 */
export async function compareChanges(
  world: World,
  from: Side,
  to: Side,
  running: Running,
  isLast = false,
): Promise<Evidence> {
  return withBoth(from, to, running, async (source, target) => {
    const comparison = await comparisonOf(world, from, [source, target], running);
    const list = await tables(source);
    let changedRows = 0;
    let carried = 0;
    for (;;) {
      const changed = await changes(source, CHANGES, list);
      // What has been decoded so far must have arrived before it can be equal; the last time it has.
      if (!isLast) {
        // Replication that stands still says nothing, and this waits for it as long as the step may take.
        running.progress(`waiting until the ${to.name} has what was written so far`);
        await awaitArrival(source, target, running);
      }
      carried += await equalByKey(comparison, list, changed);
      for (const keys of changed.keys.values()) changedRows += keys.size;
      if (changed.lsn !== undefined && (changed.isMore || !isLast))
        await forgetChanges(source, CHANGES, changed.lsn);
      if (!changed.isMore) return { changedRows, carried, differing: 0 };
      running.progress(`${changedRows} changed rows compared`);
    }
  });
}

/**
 * Makes what has changed since the last comparison the same on the other side, row by row by its key, and forgets it.
 * Replication must rest meanwhile: what it brings a second time would stop it for ever.
 * @returns how many rows were carried
 */
export async function carryChanges(from: Side, to: Side, running: Running): Promise<number> {
  return withBoth(from, to, running, async (source, target) => {
    const comparison: Comparison = { sides: { source, target }, running, isCarried: () => true };
    const list = await tables(source);
    let carried = 0;
    for (;;) {
      const changed = await changes(source, CHANGES, list);
      carried += await equalByKey(comparison, list, changed);
      if (changed.lsn !== undefined) await forgetChanges(source, CHANGES, changed.lsn);
      if (!changed.isMore) return carried;
      running.progress(`${carried} rows carried`);
    }
  });
}

/** @returns how many rows were carried */
async function equalByKey(
  comparison: Comparison,
  list: readonly Table[],
  changed: Changes,
): Promise<number> {
  const differing = await differingRows(comparison.sides, list, changed, comparison.running);
  let carried = 0;
  for (const [table, keys] of differing) carried += await equalInTheEnd(comparison, table, keys);
  return carried;
}

/** @returns table → keys of its changed rows that differ at this moment */
export async function differingRows(
  sides: Sides,
  list: readonly Table[],
  changed: Changes,
  running: Running,
): Promise<ReadonlyMap<Table, ReadonlySet<string>>> {
  const asked = list.map((table) => ({ table, keys: changed.keys.get(table.name) ?? NONE }));
  const differing = new Map(await compareKeysOf(sides, asked));
  for (const table of list.filter(({ name }) => changed.whole.has(name)))
    differing.set(table, await compareTable(sides, table, running));
  return differing;
}

const NONE: ReadonlySet<string> = new Set();

/** How often rows in flight are looked at again, each time after everything before has arrived. */
const ROUNDS = 50;

/** @returns how many rows were carried */
async function equalInTheEnd(
  { sides, running, isCarried }: Comparison,
  table: Table,
  differing: ReadonlySet<string>,
): Promise<number> {
  let carried = 0;
  const carryOver = async (keys: ReadonlySet<string>) => {
    await carry(sides, table, keys);
    carried += keys.size;
  };
  const left = await unsettled(
    sides,
    table,
    differing,
    running,
    isCarried(table) ? carryOver : undefined,
  );
  if (left.size > 0) {
    const some = [...left].slice(0, 5).join(", ");
    throw new Error(
      `${table.name}: ${left.size} rows differ, keys ${some}${left.size > 5 ? ", …" : ""}`,
    );
  }
  return carried;
}

/**
 * Rows that users change at this moment are on their way, and become equal.
 * @param bring has rows come over. @default waits until replication has brought everything so far
 * @returns keys of rows that stay different
 */
export async function unsettled(
  sides: Sides,
  table: Table,
  differing: ReadonlySet<string>,
  running: Running,
  bring: (keys: ReadonlySet<string>) => Promise<void> = async () =>
    awaitArrival(sides.source, sides.target, running),
): Promise<ReadonlySet<string>> {
  let left = differing;
  for (let round = 0; left.size > 0 && round < ROUNDS; round++) {
    running.signal.throwIfAborted();
    await bring(left);
    left = await compareKeys(sides, table, left);
  }
  return left;
}
