import { dropApplicationRole } from "../database/applicationRole";
import { withClient } from "../database/database";
import { liftFence } from "../database/fence";
import { dropMoveSchema, MOVE_SCHEMA } from "../database/marker";
import {
  dropCopySlots,
  dropSlot,
  subscriptionExists,
  unpublish,
  unsubscribe,
} from "../database/replication";
import { dropObjects } from "../database/schema";
import type { Plan, Step } from "../engine/step";
import { BACK, CHANGES, FORWARD, type Side, type SideName, type World } from "../ports";
import { taskRemoved } from "./task";
import { withBoth } from "./verification";

/** `finish` after the move, `abort` before it: nothing of the move is left in either database. */
export const removalPlan = (act: "finish" | "abort", world: World): Plan => ({
  act,
  writeOutageBudgetMs: 0,
  steps: [
    usersOn(world, act === "finish" ? "target" : "source"),
    ...(world.transport.kind === "dms" ? [taskRemoved(world, world.transport.task)] : []),
    replicationRemoved(world.target, world.source),
    replicationRemoved(world.source, world.target),
    ...(act === "abort" ? [targetEmptied(world)] : []),
    nothingLeft(world),
  ],
});

/** What follows removes the way to the other side, or the rows there: nobody may be there. */
function usersOn({ traffic }: World, side: SideName): Step {
  return {
    id: `users-on-${side}`,
    title: `Users are on the ${side}`,
    deadlineMs: 30_000,
    estimateMs: 5,
    apply: async ({ signal }) => {
      const goesTo = await traffic.goesTo(signal);
      if (goesTo !== side) throw new Error(`traffic goes to the ${goesTo}`);
      return { goesTo };
    },
  };
}

/** Removes what a side publishes, and what the other one subscribes to. */
function replicationRemoved(side: Side, subscriber: Side): Step {
  const name = side.name === "source" ? FORWARD : BACK;
  return {
    id: `${side.name}-replication-removed`,
    title: `The ${side.name} replicates to nobody`,
    deadlineMs: 120_000,
    estimateMs: 100,
    apply: (running) =>
      withBoth(side, subscriber, running, async (publisher, receiver) => {
        await unsubscribe(receiver, name, running);
        await dropCopySlots(publisher, receiver, running);
        for (const slot of [name, CHANGES]) await dropSlot(publisher, slot, running);
        await unpublish(publisher, name);
        await dropMoveSchema(publisher);
        return {};
      }),
  };
}

function targetEmptied({ target }: World): Step {
  return {
    id: "target-emptied",
    title: "The target's database is as empty as before, without the role that the move has made",
    deadlineMs: 120_000,
    estimateMs: 500,
    apply: (running) =>
      withClient(target.database, running.signal, async (client) => {
        await dropObjects(client);
        if (!(await dropApplicationRole(client, target.database, running)))
          await liftFence(client, target.database.applicationRole, running);
        await target.queue.resume(running.signal);
        return {};
      }),
  };
}

function nothingLeft({ source, target }: World): Step {
  return {
    id: "nothing-left",
    title: "No slot, publication, subscription or table of the move is left on either side",
    deadlineMs: 30_000,
    estimateMs: 10,
    apply: (running) =>
      withBoth(source, target, running, async (from, to) => {
        const left: string[] = [];
        for (const [client, { name }] of [
          [from, source],
          [to, target],
        ] as const) {
          for (const subscription of [FORWARD, BACK]) {
            if (await subscriptionExists(client, subscription))
              left.push(`subscription ${subscription} on the ${name}`);
          }
          const { rows } = await client.query<{ what: string }>(
            `SELECT 'publication ' || pubname AS what FROM pg_publication WHERE pubname = ANY ($1)
             UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE slot_name LIKE 'redash\\_move%' OR slot_name LIKE 'pg\\_%\\_sync\\_%'
             UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = ANY ($2)
             UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE conname LIKE 'redash\\_move%'`,
            [
              [FORWARD, BACK],
              [MOVE_SCHEMA, "awsdms"],
            ],
          );
          left.push(...rows.map(({ what }) => `${what} on the ${name}`));
        }
        if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
        return { left: 0 };
      }),
  };
}
