import { isDeepStrictEqual } from "node:util";
import { withClient } from "../database/database";
import { rememberedQueueState, rememberQueueState } from "../database/queueState";
import { until } from "../engine/clock";
import type { Running, Step } from "../engine/step";
import type { Backlog, QueueValue, Side } from "../ports";

const sum = (counts: Backlog["waiting"]) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** "1 in emails, 3 in queries" */
const perQueue = (waiting: Backlog["waiting"]) =>
  Object.entries(waiting)
    .filter(([, count]) => count > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `${count} in ${name}`)
    .join(", ");

/**
 * On the source's host each of about seven questions and answers by SSM takes 5 s, and on a bad day three times as much;
 * twice, for a process that is paused in the middle of them.
 */
const DRAIN_ASKING_MS = 240_000;

/**
 * Lets the queue run empty, then suspends it and waits for what is at work. The scheduler is stopped before: with the
 * queue suspended it would fill it, and wait for ever itself.
 */
export function drained(side: Side, drainDeadlineMs: number): Step {
  return {
    id: `${side.name}-queue-drained`,
    title: `No job of the ${side.name} is at work, and none is taken any more`,
    watch: "jobs at work: who is not done at the limit is cut; who waits is named",
    deadlineMs: drainDeadlineMs + DRAIN_ASKING_MS,
    resumable: true,
    estimateMs: 5000,
    apply: async (running) => {
      const { clock, signal, progress, warn, spentMs } = running;
      const startMs = clock.monotonicMs();
      const settled = (limitMs: number, done: (running: number, waiting: number) => boolean) =>
        until(
          async () => {
            const backlog = await side.queue.backlog(signal);
            const [atWork, waiting] = [backlog.running.length, sum(backlog.waiting)];
            progress(`${atWork} jobs at work, ${waiting} waiting`);
            return done(atWork, waiting) || spentMs + clock.monotonicMs() - startMs > limitMs;
          },
          running,
          { first: 20, longest: 1000 },
        );
      // Of a queue that a process before has suspended nothing is taken any more.
      if (!(await side.queue.isSuspended(signal))) {
        // Half of the time at most, so that what is taken last has the other half.
        await settled(drainDeadlineMs / 2, (atWork, waiting) => atWork + waiting === 0);
        await side.queue.suspend(signal);
      }
      await settled(drainDeadlineMs, (atWork) => atWork === 0);
      const left = await side.queue.backlog(signal);
      if (left.running.length > 0) warn(`these jobs are cut: ${left.running.join(", ")}`);
      if (sum(left.waiting) > 0) warn(`these jobs are not run: ${perQueue(left.waiting)}`);
      return { cut: left.running.length, waiting: sum(left.waiting) };
    },
    undo: async ({ signal }) => {
      await side.queue.resume(signal);
      return {};
    },
  };
}

export function queueStateCarried(from: Side, to: Side): Step {
  return {
    id: `${to.name}-queue-state-carried`,
    title: "Paused data sources, schema blacklist and last-run times are carried",
    watch: "nothing: a few keys",
    deadlineMs: 120_000,
    estimateMs: 50,
    apply: async ({ signal }) => {
      const state = await from.queue.state(signal);
      await to.queue.restore(state, signal);
      // Nobody is at work there yet; later a key that is missing may be one that users have removed.
      const there = await to.queue.state(signal);
      const lacking = [...state].filter(
        ([key, value]) => value.ttlMs === undefined && !isSame(value, there.get(key)),
      );
      if (lacking.length > 0)
        throw new Error(
          `the queue of the ${to.name} does not keep ${lacking.map(([key]) => key).join(", ")}: look whether it evicts keys (maxmemory-policy must be noeviction), and whether somebody else writes there`,
        );
      await withClient(to.database, signal, (client) => rememberQueueState(client, state));
      return { keys: state.size };
    },
  };
}

/**
 * What users have left behind on a side runs when they come back and its queue opens, be it days later. It stays: a job
 * is also known by its query's text, so that the same query would wait for one that was taken away. Before the flip,
 * because from then on users fill this queue again.
 */
export function oldJobsNamed(side: Side): Step {
  return {
    id: `${side.name}-old-jobs-named`,
    title: `Jobs that wait on the ${side.name} already are named: they run when its queue opens`,
    watch: "jobs of an earlier switch: they run when the queue opens",
    deadlineMs: 30_000,
    estimateMs: 20,
    apply: async ({ signal, warn }) => {
      const { waiting } = await side.queue.backlog(signal);
      if (sum(waiting) > 0)
        warn(
          `these jobs wait on the ${side.name} since users left it, and run when its queue opens: ${perQueue(waiting)}`,
        );
      return { waiting: sum(waiting) };
    },
  };
}

export function queueOpened(side: Side): Step {
  return {
    id: `${side.name}-queue-opened`,
    title: `Workers of the ${side.name} take jobs`,
    watch: "jobs at work: the first ones begin",
    deadlineMs: 30_000,
    estimateMs: 10,
    check: async ({ signal }) => !(await side.queue.isSuspended(signal)),
    apply: async ({ signal }) => {
      await side.queue.resume(signal);
      return {};
    },
  };
}

/**
 * Until the flip users go on: what they ask for then waits in a queue that nobody works on any more, and a data source
 * that they pause then is not paused on the other side. After the flip, because the old side may take seconds to read;
 * before the scheduler, which would run schedules of that data source; and never in its way, if the old side is gone.
 */
export function leftBehindNamed(from: Side, to: Side): Step {
  return {
    id: `${from.name}-left-behind-named`,
    title: `Jobs that came too late on the ${from.name} are named, and pauses that came too late are carried`,
    watch: "jobs that are named: whoever waits for them must ask again",
    deadlineMs: 120_000,
    estimateMs: 20,
    apply: async (running) => {
      const { signal, warn } = running;
      const left = await readLeft(from, running);
      if (left === undefined) return { isRead: false };
      const { waiting, now } = left;
      if (sum(waiting) > 0)
        warn(
          `these jobs are not run: ${perQueue(waiting)} of the ${from.name}; who waits for them must ask again`,
        );
      const before = await withClient(to.database, signal, rememberedQueueState);
      const there = await to.queue.state(signal);
      const late = new Map<string, QueueValue | undefined>();
      for (const key of new Set([...before.keys(), ...now.keys()])) {
        const [was, is, other] = [before.get(key), now.get(key), there.get(key)];
        if (isSame(is, was) || isSame(is, other)) continue;
        if (isSame(other, was)) late.set(key, is);
        else
          warn(
            `${key} was changed on both sides since it was carried: the ${to.name} keeps its own; look which one is meant`,
          );
      }
      if (late.size > 0) {
        await to.queue.put(late, signal);
        const carried = new Map(before);
        for (const [key, value] of late)
          if (value === undefined) carried.delete(key);
          else carried.set(key, value);
        await withClient(to.database, signal, (client) => rememberQueueState(client, carried));
      }
      return { isRead: true, waiting: sum(waiting), carried: [...late.keys()].sort().join(", ") };
    },
  };
}

/** @returns undefined, with a warning, if the side does not answer */
async function readLeft(from: Side, { signal, warn }: Running) {
  try {
    const { waiting } = await from.queue.backlog(signal);
    return { waiting, now: await from.queue.state(signal) };
  } catch (error) {
    signal.throwIfAborted();
    warn(
      `the queue of the ${from.name} cannot be read (${(error as Error).message}): jobs and pauses that came right before the flip are lost; users who miss a result must ask again`,
    );
    return undefined;
  }
}

/** A time to live runs on, and says nothing of a change. */
export const isSame = (one: QueueValue | undefined, other: QueueValue | undefined): boolean =>
  isDeepStrictEqual(one && { ...one, ttlMs: 0 }, other && { ...other, ttlMs: 0 });
