import { isCarried } from "../../redash/dms";
import { isOneOf, LOB_TYPES } from "../../redash/dmsTypes";
import {
  dropChecks,
  dropForeignKeys,
  makeRequired,
  relax,
  requiredColumns,
  validateForeignKeys,
} from "../database/constraint";
import { withClient } from "../database/database";
import { dropDmsObjects } from "../database/dmsTraces";
import { cutOff, letIn } from "../database/fence";
import { tables } from "../database/table";
import { comparedParts } from "../database/verify";
import { carry } from "../database/carry";
import { until } from "../engine/clock";
import type { Running, Step } from "../engine/step";
import type { ReplicationTask, TaskStatistics, World } from "../ports";
import { CopyProgress, emptied, LOOKS_MS } from "./copy";
import { withBoth } from "./verification";

/** A task writes a row first without its large values, and these in a second step: for a moment they are NULL. */
export function notNullRelaxed({ target }: World): Step {
  return {
    id: "target-not-null-relaxed",
    title: "Columns of large values may be NULL on the target until the task has brought them",
    watch: "nothing: the tables are empty",
    deadlineMs: 60_000,
    estimateMs: 50,
    apply: (running) =>
      withClient(target.database, running.signal, async (client) => {
        const columns = (await requiredColumns(client)).filter(
          ({ table, type }) => isOneOf(LOB_TYPES, type) && !isCarried(table),
        );
        await relax(client, columns);
        return { columns: columns.length };
      }),
  };
}

export function loaded(world: World, task: ReplicationTask, deadlineMs: number): Step {
  const { source, target } = world;
  return {
    id: "tables-loaded",
    title: "The task has loaded every table but those that are carried, and these are carried",
    watch: "load and free disk of the source, errors and cut values of the task",
    deadlineMs,
    resumable: true,
    estimateMs: 60_000,
    apply: (running) =>
      withBoth(source, target, running, async (from, to) => {
        const progress = await CopyProgress.of(from, to, running);
        await task.start(running.signal);
        await until(
          async () => {
            const statistics = await task.statistics(running.signal);
            assertSound(statistics);
            const done = statistics.tables.filter(({ state }) => state === "completed").length;
            await progress.tell(`${done} of ${statistics.tables.length} tables`);
            return statistics.state === "streaming";
          },
          running,
          LOOKS_MS,
        );
        for (const table of await tables(from)) {
          if (!isCarried(table.name)) continue;
          running.progress(`carrying ${table.name}`);
          const sides = { source: from, target: to };
          // What a process before has carried is equal, and not carried again.
          for await (const { differing } of comparedParts(sides, table, running))
            await carry(sides, table, differing);
        }
        return progress.evidence();
      }),
    undo: (running) =>
      withClient(target.database, running.signal, async (client) => {
        await task.remove(running.signal);
        const evidence = await emptied(world, client, running);
        await dropForeignKeys(client);
        return evidence;
      }),
  };
}

/**
 * A task that "runs" may have left tables behind.
 * @throws Error naming what is wrong with it
 */
export function assertSound({ state, reason, tables: list }: TaskStatistics): void {
  if (state === "failed") throw new Error(`the replication task failed: ${reason}`);
  const wrong = list.flatMap(({ name, state: of, errorRows, truncatedValues }) => [
    ...(of === "error" ? [`${name} is suspended`] : []),
    ...(errorRows > 0 ? [`${errorRows} rows of ${name} in error`] : []),
    ...(truncatedValues > 0 ? [`${truncatedValues} values of ${name} cut off`] : []),
  ]);
  if (wrong.length > 0) throw new Error(`the replication task is not sound: ${wrong.join(", ")}`);
}

/** To stop a task takes minutes; to lock its role out takes milliseconds. Whatever the way back writes, it does not read. */
export const taskCutOff = ({ source }: World, task: ReplicationTask, running: Running) =>
  withClient(source.database, running.signal, (client) => cutOff(client, task.sourceRole, running));

/** Lets it go on where it was cut off. */
export async function taskLetIn(
  { source }: World,
  task: ReplicationTask,
  running: Running,
): Promise<void> {
  await withClient(source.database, running.signal, (client) => letIn(client, task.sourceRole));
  await task.start(running.signal);
}

/** After the flip, beside users: what the task needed loose is fast again, and the task itself is gone. */
export function taskRemoved(world: World, task: ReplicationTask): Step {
  return {
    id: "task-removed",
    title: "The replication task is gone, and with it its slot on the source",
    watch: "slots of the source: that of the task is gone",
    deadlineMs: 900_000,
    resumable: true,
    estimateMs: 500,
    apply: async (running) => {
      await task.stop(running.signal);
      // Only now: it would read what the way back has written, and write it a second time.
      await withClient(world.source.database, running.signal, (client) =>
        letIn(client, task.sourceRole),
      );
      await task.remove(running.signal);
      return {};
    },
  };
}

export function constraintsRestored({ source, target }: World, deadlineMs: number): Step {
  return {
    id: "target-constraints-restored",
    title:
      "Columns of the target are required where they are on the source, and foreign keys are validated",
    watch: "locks on tables of the target: each lasts as long as its rows are read",
    deadlineMs,
    // The server goes on with a look at rows that a process has left; whoever asks for the same waits for it.
    resumable: true,
    estimateMs: 1000,
    apply: (running) =>
      withBoth(source, target, running, async (from, to) => {
        const name = ({ table, column }: { table: string; column: string }) => `${table}.${column}`;
        const there = new Set((await requiredColumns(to)).map(name));
        const missing = (await requiredColumns(from)).filter((it) => !there.has(name(it)));
        await makeRequired(to, missing, running);
        await dropChecks(to, running);
        return { required: missing.length, validated: await validateForeignKeys(to, running) };
      }),
  };
}

/**
 * What is left of both without the source: its slots are gone with it, and it alone knows the columns that are required, so
 * nobody makes those required again that AWS DMS needs loose. The task itself goes with the phase.
 */
export function foreignKeysValidated({ target }: World, deadlineMs: number): Step {
  return {
    id: "target-foreign-keys-validated",
    title: "Foreign keys of the target are validated, and AWS DMS has nothing there",
    watch: "locks on tables of the target: each lasts as long as its rows are read",
    deadlineMs,
    resumable: true,
    estimateMs: 1000,
    apply: (running) =>
      withClient(target.database, running.signal, async (to) => {
        await dropDmsObjects(to);
        await dropChecks(to, running);
        const validated = await validateForeignKeys(to, running);
        if (validated > 0)
          running.warn(
            "the cutover had not come so far that columns of the target are required again which AWS DMS needs loose; compare them with those of a fresh Redash of this version (\\d in psql), and ALTER TABLE … ALTER COLUMN … SET NOT NULL",
          );
        return { validated };
      }),
  };
}
