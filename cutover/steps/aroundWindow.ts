import { oneRow, withClient } from "../database/database";
import { awaitArrival } from "../database/marker";
import {
  advanceSlot,
  createSlot,
  dropSlot,
  isEnabled,
  publish,
  subscribe,
  unpublish,
  unsubscribe,
} from "../database/replication";
import { tables } from "../database/table";
import { limited } from "../engine/limited";
import type { Step } from "../engine/step";
import { CHANGES, directionFrom, isTaskForward, type Side, type World } from "../ports";
import { assertSound } from "./task";
import { compareChanges, withBoth } from "./verification";

/** Who lags more than that lags minutes later too, when users would wait for it. */
const ARRIVES_WITHIN_MS = 30_000;

export function ready(world: World, from: Side, to: Side): Step {
  return {
    id: `${to.name}-ready`,
    title: `The ${to.name} is healthy, idle, and replication runs`,
    watch: "healthy targets, lag, backlog: what is wrong ends it here, with nothing changed",
    deadlineMs: 60_000,
    estimateMs: 100,
    apply: async (running) => {
      const { clock, signal } = running;
      const problems: string[] = [];
      const servers = await to.workload.state("servers", signal);
      const healthy = await world.traffic.healthyTargets(to.name, signal);
      if (servers.running < servers.wanted || healthy < 1) {
        problems.push(
          `${servers.running} of ${servers.wanted} servers run, ${healthy} are healthy behind the load balancer`,
        );
      }
      const scheduler = await to.workload.state("scheduler", signal);
      if (scheduler.running > 0)
        problems.push("a scheduler runs: two would run every schedule twice");
      const goesTo = await world.traffic.goesTo(signal);
      if (goesTo !== from.name) problems.push(`traffic goes to the ${goesTo}`);
      await withClient(to.database, signal, async (client) => {
        const { role } = await oneRow<{ role: string }>(
          client,
          "SELECT current_setting('session_replication_role') AS role",
        );
        if (role !== "origin")
          problems.push(
            `session_replication_role is ${role}: search and foreign keys would not work; set it to origin (on RDS: in the parameter group)`,
          );
        const { name } = directionFrom(world, from.name);
        const { transport } = world;
        if (
          from.name === "source" &&
          transport.kind === "dms" &&
          (await isTaskForward(world, client))
        ) {
          const statistics = await transport.task.statistics(signal);
          assertSound(statistics);
          if (statistics.state !== "streaming")
            problems.push(`the replication task is ${statistics.state}; run replicate first`);
        } else if (!(await isEnabled(client, name)))
          problems.push(`subscription ${name} is not enabled; run replicate first`);
      });
      if (problems.length > 0)
        throw new Error(`the ${to.name} is not ready: ${problems.join("; ")}`);
      // One that is enabled may stop at the same error again and again, and only its server's log tells.
      await limited(
        (within) =>
          withBoth(from, to, { ...running, signal: within }, async (here, there) =>
            awaitArrival(here, there, { clock, signal: within }),
          ),
        {
          clock,
          limitMs: ARRIVES_WITHIN_MS,
          late: new Error(
            `the ${to.name} is not ready: what was written on the ${from.name} ${ARRIVES_WITHIN_MS / 1000} s ago has not arrived; replication lags, or stops at an error that the ${to.name}'s log names (of AWS DMS: the task's log)`,
          ),
          stops: [signal],
        },
      );
      return { healthyTargets: healthy, servers: servers.running };
    },
  };
}

/** The other direction, complete but not started; its slot exists early because it waits for open transactions. */
export function wayBackPrepared(world: World, from: Side, to: Side): Step {
  const back = directionFrom(world, to.name);
  return {
    id: `${to.name}-way-back-prepared`,
    title: `Replication from the ${to.name} back to the ${from.name} is prepared, not started`,
    watch: "long transactions: a slot waits for their end",
    deadlineMs: 120_000,
    estimateMs: 200,
    apply: (running) =>
      withBoth(from, to, running, async (here, there) => {
        const list = await tables(here);
        await publish(
          there,
          back.name,
          list.map(({ name }) => name),
        );
        await createSlot(there, back.name, running);
        await createSlot(there, CHANGES, running, "test_decoding");
        await subscribe(here, back, "prepared");
        return { tables: list.length };
      }),
    // A slot that nobody reads would keep WAL until the disk is full.
    undo: (running) =>
      withBoth(from, to, running, async (here, there) => {
        await unsubscribe(here, back.name, running);
        for (const slot of [back.name, CHANGES]) await dropSlot(there, slot, running);
        await unpublish(there, back.name);
        return {};
      }),
  };
}

/**
 * A slot that is moved decodes all from where its server last noted what was at work, every 15 s, before its old place.
 * For the way back that is what arrived during a long drain: better now than in the window. 95 MB of WAL took 200 ms
 * there, and 34 ms after this.
 */
export function wayBackAdvanced(world: World, to: Side): Step {
  const { name } = directionFrom(world, to.name);
  return {
    id: `${to.name}-way-back-advanced`,
    title: `The way back from the ${to.name} is past what has arrived so far`,
    watch: "nothing: users are not concerned",
    deadlineMs: 300_000,
    estimateMs: 100,
    apply: (running) =>
      withClient(to.database, running.signal, async (client) => {
        await advanceSlot(client, name, running);
        return {};
      }),
  };
}

/**
 * Right before the window: the drain before it may take minutes, in which servers can go. Not within it: users would
 * wait for the answer, and a load balancer needs longer to call a server unhealthy (components/targetGroups.ts: three
 * checks, 15 s apart) than a window lasts, so a second look there would see the same.
 */
export function stillHealthy({ traffic }: World, side: Side): Step {
  return {
    id: `${side.name}-still-healthy`,
    title: `Servers of the ${side.name} are healthy, right before users come`,
    watch: "healthy targets: without one everything is undone, and users could write all the time",
    deadlineMs: 30_000,
    estimateMs: 20,
    apply: async ({ signal }) => {
      const healthyTargets = await traffic.healthyTargets(side.name, signal);
      if (healthyTargets < 1)
        throw new Error(
          `no server of the ${side.name} is healthy behind the load balancer any more; users stay where they are`,
        );
      return { healthyTargets };
    },
  };
}

export function compared(world: World, from: Side, to: Side, id: string, isLast = false): Step {
  return {
    id,
    title: "What changed since the last comparison is equal on both sides",
    watch: "rows that changed: the fewer, the shorter the window",
    deadlineMs: 600_000,
    // What was found equal is forgotten part by part.
    resumable: true,
    estimateMs: 1000,
    apply: (running) => compareChanges(world, from, to, running, isLast),
  };
}

export function partStopped(side: Side, part: "scheduler" | "workers"): Step {
  return {
    id: `${side.name}-${part}-stopped`,
    title: `No ${part === "workers" ? "worker" : part} runs on the ${side.name}`,
    watch: "whoever waits for a query: nothing new is scheduled or executed until the flip",
    deadlineMs: 300_000,
    estimateMs: 3000,
    apply: async ({ signal }) => {
      await side.workload.stop(part, signal);
      return { running: (await side.workload.state(part, signal)).running };
    },
    undo: async ({ signal }) => {
      await side.workload.start(part, signal);
      return { running: (await side.workload.state(part, signal)).running };
    },
  };
}

/** Workers that run but take nothing: after the flip they need only be told to begin. */
export function workersWarm(side: Side): Step {
  return {
    id: `${side.name}-workers-warm`,
    title: `Workers of the ${side.name} run, and take no job yet`,
    watch: "workers that run, and their memory",
    deadlineMs: 300_000,
    estimateMs: 1000,
    apply: async ({ signal }) => {
      await side.queue.suspend(signal);
      await side.workload.start("workers", signal);
      return { running: (await side.workload.state("workers", signal)).running };
    },
  };
}

export function schedulerStarted(side: Side): Step {
  return {
    id: `${side.name}-scheduler-started`,
    title: `The scheduler of the ${side.name} runs`,
    watch: "the queues: scheduled queries come in, and are executed",
    deadlineMs: 300_000,
    estimateMs: 2000,
    apply: async ({ signal }) => {
      await side.workload.start("scheduler", signal);
      return { running: (await side.workload.state("scheduler", signal)).running };
    },
  };
}

/**
 * The side that nobody writes to any more needs no slots: they would keep its WAL until its disk is full. A switch back
 * makes them anew.
 */
export function slotsDropped(world: World, side: Side): Step {
  const slots = [directionFrom(world, side.name).name, CHANGES];
  return {
    id: `${side.name}-slots-dropped`,
    title: `The ${side.name} keeps no WAL for nobody`,
    watch: "slots of the side that users have left",
    deadlineMs: 30_000,
    estimateMs: 20,
    apply: (running) =>
      withClient(side.database, running.signal, async (client) => {
        for (const slot of slots) await dropSlot(client, slot, running);
        return { slots: slots.length };
      }),
  };
}
