import assert from "node:assert/strict";
import { systemClock } from "../../../cutover/engine/clock";
import { type Outcome, runPlan } from "../../../cutover/engine/engine";
import type { Journal } from "../../../cutover/engine/journal";
import type { Plan } from "../../../cutover/engine/step";
import type { SideName } from "../../../cutover/ports";
import { type Act, planOf } from "../../../cutover/steps/acts";
import { LiveWriter } from "./liveWriter";
import { MemoryJournal, MemoryLock } from "./memory";
import { smallRedash } from "./smallRedash";
import { twoServers, type TwoServers } from "./twoServers";

export const LIMITS = {
  writeOutageBudgetMs: 10_000,
  drainDeadlineMs: 100,
  longDeadlineMs: 60_000,
} as const;

/** Two servers, of which the target has what the source has, and somebody who writes without a pause. */
export class LivingPair {
  readonly journal = new MemoryJournal();
  readonly writer: LiveWriter;
  private runs = 0;

  private constructor(readonly servers: TwoServers) {
    this.writer = new LiveWriter(servers);
  }

  static async start(): Promise<LivingPair> {
    const servers = await twoServers();
    const pair = new LivingPair(servers);
    try {
      await smallRedash(await servers.administrator("source"), 200);
      for (const act of ["prepare", "replicate", "verify"] as const) await pair.done(act);
      return pair;
    } catch (error) {
      await pair.end();
      throw error;
    }
  }

  /** Runs a plan as a process of its own. */
  run = (plan: Plan, journal: Journal = this.journal): Promise<Outcome> =>
    runPlan(plan, {
      clock: systemClock,
      journal,
      lock: new MemoryLock(),
      run: `run-${++this.runs}`,
    });

  plan = (act: Act): Plan => planOf(act, this.servers.world, LIMITS);

  done = async (act: Act): Promise<Outcome["warnings"]> => {
    const { outcome, reason, warnings } = await this.run(this.plan(act));
    assert.equal(outcome, "done", reason);
    return warnings;
  };

  administrated = async (side: SideName, sql: string): Promise<{ readonly id: number }[]> => {
    const client = await this.servers.administrator(side);
    const { rows } = await client.query<{ id: number }>(sql);
    await client.end();
    return rows;
  };

  async end(): Promise<void> {
    await this.writer.stop();
    await this.servers.remove();
  }
}
