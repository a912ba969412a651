import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { systemClock } from "../../cutover/engine/clock";
import { type Outcome, runPlan } from "../../cutover/engine/engine";
import type { Journal } from "../../cutover/engine/journal";
import type { Plan } from "../../cutover/engine/step";
import { Move } from "../../cutover/move";
import type { SideName } from "../../cutover/ports";
import { type Act, planOf } from "../../cutover/steps/acts";
import { LiveWriter } from "../support/cutover/liveWriter";
import { MemoryJournal, MemoryLock } from "../support/cutover/memory";
import { smallRedash } from "../support/cutover/smallRedash";
import { twoServers, type TwoServers } from "../support/cutover/twoServers";

const LIMITS = { writeOutageBudgetMs: 10_000, drainDeadlineMs: 100, longDeadlineMs: 60_000 };

describe("a switch that stopped at its flip, after which a person let users write again", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  let writer: LiveWriter;
  const journal = new MemoryJournal();
  let runs = 0;
  const start = (plan: Plan, where: Journal = journal): Promise<Outcome> =>
    runPlan(plan, {
      clock: systemClock,
      journal: where,
      lock: new MemoryLock(),
      run: `run-${++runs}`,
    });
  const perform = (act: Act) =>
    new Move({
      ...LIMITS,
      world: servers.world,
      journal,
      lock: new MemoryLock(),
      clock: systemClock,
    }).perform(act, {
      resume: false,
      stop: new AbortController().signal,
      onEvent: () => undefined,
    });
  const done = async (act: Act) => {
    const { outcome, reason } = await start(planOf(act, servers.world, LIMITS));
    assert.equal(outcome, "done", reason);
  };
  const administrated = async (side: SideName, sql: string) => {
    const client = await servers.administrator(side);
    const { rows } = await client.query<{ id: number }>(sql);
    await client.end();
    return rows;
  };
  /** Until a few more writes were acknowledged. */
  const written = async () => {
    const count = writer.acknowledged.length + 20;
    for (let tries = 0; writer.acknowledged.length < count; tries++) {
      assert.ok(tries < 1000, "nobody can write");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const stopped = async (act: "cutover" | "rollback", from: SideName) => {
    const plan = planOf(act, servers.world, LIMITS);
    const flip = plan.steps.findIndex(({ irreversible }) => irreversible);
    const killed = journal.forProcessKilledAfter(2 + 2 * flip);
    await Promise.race([start(plan, killed), killed.dead]);
    assert.equal(servers.goesTo(), from);
    await administrated(
      from,
      "ALTER ROLE redash RESET default_transaction_read_only; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'redash'",
    );
    await written();
    await administrated(from, "DELETE FROM favorites WHERE id = (SELECT min(id) FROM favorites)");
    await administrated(from, "UPDATE queries SET name = 'renamed by ' || id WHERE id = 1");
  };

  before(async () => {
    servers = await twoServers();
    await smallRedash(await servers.administrator("source"), 200);
    writer = new LiveWriter(servers);
    for (const act of ["prepare", "replicate", "verify"] as const) await done(act);
  });
  after(async () => {
    await writer.stop();
    await servers.remove();
  });

  it("is taken back by a rollback if it was a cutover, with every write where the users are", async () => {
    await stopped("cutover", "source");
    const { verdict, text } = await perform("cutover");
    assert.equal(verdict, "needs-person");
    assert.match(text, /the application may write on the source.*npm run move -- rollback\n/);
    await written();
    assert.deepEqual(await perform("rollback"), {
      verdict: "done",
      text: "it was asked to undo what the run before has left; everything was undone\ndue: npm run move -- cutover, or npm run move -- verify, or npm run move -- abort",
    });
    assert.equal(servers.goesTo(), "source");
    const undone = journal.entries.find(
      (it) => it.kind === "undone" && it.step === "target-replication-turned",
    );
    assert.ok(undone?.kind === "undone" && Number(undone.evidence["carried"]) > 40);
    await written();
    assert.deepEqual(await administrated("target", "SELECT FROM pg_replication_slots"), []);
  });

  it("has brought over what was written meanwhile, so that the next comparison finds nothing", async () => {
    await done("verify");
    await done("cutover");
    assert.equal(servers.goesTo(), "target");
    await written();
  });

  it("is taken back by a cutover if it was a rollback", async () => {
    await stopped("rollback", "target");
    assert.equal((await perform("rollback")).verdict, "needs-person");
    const { verdict, text } = await perform("cutover");
    assert.equal(verdict, "done", text);
    assert.match(text, /due: npm run move -- finish, or npm run move -- rollback$/);
    assert.equal(servers.goesTo(), "target");
    await written();
    await done("rollback");
    assert.equal(servers.goesTo(), "source");
    await written();
  });

  it("has lost and doubled nothing, on either side", async () => {
    await writer.stop();
    const ids = async (side: SideName) =>
      (await administrated(side, "SELECT id FROM queries WHERE name = 'live' ORDER BY id")).map(
        ({ id }) => id,
      );
    const there = await ids("source");
    assert.equal(new Set(writer.acknowledged).size, writer.acknowledged.length);
    assert.deepEqual(
      writer.acknowledged.filter((id) => !there.includes(id)),
      [],
    );
    for (let tries = 0; (await ids("target")).length !== there.length && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await ids("target"), there);
  });
});
