import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { LivingPair } from "../../support/cutover/livingPair";

describe("a session that writes past the fence, right before the flip", function () {
  this.timeout(120_000);
  let pair: LivingPair;
  let late: number;
  /** A row by a user that nobody else has. */
  const favorite = (user: number) =>
    `INSERT INTO favorites (query_id, user_id) VALUES (1, ${user}) RETURNING id`;
  before(async () => {
    pair = await LivingPair.start();
  });
  after(() => pair.end());

  it("is named with its rows, and only with those", async () => {
    const plan = pair.plan("cutover");
    const { outcome, reason, warnings } = await pair.run({
      ...plan,
      steps: plan.steps.map((step) =>
        step.irreversible !== true
          ? step
          : {
              ...step,
              apply: async (running) => {
                const [row] = await pair.administrated("source", favorite(1001));
                late = row!.id;
                return step.apply(running);
              },
            },
      ),
    });
    assert.equal(outcome, "done", reason);
    assert.deepEqual(warnings, [
      {
        step: "source-late-writes-named",
        message: `somebody wrote past the fence: favorites has rows on the source that the target has not, or has otherwise; keys ["${late}"]. Look at them there (SELECT * FROM favorites WHERE id IN (…)) before finish or rollback, and write on the target what is missing`,
      },
    ]);
  });

  it("does not stop the way back: its numbers are given to nobody else", async () => {
    const [row] = await pair.administrated("target", favorite(1002));
    assert.ok(row!.id > late + 900, `${row!.id} after ${late}`);
    assert.deepEqual(await pair.done("rollback"), []);
    assert.deepEqual(
      (
        await pair.administrated(
          "source",
          "SELECT id FROM favorites WHERE user_id > 1000 ORDER BY 1",
        )
      ).map(({ id }) => id),
      [late, row!.id],
    );
  });
});
