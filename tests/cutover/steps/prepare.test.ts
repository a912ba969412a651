import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { systemClock } from "../../../cutover/engine/clock";
import { runPlan } from "../../../cutover/engine/engine";
import type { Plan } from "../../../cutover/engine/step";
import { preparePlan } from "../../../cutover/steps/prepare";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";
import { smallRedash } from "../../support/cutover/smallRedash";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

describe("prepare, whose last step fails after it has done its work", function () {
  this.timeout(60_000);
  let servers: TwoServers;
  let runs = 0;
  const journal = new MemoryJournal();
  const start = (plan: Plan) =>
    runPlan(plan, { clock: systemClock, journal, lock: new MemoryLock(), run: `run-${++runs}` });
  const moveSchemas = async () => {
    const found: string[] = [];
    for (const side of ["source", "target"] as const) {
      const client = await servers.administrator(side);
      const { rows } = await client.query("SELECT FROM pg_namespace WHERE nspname = 'redash_move'");
      await client.end();
      if (rows.length > 0) found.push(side);
    }
    return found;
  };
  before(async () => {
    servers = await twoServers();
    await smallRedash(await servers.administrator("source"), 10);
  });
  after(async () => {
    await servers.remove();
  });

  it("leaves nothing in either database, or preflight would refuse the next one", async () => {
    const plan = preparePlan(servers.world);
    const last = plan.steps.at(-1)!;
    const { outcome, reason } = await start({
      ...plan,
      steps: plan.steps.map((step) =>
        step !== last
          ? step
          : {
              ...step,
              apply: async (running) => {
                await step.apply(running);
                assert.deepEqual(await moveSchemas(), ["source", "target"]);
                throw new Error("its answer came too late");
              },
            },
      ),
    });
    assert.equal(outcome, "undone");
    assert.equal(
      reason,
      "marker-tables-made failed: its answer came too late; everything was undone",
    );
    assert.deepEqual(await moveSchemas(), []);
  });

  it("can be done again", async () => {
    const { outcome, reason } = await start(preparePlan(servers.world));
    assert.equal(outcome, "done", reason);
    assert.deepEqual(await moveSchemas(), ["source", "target"]);
  });

  it("is done when it is run again, but not for a source that has got another column since", async () => {
    const again = await start(preparePlan(servers.world));
    assert.equal(again.outcome, "done", again.reason);
    const client = await servers.administrator("source");
    await client.query("ALTER TABLE favorites ADD COLUMN note text");
    await client.end();
    const { outcome, reason } = await start(preparePlan(servers.world));
    assert.equal(outcome, "undone");
    assert.equal(
      reason,
      "target-schema-made failed: the target's tables are not those of the source: favorites.note text is on one side alone; the target is emptied, so run prepare again; everything was undone",
    );
    const last = await start(preparePlan(servers.world));
    assert.equal(last.outcome, "done", last.reason);
  });
});
