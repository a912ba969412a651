import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { systemClock } from "../../../cutover/engine/clock";
import { type Outcome, runPlan } from "../../../cutover/engine/engine";
import type { Journal } from "../../../cutover/engine/journal";
import type { Plan } from "../../../cutover/engine/step";
import { preparePlan } from "../../../cutover/steps/prepare";
import { replicatePlan } from "../../../cutover/steps/replicate";
import { switchPlan } from "../../../cutover/steps/switch";
import { verifyPlan } from "../../../cutover/steps/verify";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";
import { smallRedash } from "../../support/cutover/smallRedash";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

const BUDGET = { writeOutageBudgetMs: 10_000, drainDeadlineMs: 100, longDeadlineMs: 60_000 };

describe("a flip that is taken up again by another process", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  let journal: MemoryJournal;
  let runs = 0;
  const start = (plan: Plan, where: Journal = journal): Promise<Outcome> =>
    runPlan(plan, {
      clock: systemClock,
      journal: where,
      lock: new MemoryLock(),
      run: `run-${++runs}`,
    });
  const cutover = () => switchPlan("cutover", servers.world, BUDGET);
  const administrated = async (sql: string) => {
    const client = await servers.administrator("source");
    await client.query(sql);
    await client.end();
  };

  before(async () => {
    servers = await twoServers();
    journal = new MemoryJournal();
    await smallRedash(await servers.administrator("source"), 100);
    const { world } = servers;
    for (const plan of [
      preparePlan(world),
      replicatePlan(world, 60_000),
      verifyPlan(world, 60_000),
    ]) {
      const { outcome, reason } = await start(plan);
      assert.equal(outcome, "done", reason);
    }
    const flip = cutover().steps.findIndex(({ irreversible }) => irreversible);
    const killed = journal.forProcessKilledAfter(2 + 2 * flip);
    await Promise.race([start(cutover(), killed), killed.dead]);
    assert.equal(servers.goesTo(), "source");
  });
  after(async () => {
    await servers.remove();
  });

  it("is not done once a person has let users write on the old side", async () => {
    await administrated("ALTER ROLE redash RESET default_transaction_read_only");
    const { outcome, reason } = await start(cutover());
    assert.equal(outcome, "needs-person");
    assert.equal(
      reason,
      "traffic-to-target failed: the application may write on the source: its fence was lifted within the window, and what was written there since is not on the target; users stay where they are. Take the switch back, which carries over what they wrote: npm run move -- rollback",
    );
    assert.equal(servers.goesTo(), "source");
  });

  it("is done while the old side is still fenced", async () => {
    await administrated("ALTER ROLE redash SET default_transaction_read_only = on");
    const { outcome, reason } = await start(cutover());
    assert.equal(outcome, "done", reason);
    assert.equal(servers.goesTo(), "target");
  });
});
