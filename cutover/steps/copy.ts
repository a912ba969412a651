import type pg from "pg";
import { oneRow, withClient } from "../database/database";
import { isFenced } from "../database/fence";
import {
  type CopyState,
  copyState,
  createSlot,
  dropCopySlots,
  dropSlot,
  publish,
  subscribe,
  unsubscribe,
} from "../database/replication";
import { emptyTables } from "../database/schema";
import { tableBytes, tables } from "../database/table";
import { until } from "../engine/clock";
import type { Evidence, Running, Step } from "../engine/step";
import { directionFrom, FORWARD, type World } from "../ports";
import { withBoth } from "./verification";

export function published({ source }: World): Step {
  return {
    id: "source-published",
    title: "The source publishes every table",
    watch: "nothing: an entry in the catalog of the source",
    deadlineMs: 60_000,
    estimateMs: 50,
    apply: (running) =>
      withClient(source.database, running.signal, async (client) => {
        const list = await tables(client);
        const keyless = list.filter(({ key }) => key.length === 0).map(({ name }) => name);
        if (keyless.length > 0) {
          throw new Error(
            `tables without a primary key cannot be replicated: ${keyless.join(", ")}`,
          );
        }
        await publish(
          client,
          FORWARD,
          list.map(({ name }) => name),
        );
        return { tables: list.length };
      }),
  };
}

/** How often a copy is looked at. */
export const LOOKS_MS = { first: 20, longest: 1000 } as const;

export function copied(world: World, deadlineMs: number): Step {
  const { source, target } = world;
  return {
    id: "tables-copied",
    title: "Every table is copied and kept up to date",
    watch: "load and free disk of the source: it keeps WAL until the copy is over",
    deadlineMs,
    // The servers copy by themselves.
    resumable: true,
    estimateMs: 60_000,
    apply: (running) =>
      withBoth(source, target, running, async (from, to) => {
        const progress = await CopyProgress.of(from, to, running);
        await createSlot(from, FORWARD, running);
        await subscribe(to, directionFrom(world, "source"), "copy");
        const patience = new Patience(running);
        await until(
          async () => {
            const state = await copyState(to, FORWARD);
            const { tables: all, missing, failures } = state;
            const tries = failures === 0 ? "" : `, ${failures} failed tries`;
            await progress.tell(`${all - missing.length} of ${all} tables${tries}`);
            if (all > 0 && missing.length === 0) return true;
            patience.assertHopeful(state);
            return false;
          },
          running,
          LOOKS_MS,
        );
        return progress.evidence();
      }),
    undo: (running) =>
      withBoth(source, target, running, async (from, to) => {
        await unsubscribe(to, FORWARD, running);
        await dropSlot(from, FORWARD, running);
        await dropCopySlots(from, to, running);
        return emptied(world, to, running);
      }),
  };
}

/**
 * Removes the rows that an attempt has left on the target: the next one would stop at their keys for ever.
 * @throws Error if users may be writing there
 */
export async function emptied(world: World, to: pg.Client, running: Running): Promise<Evidence> {
  const { target, traffic } = world;
  const goesTo = await traffic.goesTo(running.signal);
  if (goesTo === "target" || !(await isFenced(to, target.database.applicationRole)))
    throw new Error(
      `the target is not emptied: traffic goes to the ${goesTo}, and its application may ${goesTo === "target" ? "be at work" : "write"} there`,
    );
  return { emptied: await emptyTables(to) };
}

/** How often a copy may fail before a table is ready: a connection may break, but not again and again. */
const TRIES = 5;
/** How long nobody may work at a copy. The server starts a worker that has failed again after 5 s. */
const IDLE_MS = 20_000;

/** Tells a copy that cannot succeed: the server tries again for ever, and says so in its log alone. */
class Patience {
  private workedMs: number;
  private missing = Infinity;
  private failuresBefore = 0;

  constructor(private readonly running: Running) {
    this.workedMs = running.clock.monotonicMs();
  }

  /** @throws Error that says where to look and what to do */
  assertHopeful({ missing, failures, isWorking }: CopyState): void {
    const { clock } = this.running;
    if (missing.length < this.missing) {
      this.missing = missing.length;
      this.failuresBefore = failures;
    }
    if (isWorking) this.workedMs = clock.monotonicMs();
    const times = failures - this.failuresBefore;
    if (times >= TRIES)
      throw new Error(
        `the copy has failed ${times} times since the last table was ready; ${missing.join(", ")} are still to come: the log of the target's server says why (look for "logical replication"); mend it, then run replicate again`,
      );
    if (clock.monotonicMs() - this.workedMs > IDLE_MS)
      throw new Error(
        `nobody has worked at the copy for ${IDLE_MS / 1000} s: either the target has no worker left (max_logical_replication_workers, max_worker_processes), or none can begin, and the log of its server says why; mend it, then run replicate again`,
      );
  }
}

/** How far a copy is: "12 of 24 tables, 340 of 512 MB, 120000 rows, 28 MB/s, at most 6 s left". */
export class CopyProgress {
  private constructor(
    private readonly target: pg.Client,
    private readonly running: Running,
    /** Of the source. The target has fewer indexes, so it ends below. */
    private readonly bytes: number,
    private readonly rowsBefore: number,
    private readonly startedMs: number,
  ) {}

  static async of(from: pg.Client, to: pg.Client, running: Running): Promise<CopyProgress> {
    const bytes = await size(from);
    return new CopyProgress(to, running, bytes, await rowsIn(to), running.clock.monotonicMs());
  }

  async tell(tablesDone: string): Promise<void> {
    const arrived = await size(this.target);
    const rows = (await rowsIn(this.target)) - this.rowsBefore;
    const seconds = (this.running.clock.monotonicMs() - this.startedMs) / 1000;
    const rate = seconds > 0 ? arrived / seconds : 0;
    const left = rate > 0 ? Math.max(0, Math.round((this.bytes - arrived) / rate)) : undefined;
    const megabytes = (bytes: number) => Math.round(bytes / 1e6);
    this.running.progress(
      `${tablesDone}, ${megabytes(arrived)} of ${megabytes(this.bytes)} MB, ${rows} rows, ${megabytes(rate)} MB/s${left === undefined ? "" : `, at most ${left} s left`}`,
    );
  }

  async evidence(): Promise<Evidence> {
    return {
      bytes: this.bytes,
      rows: (await rowsIn(this.target)) - this.rowsBefore,
      milliseconds: Math.round(this.running.clock.monotonicMs() - this.startedMs),
    };
  }
}

const size = async (client: pg.Client) =>
  [...(await tableBytes(client)).values()].reduce((sum, bytes) => sum + bytes, 0);

/** Rows that were ever written to the application's tables, those of copies under way included. */
async function rowsIn(client: pg.Client): Promise<number> {
  const { rows } = await oneRow<{ rows: string }>(
    client,
    `SELECT ((SELECT coalesce(sum(n_tup_ins), 0) FROM pg_stat_user_tables WHERE schemaname = 'public')
           + (SELECT coalesce(sum(tuples_processed), 0) FROM pg_stat_progress_copy WHERE datname = current_database()))::text AS rows`,
  );
  return Number(rows);
}
