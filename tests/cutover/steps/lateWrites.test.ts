import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Plan } from "../../../cutover/engine/step";
import { freePort } from "../../../cutover/adapters/local/freePort";
import type { Side } from "../../../cutover/ports";
import { lateWritesNamed } from "../../../cutover/steps/lateWrites";
import { LivingPair } from "../../support/cutover/livingPair";
import { running } from "../../support/cutover/running";

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

  const named = (table: string, id: number) => ({
    step: "source-late-writes-named",
    message: `somebody wrote past the fence: ${table} has rows on the source that the target has not, or has otherwise; keys ["${id}"]. Look at them there (SELECT * FROM ${table} WHERE id IN (…)) before finish or rollback, and write on the target what is missing`,
  });
  const scheduled = (from: string, to: string) => ({
    step: `${to}-proven`,
    message: `the schedules of queries 1 are not on the ${to} what they are on the ${from}: somebody wrote past the fence; the ${to}'s are in force, look which ones are meant`,
  });
  /** A cutover whose last step fails until it is let. */
  const cutover = (isRecorded: boolean): Plan => {
    const plan = pair.plan("cutover");
    const recorded = () =>
      isRecorded ? Promise.resolve({}) : Promise.reject(new Error("no answer"));
    return {
      ...plan,
      steps: [
        ...plan.steps,
        { id: "recorded", title: "", deadlineMs: 100, estimateMs: 1, apply: recorded },
      ],
    };
  };

  it("is named with its rows, and only with those, and stops nothing", async () => {
    const plan = cutover(false);
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
                await pair.administrated(
                  "source",
                  `UPDATE queries SET schedule = '{"interval": 5}' WHERE id = 1`,
                );
                return step.apply(running);
              },
            },
      ),
    });
    assert.deepEqual([outcome, reason], ["needs-person", "recorded failed: no answer"]);
    assert.deepEqual(warnings, [
      named("favorites", late),
      named("queries", 1),
      scheduled("source", "target"),
    ]);
  });

  it("is not looked for again by a run that takes the act up when the slot is gone that shows it", async () => {
    const { outcome, reason, warnings } = await pair.run(cutover(true));
    assert.equal(outcome, "done", reason);
    assert.deepEqual(warnings, [scheduled("source", "target")]);
  });

  it("does not stop the way back: its numbers are given to nobody else", async () => {
    const [row] = await pair.administrated("target", favorite(1002));
    assert.ok(row!.id > late + 900, `${row!.id} after ${late}`);
    assert.deepEqual(await pair.done("rollback"), [scheduled("target", "source")]);
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

  it("is not looked for on a side that is gone, which is said; and looked for again if the other one does not answer", async () => {
    const { source, target } = pair.servers.world;
    const gone = async (side: Side): Promise<Side> => {
      const { database } = side;
      const connection = { ...database.connection, port: await freePort() };
      return { ...side, database: { ...database, connection } };
    };
    const warnings: string[] = [];
    const looked = (from: Side, to: Side) =>
      lateWritesNamed(from, to).apply(
        running(20_000, { warn: (message) => warnings.push(message) }),
      );
    assert.deepEqual(await looked(await gone(source), target), {});
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      /^the source cannot be read \(connect ECONNREFUSED .*\): whether somebody wrote there past the fence is not known$/,
    );
    await assert.rejects(looked(source, await gone(target)), /ECONNREFUSED/);
    assert.equal(warnings.length, 1);
  });
});
