import type pg from "pg";
import { withClient } from "../database/database";
import { copyState, dropSlot, publish, subscribe, unsubscribe } from "../database/replication";
import { giveTo, isDefault, isPrimaryKey, isSetting, statements } from "../database/schema";
import { tables } from "../database/table";
import { until } from "../engine/clock";
import type { Plan, Running, Step } from "../engine/step";
import { FORWARD, directionFrom, type World } from "../ports";
import { withBoth } from "./verification";

/** `replicate`: copies everything and keeps it up to date from then on. */
export const replicatePlan = (world: World, copyDeadlineMs: number): Plan => ({
  act: "replicate",
  writeOutageBudgetMs: 0,
  steps: [
    published(world),
    copied(world, copyDeadlineMs),
    indexesMade(world, copyDeadlineMs),
    analyzed(world),
  ],
});

function published({ source }: World): Step {
  return {
    id: "source-published",
    title: "The source publishes every table",
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

function copied(world: World, deadlineMs: number): Step {
  const { source, target } = world;
  return {
    id: "tables-copied",
    title: "Every table is copied and kept up to date",
    deadlineMs,
    estimateMs: 60_000,
    apply: (running) =>
      withBoth(source, target, running, async (from, to) => {
        const bytes = (await tables(from)).reduce((sum, table) => sum + table.bytes, 0);
        await subscribe(to, directionFrom(world, "source"), "copy");
        const start = running.clock.monotonicMs();
        await until(
          async () => {
            const { ready, all } = await copyState(to, FORWARD);
            const arrived = (await tables(to)).reduce((sum, table) => sum + table.bytes, 0);
            running.progress(
              copyProgress(ready, all, arrived, bytes, running.clock.monotonicMs() - start),
            );
            return all > 0 && ready === all;
          },
          running,
          { first: 20, longest: 1000 },
        );
        return { bytes, milliseconds: Math.round(running.clock.monotonicMs() - start) };
      }),
    undo: (running) => withoutReplication(world, running),
  };
}

/** "12 of 24 tables, 340 of 512 MB, 28 MB/s, about 6 s left". The target has fewer indexes, so it ends below the sum. */
function copyProgress(
  ready: number,
  all: number,
  arrived: number,
  bytes: number,
  elapsedMs: number,
): string {
  const mb = (value: number) => Math.round(value / 1e6);
  const rate = elapsedMs > 0 ? arrived / (elapsedMs / 1000) : 0;
  const left = rate > 0 ? Math.max(0, Math.round((bytes - arrived) / rate)) : undefined;
  return `${ready} of ${all} tables, ${mb(arrived)} of ${mb(bytes)} MB, ${mb(rate)} MB/s${left === undefined ? "" : `, at most ${left} s left`}`;
}

async function withoutReplication(world: World, running: Running) {
  return withBoth(world.source, world.target, running, async (from, to) => {
    await unsubscribe(to, FORWARD, running);
    await dropSlot(from, FORWARD, running);
    return {};
  });
}

function indexesMade({ target, schema }: World, deadlineMs: number): Step {
  return {
    id: "indexes-made",
    title: "The target has the source's indexes, constraints and triggers",
    deadlineMs,
    estimateMs: 30_000,
    apply: (running) =>
      withClient(target.database, running.signal, async (client) => {
        const all = statements(await schema.section("post-data", running.signal)).filter(
          (it) => !isPrimaryKey(it) && !isSetting(it) && !isDefault(it),
        );
        let made = 0;
        for (const [index, statement] of all.entries()) {
          running.progress(
            `${index + 1} of ${all.length}: ${statement.split("\n")[0]?.slice(0, 70) ?? ""}`,
          );
          if (await isMade(client, statement, running)) made++;
        }
        await giveTo(client, target.database.applicationRole);
        return { statements: all.length, made };
      }),
  };
}

/** A run before may have made it: duplicate table, object, or function. */
const ALREADY_THERE: readonly unknown[] = ["42P07", "42710", "42723"];
const DEADLOCK = "40P01";

/**
 * Makes an index or a constraint while rows arrive. A foreign key locks two tables, and so does a transaction that
 * arrives, perhaps in the other order: then one of the two is told to try again.
 * @returns whether it was not there before
 */
async function isMade(client: pg.Client, statement: string, running: Running): Promise<boolean> {
  let made = false;
  await until(async () => {
    try {
      await client.query(statement);
      made = true;
      return true;
    } catch (error) {
      const { code } = error as { code?: string };
      if (ALREADY_THERE.includes(code)) return true;
      if (code === DEADLOCK) return false;
      throw error;
    }
  }, running);
  return made;
}

function analyzed({ target }: World): Step {
  return {
    id: "target-analyzed",
    title: "The target's planner knows its tables",
    deadlineMs: 3_600_000,
    estimateMs: 2000,
    apply: (running) =>
      withClient(target.database, running.signal, async (client) => {
        await client.query("ANALYZE");
        return {};
      }),
  };
}
