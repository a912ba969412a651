import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { after, before, beforeEach, describe, it } from "mocha";
import { startValkey, type ValkeyServer } from "../../../cutover/adapters/local/valkeyServer";
import { systemClock } from "../../../cutover/engine/clock";
import { runPlan } from "../../../cutover/engine/engine";
import type { Side } from "../../../cutover/ports";
import { RqQueue } from "../../../cutover/queue/rqQueue";
import { drained } from "../../../cutover/steps/queue";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";

const DRAIN_MS = 2000;

describe("a queue that runs empty, in a real Valkey", function () {
  this.timeout(60_000);
  let valkey: ValkeyServer;
  let queue: RqQueue;
  let redis: Redis;
  let journal: MemoryJournal;
  before(async () => {
    valkey = await startValkey();
    queue = new RqQueue(valkey.url);
    redis = new Redis(valkey.url);
  });
  after(async () => {
    redis.disconnect();
    queue.close();
    await valkey.remove();
  });
  beforeEach(async () => {
    journal = new MemoryJournal();
    await redis.flushall();
    await redis.sadd("rq:queues", "rq:queue:queries");
  });
  let runs = 0;
  /** Drains it in a process of its own, which is paused or asked to stop after a time. */
  const drain = async (ends: { readonly pauseMs?: number; readonly stopMs?: number } = {}) => {
    const startMs = systemClock.monotonicMs();
    const { outcome, evidence, warnings } = await runPlan(
      {
        act: "cutover",
        writeOutageBudgetMs: 0,
        steps: [drained({ name: "source", queue } as unknown as Side, DRAIN_MS)],
      },
      {
        ...{ clock: systemClock, journal, lock: new MemoryLock(), run: `run-${++runs}` },
        ...(ends.pauseMs !== undefined && { pause: AbortSignal.timeout(ends.pauseMs) }),
        ...(ends.stopMs !== undefined && { stop: AbortSignal.timeout(ends.stopMs) }),
      },
    );
    return {
      outcome,
      left: evidence.get("source-queue-drained"),
      warned: warnings.map(({ message }) => message),
      tookMs: systemClock.monotonicMs() - startMs,
    };
  };
  const isSuspended = () => queue.isSuspended(AbortSignal.timeout(5000));
  const wait = () => redis.rpush("rq:queue:queries", "one", "two");
  const work = () => redis.zadd("rq:wip:queries", 1, "endless");
  const CUT = "these jobs are cut: endless";
  const NOT_RUN = "these jobs are not run: 2 in queries";

  it("takes no time if nothing waits and nothing is at work, and is suspended then", async () => {
    const { outcome, left, warned, tookMs } = await drain();
    assert.deepEqual([outcome, left, warned], ["done", { cut: 0, waiting: 0 }, []]);
    assert.ok(tookMs < DRAIN_MS / 2, String(tookMs));
    assert.ok(await isSuspended());
  });

  it("is given its time once, by however many processes, and what is left is named", async () => {
    await wait();
    await work();
    const first = await drain({ pauseMs: 700 });
    assert.deepEqual([first.outcome, await isSuspended()], ["paused", false]);
    // Half of the time is for what waits, so it is suspended after 300 ms more.
    const second = await drain({ pauseMs: 1000 });
    assert.deepEqual([second.outcome, await isSuspended()], ["paused", true]);
    const third = await drain();
    assert.deepEqual(
      [third.outcome, third.left, third.warned],
      ["done", { cut: 1, waiting: 2 }, [CUT, NOT_RUN]],
    );
    const tookMs = first.tookMs + second.tookMs + third.tookMs;
    // Each look at the queue comes up to a second after the one before.
    assert.ok(tookMs >= DRAIN_MS && tookMs < DRAIN_MS + 2000, String(tookMs));
  });

  it("is not waited for again by a process that finds it suspended with jobs that nobody takes", async () => {
    await wait();
    await queue.suspend(AbortSignal.timeout(5000));
    const { outcome, warned, tookMs } = await drain();
    assert.deepEqual([outcome, warned], ["done", [NOT_RUN]]);
    assert.ok(tookMs < DRAIN_MS / 2, String(tookMs));
  });

  it("is open again when somebody asks to stop, also in the process that has taken it up", async () => {
    await work();
    assert.equal((await drain({ pauseMs: 1800 })).outcome, "paused");
    assert.ok(await isSuspended());
    assert.equal((await drain({ stopMs: 100 })).outcome, "undone");
    assert.ok(!(await isSuspended()));
  });
});
