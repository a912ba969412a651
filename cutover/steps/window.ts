import { withClient } from "../database/database";
import { fence, FENCE_PATIENCE_MS, isFenced, liftFence } from "../database/fence";
import { awaitArrival } from "../database/marker";
import {
  advanceSlot,
  disable,
  isEnabled,
  streamFromNow,
  subscriptionExists,
} from "../database/replication";
import { sequences, setSequences } from "../database/sequence";
import type { Running, Step } from "../engine/step";
import { directionFrom, isTaskForward, type Side, type World } from "../ports";
import { taskCutOff, taskLetIn } from "./task";
import { carryChanges, withBoth } from "./verification";

/** @param patienceMs how long a transaction may go on to its end, within which nobody else can write */
export function fenced(side: Side, patienceMs: number): Step {
  return {
    id: `${side.name}-fenced`,
    title: `The application can read but not write on the ${side.name}`,
    watch: "people who save something: it fails from here on; reading goes on",
    deadlineMs: 10_000,
    estimateMs: 10,
    inWindow: true,
    apply: (running) => held(side, running, patienceMs),
    undo: (running) => lifted(side, running),
  };
}

const lifted = (side: Side, running: Running) =>
  withClient(side.database, running.signal, async (client) => ({
    sessionsEnded: await liftFence(client, side.database.applicationRole, running),
  }));

/**
 * Nobody may write to the side that receives: a row of its own with an id that also arrives would stop replication for
 * ever. The switch lets the application in.
 */
export function keptOut({ traffic }: World, side: Side): Step {
  return {
    id: `${side.name}-kept-read-only`,
    title: `The application cannot write on the ${side.name}, which only receives`,
    watch: "servers of this side: they stay healthy",
    deadlineMs: 30_000,
    estimateMs: 20,
    apply: async (running) => {
      const goesTo = await traffic.goesTo(running.signal);
      if (goesTo === side.name)
        throw new Error(`traffic goes to the ${goesTo}: users are at work there`);
      return held(side, running);
    },
    undo: (running) => lifted(side, running),
  };
}

const held = (side: Side, running: Running, patienceMs = FENCE_PATIENCE_MS) =>
  withClient(side.database, running.signal, async (client) => ({
    sessionsEnded: await fence(client, side.database.applicationRole, running, patienceMs),
  }));

/**
 * Right before the window, because it costs time in which nobody could write: no user, no worker and no scheduler
 * is on this side yet.
 */
export function unfenced(side: Side): Step {
  return {
    id: `${side.name}-not-fenced`,
    title: `The application may write on the ${side.name}`,
    watch: "the clock: right after this users cannot write",
    deadlineMs: 10_000,
    estimateMs: 10,
    check: ({ signal }) =>
      withClient(
        side.database,
        signal,
        async (client) => !(await isFenced(client, side.database.applicationRole)),
      ),
    apply: (running) => lifted(side, running),
    undo: (running) => held(side, running),
  };
}

export function arrived(from: Side, to: Side): Step {
  return {
    id: `${to.name}-has-everything`,
    title: `A marker written after the last write has arrived on the ${to.name}`,
    watch: "lag: it falls to nothing",
    deadlineMs: 30_000,
    estimateMs: 5,
    inWindow: true,
    apply: (running) =>
      withBoth(from, to, running, async (here, there) => {
        await awaitArrival(here, there, running);
        return {};
      }),
  };
}

/**
 * How many numbers a sequence leaves out: for whoever still writes on the side that is left, by a flip whose answer was
 * lost or past its fence. The same number on both sides would stop replication for ever.
 */
const AHEAD = 1000;

export function sequencesSet(from: Side, to: Side): Step {
  return {
    id: `${to.name}-sequences-set`,
    title: "Every sequence goes on a little after the last number that was given out",
    watch: "nothing: numbers are set",
    deadlineMs: 10_000,
    estimateMs: 5,
    inWindow: true,
    apply: (running) =>
      withBoth(from, to, running, async (here, there) => ({
        sequences: await setSequences(there, await sequences(here), AHEAD),
      })),
  };
}

/**
 * Stops replication one way and starts it the other way. The slot of the way back has also decoded what arrived by the
 * way there; it is moved past that first, or its subscriber would get its own rows back and stop for ever.
 */
export function replicationTurned(world: World, from: Side, to: Side): Step {
  const there = directionFrom(world, from.name);
  const back = directionFrom(world, to.name);
  const { transport } = world;
  return {
    id: `${to.name}-replication-turned`,
    title: `Replication runs from the ${to.name} to the ${from.name}`,
    watch: "lag of the other direction",
    deadlineMs: 15_000,
    estimateMs: 10,
    inWindow: true,
    apply: (running) =>
      withBoth(from, to, running, async (here, far) => {
        if (from.name === "source" && transport.kind === "dms" && (await isTaskForward(world, far)))
          await taskCutOff(world, transport.task, running);
        else await disable(far, there.name, running);
        if (await isEnabled(here, back.name)) return {};
        return { lsn: await streamFromNow(far, here, back.name, running) };
      }),
    undo: (running) =>
      withBoth(from, to, running, async (here, far) => {
        if (await subscriptionExists(here, back.name)) await disable(here, back.name, running);
        const task =
          from.name === "source" && transport.kind === "dms" && (await isTaskForward(world, far))
            ? transport.task
            : undefined;
        if (task !== undefined) await taskCutOff(world, task, running);
        else await disable(far, there.name, running);
        const isOpen = !(await isFenced(here, from.database.applicationRole));
        // Somebody has let users write again: most of it goes over while they go on.
        let carried = isOpen ? await carryChanges(from, to, running) : 0;
        if (isOpen) await held(from, running);
        try {
          carried += await carryChanges(from, to, running);
          // Now everything is there, and what the way back has brought must not be sent there again.
          if (task === undefined) await streamFromNow(here, far, there.name, running);
          else await advanceSlot(here, await task.sourceSlot(here), running);
        } finally {
          if (isOpen) await lifted(from, running);
        }
        if (task !== undefined) await taskLetIn(world, task, running);
        return { carried };
      }),
  };
}

export function trafficFlipped(world: World, from: Side, to: Side): Step {
  return {
    id: `traffic-to-${to.name}`,
    title: `Traffic goes to the ${to.name}`,
    watch: "the first write on the new side, errors of the load balancer",
    deadlineMs: 20_000,
    estimateMs: 10,
    inWindow: true,
    irreversible: true,
    check: async ({ signal }) => (await world.traffic.goesTo(signal)) === to.name,
    apply: async ({ signal }) => {
      await assertFenced(from, to, signal);
      await world.traffic.flipTo(to.name, signal);
      return { goesTo: to.name };
    },
    // Its answer was lost, and users may have written on the other side for a moment: these writes come along.
    undo: async (running) => {
      await world.traffic.flipTo(from.name, running.signal);
      await held(to, running);
      return withBoth(from, to, running, async (here, there) => {
        if (!(await isEnabled(here, directionFrom(world, to.name).name))) return {};
        await awaitArrival(there, here, running);
        const isOpen = !(await isFenced(here, from.database.applicationRole));
        return { sequences: await setSequences(here, await sequences(there), isOpen ? AHEAD : 0) };
      });
    },
  };
}

/**
 * Whoever takes up a flip long after its window may find that a person has let users write again meanwhile.
 * @throws Error if the application may write on the side that is left
 */
const assertFenced = (from: Side, to: Side, signal: AbortSignal) =>
  withClient(from.database, signal, async (client) => {
    const { applicationRole } = from.database;
    if (await isFenced(client, applicationRole)) return;
    throw new Error(
      `the application may write on the ${from.name}: its fence was lifted within the window, and what was written there since is not on the ${to.name}; users stay where they are. Take the switch back, which carries over what they wrote: npm run move -- ${from.name === "source" ? "rollback" : "cutover"}`,
    );
  });
