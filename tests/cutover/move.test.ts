import assert from "node:assert/strict";
import type pg from "pg";
import { after, before, describe, it } from "mocha";
import { closeConnections } from "../../cutover/database/database";
import { systemClock } from "../../cutover/engine/clock";
import { type Outcome, runPlan } from "../../cutover/engine/engine";
import type { Event, Journal } from "../../cutover/engine/journal";
import type { Plan } from "../../cutover/engine/step";
import type { SideName } from "../../cutover/ports";
import { preparePlan } from "../../cutover/steps/prepare";
import { removalPlan } from "../../cutover/steps/remove";
import { replicatePlan } from "../../cutover/steps/replicate";
import { switchPlan } from "../../cutover/steps/switch";
import { verifyPlan } from "../../cutover/steps/verify";
import { LiveWriter } from "../support/cutover/liveWriter";
import { MemoryJournal, MemoryLock } from "../support/cutover/memory";
import { smallRedash } from "../support/cutover/smallRedash";
import { twoServers, type TwoServers } from "../support/cutover/twoServers";

const BUDGET = { writeOutageBudgetMs: 10_000, drainDeadlineMs: 2000, longDeadlineMs: 60_000 };

describe("the move, between a real PostgreSQL 13 and 17", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  let journal: MemoryJournal;
  let writer: LiveWriter;
  let runs = 0;
  const start = (
    plan: Plan,
    where: Journal = journal,
    onEvent?: (event: Event) => void,
  ): Promise<Outcome> =>
    runPlan(plan, {
      clock: systemClock,
      journal: where,
      lock: new MemoryLock(),
      run: `run-${++runs}`,
      ...(onEvent && { onEvent }),
    });
  const done = async (plan: Plan) => {
    const outcome = await start(plan);
    assert.equal(outcome.outcome, "done", outcome.reason);
    return outcome;
  };
  const switched = (act: "cutover" | "rollback") => switchPlan(act, servers.world, BUDGET);
  const count = async (side: SideName, sql: string): Promise<number> => {
    const client: pg.Client = await servers.administrator(side);
    const { rows } = await client.query<{ n: number }>(sql);
    await client.end();
    return rows[0]!.n;
  };
  const live = "SELECT count(*)::int AS n FROM queries WHERE name = 'live'";

  before(async () => {
    servers = await twoServers();
    journal = new MemoryJournal();
    await smallRedash(await servers.administrator("source"));
  });
  after(async () => {
    await servers.remove();
  });

  it("prepares, replicates and verifies, each twice without harm, while users write", async () => {
    writer = new LiveWriter(servers);
    const { world } = servers;
    for (const plan of [
      () => preparePlan(world),
      () => replicatePlan(world, 60_000),
      () => verifyPlan(world, 60_000),
    ]) {
      await done(plan());
      await done(plan());
    }
    assert.equal(
      await count(
        "target",
        "SELECT count(*)::int AS n FROM pg_indexes WHERE schemaname = 'public'",
      ),
      await count(
        "source",
        "SELECT count(*)::int AS n FROM pg_indexes WHERE schemaname = 'public'",
      ),
    );
    assert.equal(
      await count(
        "target",
        "SELECT count(*)::int AS n FROM pg_trigger WHERE tgname = 'queries_search'",
      ),
      1,
    );
  });

  it("refuses to cut over to a database in which triggers and foreign keys are off", async () => {
    const target = await servers.administrator("target");
    await target.query("ALTER DATABASE redash SET session_replication_role = replica");
    await closeConnections(servers.world.target.database);
    const { outcome, reason } = await start(switched("cutover"));
    assert.equal(outcome, "undone");
    assert.match(
      reason,
      /^target-ready failed: the target is not ready: session_replication_role is replica: search and foreign keys would not work; set it to origin/,
    );
    await target.query("ALTER DATABASE redash RESET session_replication_role");
    await target.end();
    await closeConnections(servers.world.target.database);
  });

  it("cuts over: nobody can write on the source, every write is there, ids and search go on", async () => {
    const { writeOutageMs } = await done(switched("cutover"));
    assert.ok(writeOutageMs !== undefined && writeOutageMs > 0);
    assert.equal(servers.goesTo(), "target");
    const application = await servers.application("source");
    await assert.rejects(
      application.query("DELETE FROM favorites"),
      /cannot execute DELETE in a read-only transaction/,
    );
    assert.equal((await application.query("SELECT 1")).rowCount, 1);
    const target = await servers.application("target");
    const { rows } = await target.query<{ id: number }>(
      "INSERT INTO queries (org_id, name, options) VALUES (1, 'found after the flip', '{}') RETURNING id",
    );
    const found = await target.query(
      "SELECT id FROM queries WHERE search_vector @@ to_tsquery('simple', 'flip')",
    );
    assert.deepEqual(found.rows, rows);
    assert.equal(
      (await servers.world.source.workload.state("scheduler", AbortSignal.timeout(1))).running,
      0,
    );
    assert.equal(
      (await servers.world.target.workload.state("scheduler", AbortSignal.timeout(1))).running,
      1,
    );
  });

  it("rolls back with what was written on the target meanwhile, and cuts over again", async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    await done(switched("rollback"));
    assert.equal(servers.goesTo(), "source");
    assert.equal(
      await count(
        "source",
        "SELECT count(*)::int AS n FROM queries WHERE name = 'found after the flip'",
      ),
      1,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await done(switched("cutover"));
    assert.equal(servers.goesTo(), "target");
  });

  it("undoes a cutover that fails in the window: users write on the source again, and the next one succeeds", async () => {
    await done(switched("rollback"));
    const plan = switched("cutover");
    const failing: Plan = {
      ...plan,
      steps: plan.steps.map((step) =>
        step.id === "traffic-to-target"
          ? { ...step, apply: () => Promise.reject(new Error("the load balancer does not answer")) }
          : step,
      ),
    };
    const outcome = await start(failing);
    assert.deepEqual(
      [outcome.outcome, outcome.reason],
      [
        "undone",
        "traffic-to-target failed: the load balancer does not answer; everything was undone",
      ],
    );
    const before = writer.acknowledged.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(writer.acknowledged.length > before, "nobody can write");
    await done(switched("cutover"));
  });

  it("goes on after a kill at any step, forward or back, without losing a write", async () => {
    for (const [step, { id, inWindow, irreversible }] of switched("cutover").steps.entries()) {
      if (servers.goesTo() === "target") await done(switched("rollback"));
      const killed = journal.forProcessKilledAfter(2 + 2 * step);
      await Promise.race([start(switched("cutover"), killed), killed.dead]);
      const { outcome, reason } = await start(switched("cutover"));
      const isBeforeFlip = inWindow === true && irreversible !== true;
      assert.equal(outcome, isBeforeFlip ? "undone" : "done", `${id}: ${reason}`);
      assert.equal(servers.goesTo(), isBeforeFlip ? "source" : "target");
    }
    if (servers.goesTo() === "source") await done(switched("cutover"));
  });

  it("has lost and doubled nothing of what was acknowledged", async () => {
    await writer.stop();
    const client = await servers.administrator("target");
    const { rows } = await client.query<{ id: number }>(
      "SELECT id FROM queries WHERE name = 'live' ORDER BY id",
    );
    const there = new Set(rows.map(({ id }) => id));
    assert.ok(writer.acknowledged.length > 500);
    assert.equal(new Set(writer.acknowledged).size, writer.acknowledged.length);
    assert.deepEqual(
      writer.acknowledged.filter((id) => !there.has(id)),
      [],
    );
    for (let tries = 0; (await count("source", live)) !== rows.length && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(await count("source", live), rows.length, "the way back has everything too");
  });

  it("finishes with nothing of the move left on either side, the old host still fenced", async () => {
    await done(removalPlan("finish", servers.world, BUDGET));
    for (const side of ["source", "target"] as const) {
      assert.equal(
        await count(
          side,
          `SELECT ((SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)
                 + (SELECT count(*) FROM pg_subscription)
                 + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'redash%'))::int AS n`,
        ),
        0,
      );
    }
    const application = await servers.application("source");
    await assert.rejects(application.query("DELETE FROM favorites"), /read-only transaction/);
  });
});
