import type pg from "pg";
import { asBuilder, awaitBuilds, endBuilds } from "../database/build";
import { withClient } from "../database/database";
import {
  giveTo,
  isDefault,
  isForeignKey,
  isPrimaryKey,
  isSetting,
  statements,
} from "../database/schema";
import { until } from "../engine/clock";
import type { Running, Step } from "../engine/step";
import type { World } from "../ports";

/**
 * What a copy does better without. Where a task brings the rows, a child may come before its parent, which is carried:
 * then foreign keys are made without a look at the rows that are there, which the switch makes up for.
 */
export function indexesMade({ target, schema, transport }: World, deadlineMs: number): Step {
  return {
    id: "indexes-made",
    title: "The target has the source's indexes, constraints and triggers",
    watch: "lag: replication waits while an index is made, and catches up",
    deadlineMs,
    resumable: true,
    estimateMs: 30_000,
    apply: (running) =>
      withClient(target.database, running.signal, async (client) => {
        await awaitBuilds(client, running);
        const all = statements(await schema.section("post-data", running.signal)).filter(
          (it) => !isPrimaryKey(it) && !isSetting(it) && !isDefault(it),
        );
        let made = 0;
        await asBuilder(client, async () => {
          for (const [index, dumped] of all.entries()) {
            const statement =
              transport.kind === "dms" && isForeignKey(dumped)
                ? dumped.replace(/;$/, " NOT VALID;")
                : dumped;
            running.progress(
              `${index + 1} of ${all.length}: ${statement.split("\n")[0]?.slice(0, 70) ?? ""}`,
            );
            if (await isMade(client, statement, running)) made++;
          }
        });
        await giveTo(client, target.database.applicationRole);
        return { statements: all.length, made };
      }),
    // The server goes on when its client is gone, and what empties the tables would wait for it.
    undo: (running) =>
      withClient(target.database, running.signal, async (client) => ({
        ended: await endBuilds(client, running),
      })),
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
