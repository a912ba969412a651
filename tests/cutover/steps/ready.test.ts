import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { type Clock, systemClock } from "../../../cutover/engine/clock";
import { Pair } from "../../support/cutover/pair";

/** Whose limits are over ten times as soon. */
const HURRIED: Clock = {
  ...systemClock,
  after: (milliseconds, callback) => systemClock.after(milliseconds / 10, callback),
};

describe("a cutover while replication stops at an error again and again", function () {
  this.timeout(120_000);
  let pair: Pair;

  before(async () => {
    pair = await Pair.start();
    for (const side of ["target", "source"] as const)
      await pair.administrated(
        side,
        "INSERT INTO organizations (id, name) VALUES (7, 'both have it')",
      );
  });
  after(() => pair.end());

  it("is refused by its first step, which waits half a minute for a row and says where to look", async () => {
    const { outcome, reason } = await pair.run(pair.plan("cutover"), { clock: HURRIED });
    assert.equal(outcome, "undone");
    assert.equal(
      reason,
      "target-ready failed: the target is not ready: what was written on the source 30 s ago has not arrived; replication lags, or stops at an error that the target's log names (of AWS DMS: the task's log); everything was undone",
    );
    assert.deepEqual(
      pair.journal.entries.flatMap((it) =>
        it.kind === "step-started" && it.run.startsWith("cutover") ? [it.step] : [],
      ),
      ["target-ready"],
    );
  });

  it("is done once nothing stands in the way of the row", async () => {
    await pair.administrated("target", "DELETE FROM organizations WHERE id = 7");
    await pair.done("cutover");
  });
});
