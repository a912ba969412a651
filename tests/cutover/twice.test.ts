import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { type LocalWorld, startLocalWorld } from "../../cutover/adapters/local/world";
import { systemClock } from "../../cutover/engine/clock";
import { runPlan } from "../../cutover/engine/engine";
import type { Plan, Step } from "../../cutover/engine/step";
import { TRANSPORTS } from "../../cutover/ports";
import { judgeLedger } from "../../cutover/rehearsal/ledger";
import { startUsers } from "../../cutover/rehearsal/livingUsers";
import { type Act, planOf } from "../../cutover/steps/acts";
import { MemoryJournal, MemoryLock } from "../support/cutover/memory";

const TIMES = { writeOutageBudgetMs: 20_000, drainDeadlineMs: 2000, longDeadlineMs: 60_000 };

/** A step that does everything twice, as a process does that goes on where another one was killed in it. */
const twice = (step: Step): Step => ({
  ...step,
  apply: async (running) => {
    const evidence = await step.apply(running);
    return (await step.check?.(running)) === true ? evidence : step.apply(running);
  },
  ...(step.undo && {
    undo: async (running) => {
      await step.undo?.(running);
      return (await step.undo?.(running)) ?? {};
    },
  }),
});

for (const transport of TRANSPORTS) {
  describe(`every step, done twice, by ${transport}`, function () {
    this.timeout(300_000);
    let local: LocalWorld;
    let living: Awaited<ReturnType<typeof startUsers>>;
    const journal = new MemoryJournal();
    before(async () => {
      local = await startLocalWorld({ megabytes: 8, transport });
      living = await startUsers(local);
    });
    after(async () => {
      await living.users.end();
      await local.remove();
    });
    let runs = 0;
    const run = (plan: Plan) =>
      runPlan(plan, { clock: systemClock, journal, lock: new MemoryLock(), run: `run-${++runs}` });
    const planned = (act: Act): Plan => {
      const plan = planOf(act, local.world, TIMES);
      return { ...plan, steps: plan.steps.map(twice) };
    };
    const done = async (act: Act) => {
      const { outcome, reason } = await run(planned(act));
      assert.equal(outcome, "done", `${act}: ${reason}`);
    };
    const goesTo = () => local.world.traffic.goesTo(AbortSignal.timeout(5000));

    it("prepares, replicates and compares", async () => {
      for (const act of ["prepare", "replicate", "verify"] as const) await done(act);
    });

    it("undoes a cutover whose flip failed after users were over there for a moment, with what they wrote", async () => {
      const { traffic } = local.world;
      const flip: Partial<Step> = {
        apply: async ({ signal }) => {
          await traffic.flipTo("target", signal);
          await new Promise((resolve) => setTimeout(resolve, 300));
          throw new Error("the answer was lost");
        },
        check: () => Promise.resolve(false),
      };
      const plan = planned("cutover");
      const { outcome, reason } = await run({
        ...plan,
        steps: plan.steps.map((step) => (step.irreversible === true ? { ...step, ...flip } : step)),
      });
      assert.deepEqual(
        [outcome, reason],
        ["undone", "traffic-to-target failed: the answer was lost; everything was undone"],
      );
      assert.equal(await goesTo(), "source");
      const client = await local.administrator("target");
      const { rows } = await client.query("SELECT slot_name FROM pg_replication_slots");
      await client.end();
      assert.deepEqual(rows, []);
    });

    it("cuts over, rolls back and cuts over again", async () => {
      for (const act of ["cutover", "rollback", "cutover"] as const) await done(act);
      assert.equal(await goesTo(), "target");
    });

    it("finishes with every write there once, and the constraints of the source", async () => {
      const { ledger } = await living.users.stop();
      const target = await local.administrator("target");
      const { lost, duplicated } = await judgeLedger(target, ledger, living.before);
      assert.deepEqual([lost, duplicated], [[], []]);
      await done("finish");
      const source = await local.administrator("source");
      const sql = `SELECT c.conrelid::regclass::text || '.' || c.conname AS name, c.convalidated, pg_get_constraintdef(c.oid)
          FROM pg_constraint c WHERE c.connamespace = 'public'::regnamespace AND c.contype <> 'n'
        UNION ALL SELECT a.attrelid::regclass::text || '.' || a.attname, a.attnotnull, format_type(a.atttypid, a.atttypmod)
          FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
         WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1`;
      assert.deepEqual((await target.query(sql)).rows, (await source.query(sql)).rows);
      await Promise.all([source.end(), target.end()]);
    });
  });
}
