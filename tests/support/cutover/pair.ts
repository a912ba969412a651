import assert from "node:assert/strict";
import { systemClock } from "../../../cutover/engine/clock";
import { type EngineOptions, type Outcome, runPlan } from "../../../cutover/engine/engine";
import type { Plan } from "../../../cutover/engine/step";
import type { SideName } from "../../../cutover/ports";
import { type Act, planOf } from "../../../cutover/steps/acts";
import { MemoryJournal, MemoryLock } from "./memory";
import { smallRedash } from "./smallRedash";
import { twoServers, type TwoServers } from "./twoServers";

export const LIMITS = {
  writeOutageBudgetMs: 10_000,
  drainDeadlineMs: 100,
  longDeadlineMs: 60_000,
} as const;

/** Two servers, of which the target has what the source has, and a journal that outlives the processes of a test. */
export class Pair {
  readonly journal = new MemoryJournal();
  private runs = 0;

  protected constructor(readonly servers: TwoServers) {}

  static async start(): Promise<Pair> {
    return new Pair(await twoServers()).replicated();
  }

  protected async replicated(): Promise<this> {
    try {
      await smallRedash(await this.servers.administrator("source"), 200);
      for (const act of ["prepare", "replicate", "verify"] as const) await this.done(act);
      return this;
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** Runs a plan as a process of its own. */
  run = (plan: Plan, options: Partial<EngineOptions> = {}): Promise<Outcome> =>
    runPlan(plan, {
      clock: systemClock,
      journal: this.journal,
      lock: new MemoryLock(),
      run: `${plan.act}-${++this.runs}`,
      ...options,
    });

  plan = (act: Act): Plan => planOf(act, this.servers.world, LIMITS);

  done = async (act: Act, options: Partial<EngineOptions> = {}): Promise<Outcome["warnings"]> => {
    const { outcome, reason, warnings } = await this.run(this.plan(act), options);
    assert.equal(outcome, "done", reason);
    return warnings;
  };

  administrated = async <Row extends object = { readonly id: number }>(
    side: SideName,
    sql: string,
  ): Promise<Row[]> => {
    const client = await this.servers.administrator(side);
    const { rows } = await client.query<Row>(sql);
    await client.end();
    return rows;
  };

  end(): Promise<void> {
    return this.servers.remove();
  }
}
