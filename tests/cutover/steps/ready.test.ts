import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { type Clock, systemClock } from "../../../cutover/engine/clock";
import { runPlan } from "../../../cutover/engine/engine";
import { ACTS, planOf } from "../../../cutover/steps/acts";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";
import { smallRedash } from "../../support/cutover/smallRedash";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

const LIMITS = { writeOutageBudgetMs: 10_000, drainDeadlineMs: 100, longDeadlineMs: 60_000 };
/** Whose limits are over ten times as soon. */
const HURRIED: Clock = {
  ...systemClock,
  after: (milliseconds, callback) => systemClock.after(milliseconds / 10, callback),
};

describe("a cutover while replication stops at an error again and again", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  const journal = new MemoryJournal();
  const run = (act: (typeof ACTS)[number], clock = systemClock) =>
    runPlan(planOf(act, servers.world, LIMITS), {
      clock,
      journal,
      lock: new MemoryLock(),
      run: `${act}-${journal.entries.length}`,
    });

  before(async () => {
    servers = await twoServers();
    const source = await servers.administrator("source");
    await smallRedash(source, 100);
    for (const act of ["prepare", "replicate", "verify"] as const) {
      const { outcome, reason } = await run(act);
      assert.equal(outcome, "done", reason);
    }
    const target = await servers.administrator("target");
    const organization = "INSERT INTO organizations (id, name) VALUES (7, 'both have it')";
    await target.query(organization);
    await source.query(organization);
  });
  after(async () => {
    await servers.remove();
  });

  it("is refused by its first step, which waits half a minute for a row and says where to look", async () => {
    const { outcome, reason } = await run("cutover", HURRIED);
    assert.equal(outcome, "undone");
    assert.equal(
      reason,
      "target-ready failed: the target is not ready: what was written on the source 30 s ago has not arrived; replication lags, or stops at an error that the target's log names (of AWS DMS: the task's log); everything was undone",
    );
    assert.deepEqual(
      journal.entries.flatMap((it) =>
        it.kind === "step-started" && it.run.startsWith("cutover") ? [it.step] : [],
      ),
      ["target-ready"],
    );
  });

  it("is done once nothing stands in the way of the row", async () => {
    const target = await servers.administrator("target");
    await target.query("DELETE FROM organizations WHERE id = 7");
    const { outcome, reason } = await run("cutover");
    assert.equal(outcome, "done", reason);
  });
});
