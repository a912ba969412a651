import type pg from "pg";
import { dropApplicationRole, makeApplicationRole } from "../database/applicationRole";
import { withClient } from "../database/database";
import { createMarkerTable, dropMoveSchema } from "../database/marker";
import {
  dropApplicationSchema,
  giveTo,
  isDefault,
  isPrimaryKey,
  isSetting,
  relationCount,
  statements,
} from "../database/schema";
import { columns, tables } from "../database/table";
import type { Plan, Step } from "../engine/step";
import type { World } from "../ports";
import { withBoth } from "./verification";
import { keptOut } from "./window";

/** `prepare`: an empty database of the same shape, and queues that nobody works on. */
export const preparePlan = (world: World): Plan => ({
  act: "prepare",
  writeOutageBudgetMs: 0,
  steps: [
    targetQueueSuspended(world),
    applicationRoleMade(world),
    keptOut(world, world.target),
    schemaMade(world),
    markerTablesMade(world),
  ],
});

function targetQueueSuspended({ target }: World): Step {
  return {
    id: "target-queue-suspended",
    title: "Workers of the target take no jobs",
    watch: "jobs of the target: none is at work",
    deadlineMs: 30_000,
    estimateMs: 10,
    apply: async ({ signal }) => {
      await target.queue.suspend(signal);
      return {};
    },
  };
}

/** Before the fence, which is a setting of this role. Redash's servers are up already: they answer without a database. */
function applicationRoleMade({ target }: World): Step {
  const { database } = target;
  return {
    id: "target-application-role-made",
    title: "The application can log in on the target, and the moving role can act as it",
    watch: "servers of the target: from now on they can log in",
    deadlineMs: 30_000,
    estimateMs: 50,
    apply: ({ signal }) =>
      withClient(database, signal, async (client) => ({
        madeByMove: await makeApplicationRole(client, database, signal),
      })),
    undo: (running) =>
      withClient(database, running.signal, async (client) => ({
        dropped: await dropApplicationRole(client, database, running),
      })),
  };
}

function schemaMade({ source, target, schema, traffic }: World): Step {
  return {
    id: "target-schema-made",
    title: "The target has the source's tables, primary keys, functions and sequences",
    watch: "nothing: the source only reads its catalog",
    deadlineMs: 600_000,
    estimateMs: 2000,
    check: async (running) =>
      withBoth(source, target, running, async (from, to) => {
        const [here, there] = [await shape(from), await shape(to)];
        return here.length > 0 && differences(here, there).length === 0;
      }),
    apply: (running) =>
      withBoth(source, target, running, async (from, client) => {
        if ((await relationCount(client)) > 0) {
          const odd = differences(await shape(from), await shape(client)).slice(0, 3);
          throw new Error(
            `the target's tables are not those of the source: ${odd.join(", ") || "something that is no table"} is on one side alone; the target is emptied, so run prepare again`,
          );
        }
        const pre = statements(await schema.section("pre-data", running.signal));
        const post = statements(await schema.section("post-data", running.signal)).filter(
          isPrimaryKey,
        );
        const all = [...pre, ...post].filter((it) => !isSetting(it) && !isDefault(it));
        await client.query("BEGIN");
        // As pg_dump has it: a body may name a function that comes later.
        await client.query("SET LOCAL check_function_bodies = off");
        for (const statement of all) await client.query(statement);
        await giveTo(client, target.database.applicationRole);
        await client.query("COMMIT");
        return { statements: all.length };
      }),
    undo: async (running) => {
      const goesTo = await traffic.goesTo(running.signal);
      if (goesTo === "target") throw new Error("traffic goes to the target: its tables stay");
      return withClient(target.database, running.signal, async (client) => {
        await dropApplicationSchema(client);
        return {};
      });
    },
  };
}

/** Primary keys and columns. */
const shape = async (client: pg.Client) => [
  ...(await tables(client)).map(({ name, key }) => `${name} (${key.join(", ")})`),
  ...(await columns(client)),
];

/** What one of two lists has and the other has not. */
const differences = (here: readonly string[], there: readonly string[]) => [
  ...here.filter((it) => !there.includes(it)),
  ...there.filter((it) => !here.includes(it)),
];

function markerTablesMade({ source, target }: World): Step {
  return {
    id: "marker-tables-made",
    title: "Both sides have the table of markers",
    watch: "nothing: two small tables",
    deadlineMs: 30_000,
    estimateMs: 10,
    apply: (running) =>
      withBoth(source, target, running, async (from, to) => {
        await createMarkerTable(from);
        await createMarkerTable(to);
        return {};
      }),
    // Preflight refuses a source that has something of a move that was never undone.
    undo: (running) =>
      withBoth(source, target, running, async (from, to) => {
        await dropMoveSchema(from);
        await dropMoveSchema(to);
        return {};
      }),
  };
}
