import assert from "node:assert/strict";
import type pg from "pg";
import { after, afterEach, before, describe, it } from "mocha";
import { type Clock, systemClock } from "../../../cutover/engine/clock";
import { type Outcome, runPlan } from "../../../cutover/engine/engine";
import type { Event } from "../../../cutover/engine/journal";
import type { Plan } from "../../../cutover/engine/step";
import { preparePlan } from "../../../cutover/steps/prepare";
import { replicatePlan } from "../../../cutover/steps/replicate";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";
import { smallRedash } from "../../support/cutover/smallRedash";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

const LONG_MS = 3_600_000;
/** Ten times as fast, or a test would wait as long as a person does. */
const CLOCK: Clock = { ...systemClock, monotonicMs: () => performance.now() * 10 };

describe("a copy that cannot succeed", function () {
  this.timeout(60_000);
  let servers: TwoServers;
  let source: pg.Client;
  let target: pg.Client;
  const journal = new MemoryJournal();
  let told: string[] = [];
  let runs = 0;
  const start = (plan: Plan): Promise<Outcome> =>
    runPlan(plan, {
      clock: CLOCK,
      journal,
      lock: new MemoryLock(),
      run: `run-${++runs}`,
      onEvent: (event: Event) => {
        if (event.kind === "progress") told.push(event.message);
      },
    });
  const replicated = () => start(replicatePlan(servers.world, LONG_MS));
  before(async () => {
    servers = await twoServers();
    source = await servers.administrator("source");
    target = await servers.administrator("target");
    await smallRedash(source, 100);
    assert.equal((await start(preparePlan(servers.world))).outcome, "done");
  });
  afterEach(() => {
    told = [];
  });
  after(async () => {
    await servers.remove();
  });
  /** Everything of an attempt that is still there. */
  const left = async (): Promise<string[]> => {
    const found: string[] = [];
    const there = `SELECT slot_name::text AS name FROM pg_replication_slots UNION ALL SELECT subname::text FROM pg_subscription`;
    for (const [client, sql] of [
      [source, there],
      [target, `${there} UNION ALL SELECT name FROM organizations`],
    ] as const)
      found.push(...(await client.query<{ name: string }>(sql)).rows.map(({ name }) => name));
    return found;
  };

  it("is told after a few tries and undone: which tables are missing, and where the reason stands", async () => {
    await target.query("ALTER TABLE favorites ADD CONSTRAINT none CHECK (user_id > 1)");
    await target.query("ALTER TABLE queries DROP COLUMN tags");
    const { outcome, reason } = await replicated();
    assert.equal(outcome, "undone");
    assert.match(
      reason,
      /^tables-copied failed: the copy has failed \d+ times since the last table was ready; favorites, queries are still to come: the log of the target's server says why \(look for "logical replication"\); mend it, then run replicate again; everything was undone$/,
    );
    assert.ok(
      told.some((it) => /^\d+ of 7 tables, \d+ failed tries, /.test(it)),
      told.join("\n"),
    );
    assert.deepEqual(await left(), []);
  });

  it("is told when nobody works at it, and undone", async () => {
    await target.query("ALTER SYSTEM SET max_logical_replication_workers = 0");
    await servers.servers.target.stop();
    await servers.servers.target.start();
    target = await servers.administrator("target");
    const { outcome, reason } = await replicated();
    assert.deepEqual(
      [outcome, reason],
      [
        "undone",
        "tables-copied failed: nobody has worked at the copy for 20 s: either the target has no worker left (max_logical_replication_workers, max_worker_processes), or none can begin, and the log of its server says why; mend it, then run replicate again; everything was undone",
      ],
    );
    assert.deepEqual(await left(), []);
    await target.query("ALTER SYSTEM RESET max_logical_replication_workers");
    await servers.servers.target.stop();
    await servers.servers.target.start();
    target = await servers.administrator("target");
  });

  it("succeeds once its reason is gone", async () => {
    await target.query("ALTER TABLE favorites DROP CONSTRAINT none");
    await target.query("ALTER TABLE queries ADD COLUMN tags varchar[]");
    const { outcome, reason } = await replicated();
    assert.equal(outcome, "done", reason);
  });
});
