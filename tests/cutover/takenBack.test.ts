import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { systemClock } from "../../cutover/engine/clock";
import { Move } from "../../cutover/move";
import type { SideName } from "../../cutover/ports";
import type { Act } from "../../cutover/steps/acts";
import { LivingPair } from "../support/cutover/livingPair";
import { MemoryLock } from "../support/cutover/memory";
import { LIMITS } from "../support/cutover/pair";

describe("a switch that stopped at its flip, after which a person let users write again", function () {
  this.timeout(120_000);
  let pair: LivingPair;
  const perform = (act: Act) =>
    new Move({
      ...LIMITS,
      world: pair.servers.world,
      journal: pair.journal,
      lock: new MemoryLock(),
      clock: systemClock,
    }).perform(act, {
      resume: false,
      stop: new AbortController().signal,
      onEvent: () => undefined,
    });
  /** Until a few more writes were acknowledged. */
  const written = async () => {
    const count = pair.writer.acknowledged.length + 20;
    for (let tries = 0; pair.writer.acknowledged.length < count; tries++) {
      assert.ok(tries < 1000, "nobody can write");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const stopped = async (act: "cutover" | "rollback", from: SideName) => {
    const plan = pair.plan(act);
    const flip = plan.steps.findIndex(({ irreversible }) => irreversible);
    const killed = pair.journal.forProcessKilledAfter(2 + 2 * flip);
    await Promise.race([pair.run(plan, { journal: killed }), killed.dead]);
    assert.equal(pair.servers.goesTo(), from);
    await pair.administrated(
      from,
      "ALTER ROLE redash RESET default_transaction_read_only; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'redash'",
    );
    await written();
    await pair.administrated(
      from,
      "DELETE FROM favorites WHERE id = (SELECT min(id) FROM favorites)",
    );
    await pair.administrated(from, "UPDATE queries SET name = 'renamed by ' || id WHERE id = 1");
  };

  before(async () => {
    pair = await LivingPair.start();
  });
  after(() => pair.end());

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
    assert.equal(pair.servers.goesTo(), "source");
    const undone = pair.journal.entries.find(
      (it) => it.kind === "undone" && it.step === "target-replication-turned",
    );
    assert.ok(undone?.kind === "undone" && Number(undone.evidence["carried"]) > 40);
    await written();
    assert.deepEqual(await pair.administrated("target", "SELECT FROM pg_replication_slots"), []);
  });

  it("has brought over what was written meanwhile, so that the next comparison finds nothing", async () => {
    await pair.done("verify");
    await pair.done("cutover");
    assert.equal(pair.servers.goesTo(), "target");
    await written();
  });

  it("is taken back by a cutover if it was a rollback", async () => {
    await stopped("rollback", "target");
    assert.equal((await perform("rollback")).verdict, "needs-person");
    const { verdict, text } = await perform("cutover");
    assert.equal(verdict, "done", text);
    assert.match(text, /due: npm run move -- finish, or npm run move -- rollback$/);
    assert.equal(pair.servers.goesTo(), "target");
    await written();
    await pair.done("rollback");
    assert.equal(pair.servers.goesTo(), "source");
    await written();
  });

  it("is not gone on with by the opposite command, once users were over and traffic was turned back by hand", async () => {
    const plan = pair.plan("cutover");
    const fails = { deadlineMs: 100, apply: () => Promise.reject(new Error("no worker")) };
    const { outcome } = await pair.run({
      ...plan,
      steps: plan.steps.map((step) =>
        step.id === "target-query-executed" ? { ...step, ...fails } : step,
      ),
    });
    assert.equal(outcome, "needs-person");
    await written();
    await pair.servers.world.traffic.flipTo("source", AbortSignal.timeout(1000));
    await assert.rejects(perform("rollback"), {
      name: "Refusal",
      message: `cutover has turned users over, and somebody has turned traffic back to the source by hand. If users can write there, first: ALTER ROLE "redash" SET default_transaction_read_only = on, and end its sessions. Then npm run move -- cutover turns traffic over again, and names what was written there; after it: npm run move -- rollback`,
    });
    assert.equal(pair.servers.goesTo(), "source");
    assert.equal((await perform("cutover")).verdict, "done");
    assert.equal(pair.servers.goesTo(), "target");
    await written();
    assert.equal((await perform("rollback")).verdict, "done");
    assert.equal(pair.servers.goesTo(), "source");
  });

  it("has lost and doubled nothing, on either side", async () => {
    await pair.writer.stop();
    const ids = async (side: SideName) =>
      (
        await pair.administrated(side, "SELECT id FROM queries WHERE name = 'live' ORDER BY id")
      ).map(({ id }) => id);
    const there = await ids("source");
    assert.equal(new Set(pair.writer.acknowledged).size, pair.writer.acknowledged.length);
    assert.deepEqual(
      pair.writer.acknowledged.filter((id) => !there.includes(id)),
      [],
    );
    for (let tries = 0; (await ids("target")).length !== there.length && tries < 200; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await ids("target"), there);
  });
});
