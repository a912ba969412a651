import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { systemClock } from "../../../cutover/engine/clock";
import { type Outcome, runPlan } from "../../../cutover/engine/engine";
import type { Plan } from "../../../cutover/engine/step";
import type { SideName } from "../../../cutover/ports";
import { type Act, planOf } from "../../../cutover/steps/acts";
import { LiveWriter } from "../../support/cutover/liveWriter";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";
import { smallRedash } from "../../support/cutover/smallRedash";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

const LIMITS = { writeOutageBudgetMs: 10_000, drainDeadlineMs: 100, longDeadlineMs: 60_000 };

describe("a session that writes past the fence, right before the flip", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  let writer: LiveWriter;
  let late: number;
  const journal = new MemoryJournal();
  let runs = 0;
  const start = (plan: Plan): Promise<Outcome> =>
    runPlan(plan, { clock: systemClock, journal, lock: new MemoryLock(), run: `run-${++runs}` });
  const done = async (act: Act) => {
    const { outcome, reason, warnings } = await start(planOf(act, servers.world, LIMITS));
    assert.equal(outcome, "done", reason);
    return warnings;
  };
  const administrated = async (side: SideName, sql: string) => {
    const client = await servers.administrator(side);
    const { rows } = await client.query<{ id: number }>(sql);
    await client.end();
    return rows;
  };
  /** A row by a user that nobody else has. */
  const favorite = (user: number) =>
    `INSERT INTO favorites (query_id, user_id) VALUES (1, ${user}) RETURNING id`;
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

  it("is named with its rows, and only with those", async () => {
    const plan = planOf("cutover", servers.world, LIMITS);
    const { outcome, reason, warnings } = await start({
      ...plan,
      steps: plan.steps.map((step) =>
        step.irreversible !== true
          ? step
          : {
              ...step,
              apply: async (running) => {
                const [row] = await administrated("source", favorite(1001));
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
    const [row] = await administrated("target", favorite(1002));
    assert.ok(row!.id > late + 900, `${row!.id} after ${late}`);
    assert.deepEqual(await done("rollback"), []);
    assert.deepEqual(
      (
        await administrated("source", "SELECT id FROM favorites WHERE user_id > 1000 ORDER BY 1")
      ).map(({ id }) => id),
      [late, row!.id],
    );
  });
});
