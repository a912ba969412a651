import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { Pair } from "../../support/cutover/pair";

describe("a flip that is taken up again by another process", function () {
  this.timeout(120_000);
  let pair: Pair;

  before(async () => {
    pair = await Pair.start();
    const plan = pair.plan("cutover");
    const flip = plan.steps.findIndex(({ irreversible }) => irreversible);
    const killed = pair.journal.forProcessKilledAfter(2 + 2 * flip);
    await Promise.race([pair.run(plan, { journal: killed }), killed.dead]);
    assert.equal(pair.servers.goesTo(), "source");
  });
  after(() => pair.end());

  it("is not done once a person has let users write on the old side", async () => {
    await pair.administrated("source", "ALTER ROLE redash RESET default_transaction_read_only");
    const { outcome, reason } = await pair.run(pair.plan("cutover"));
    assert.equal(outcome, "needs-person");
    assert.equal(
      reason,
      "traffic-to-target failed: the application may write on the source: its fence was lifted within the window, and what was written there since is not on the target; users stay where they are. Take the switch back, which carries over what they wrote: npm run move -- rollback",
    );
    assert.equal(pair.servers.goesTo(), "source");
  });

  it("is done while the old side is still fenced", async () => {
    await pair.administrated("source", "ALTER ROLE redash SET default_transaction_read_only = on");
    const { outcome, reason } = await pair.run(pair.plan("cutover"));
    assert.equal(outcome, "done", reason);
    assert.equal(pair.servers.goesTo(), "target");
  });
});
