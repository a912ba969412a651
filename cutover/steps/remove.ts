import type pg from "pg";
import { dropApplicationRole } from "../database/applicationRole";
import { endBuilds } from "../database/build";
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
import { dropApplicationSchema } from "../database/schema";
import type { Plan, Step } from "../engine/step";
import { BACK, CHANGES, FORWARD, type Side, type SideName, type World } from "../ports";
import { phaseRecorded } from "./phase";
import type { ActOptions } from "./acts";
import { schedulerStarted } from "./aroundWindow";
import { queryExecuted } from "./proof";
import { queueOpened } from "./queue";
import { foreignKeysValidated, taskRemoved } from "./task";
import { withBoth } from "./verification";

/**
 * `finish` after the move, `abort` before it: nothing of the move is left in either database.
 * @param options whether the source's host is no more: `finish` then does what the cutover may have left undone behind its
 *   flip, as far as the target can alone, and clears it; and how long a look at every row may take
 */
export function removalPlan(
  act: "finish" | "abort",
  world: World,
  options: Pick<ActOptions, "sourceGone" | "longDeadlineMs">,
): Plan {
  const { source, target, transport } = world;
  if (act === "finish" && options.sourceGone === true)
    return {
      act,
      writeOutageBudgetMs: 0,
      steps: [
        usersOn(world, "target"),
        queueOpened(target),
        schedulerStarted(target),
        queryExecuted(world, target),
        ...(transport.kind === "dms" ? [foreignKeysValidated(world, options.longDeadlineMs)] : []),
        replicationRemoved(target),
        nothingLeft([target]),
        ...phaseRecorded(world, "complete"),
      ],
    };
  return {
    act,
    writeOutageBudgetMs: 0,
    steps: [
      usersOn(world, act === "finish" ? "target" : "source"),
      ...(transport.kind === "dms"
        ? [{ ...taskRemoved(world, transport.task), forwardOnly: true }]
        : []),
      replicationRemoved(target, source),
      replicationRemoved(source, target),
      ...(act === "abort" ? [targetEmptied(world)] : []),
      nothingLeft([source, target]),
      ...(act === "finish" ? phaseRecorded(world, "complete") : []),
    ],
  };
}

/** What follows removes the way to the other side, or the rows there: nobody may be there. */
function usersOn({ traffic }: World, side: SideName): Step {
  return {
    id: `users-on-${side}`,
    title: `Users are on the ${side}`,
    watch: "weights of the load balancer",
    deadlineMs: 30_000,
    estimateMs: 5,
    apply: async ({ signal }) => {
      const goesTo = await traffic.goesTo(signal);
      if (goesTo !== side) throw new Error(`traffic goes to the ${goesTo}`);
      return { goesTo };
    },
  };
}

/**
 * Removes what a side publishes, and what the other one subscribes to.
 * @param subscriber undefined if it is no more; then what it has copied to this side by is removed as well
 */
function replicationRemoved(side: Side, subscriber?: Side): Step {
  const name = side.name === "source" ? FORWARD : BACK;
  return {
    id: `${side.name}-replication-removed`,
    title: `The ${side.name} replicates to nobody`,
    watch: "from here on there is no way back by this program",
    deadlineMs: 120_000,
    estimateMs: 100,
    forwardOnly: true,
    apply: async (running) => {
      if (subscriber !== undefined)
        await withBoth(side, subscriber, running, async (publisher, receiver) => {
          await unsubscribe(receiver, name, running);
          await dropCopySlots(publisher, receiver, running);
        });
      return withClient(side.database, running.signal, async (client) => {
        if (subscriber === undefined) await unsubscribe(client, FORWARD, running);
        for (const slot of [name, CHANGES]) await dropSlot(client, slot, running);
        await unpublish(client, name);
        await dropMoveSchema(client);
        return {};
      });
    },
  };
}

function targetEmptied({ target }: World): Step {
  return {
    id: "target-emptied",
    title: "The target's database is as empty as before, without the role that the move has made",
    watch: "nothing: users are on the source",
    deadlineMs: 120_000,
    estimateMs: 500,
    forwardOnly: true,
    apply: (running) =>
      withClient(target.database, running.signal, async (client) => {
        // An index that a replicate has left the server with.
        await endBuilds(client, running);
        await dropApplicationSchema(client);
        if (!(await dropApplicationRole(client, target.database, running)))
          await liftFence(client, target.database.applicationRole, running);
        await target.queue.resume(running.signal);
        return {};
      }),
  };
}

function nothingLeft(sides: readonly Side[]): Step {
  const where = sides.length === 2 ? "either side" : `the ${sides[0]?.name ?? ""}`;
  return {
    id: "nothing-left",
    title: `No slot, publication, subscription or table of the move is left on ${where}`,
    watch: "slots and publications of both servers",
    deadlineMs: 30_000,
    estimateMs: 10,
    apply: async ({ signal }) => {
      const left: string[] = [];
      for (const { database, name } of sides) {
        const found = await withClient(database, signal, leftovers);
        left.push(...found.map((what) => `${what} on the ${name}`));
      }
      if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
      return { left: 0 };
    },
  };
}

/** Everything in a database that bears the move's name. */
async function leftovers(client: pg.Client): Promise<string[]> {
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
  const subscriptions: string[] = [];
  for (const name of [FORWARD, BACK])
    if (await subscriptionExists(client, name)) subscriptions.push(`subscription ${name}`);
  return [...subscriptions, ...rows.map(({ what }) => what)];
}
