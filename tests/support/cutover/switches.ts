import { type EngineOptions, type Outcome, runPlan } from "../../../cutover/engine/engine";
import type { Journal } from "../../../cutover/engine/journal";
import type { Plan, Step } from "../../../cutover/engine/step";
import { FakeClock } from "./fakeClock";
import { MemoryJournal, MemoryLock } from "./memory";

/** A world of switches: each step turns its own on, and its undo off. */
export class Switches {
  readonly on = new Set<string>();
  readonly log: string[] = [];

  /** One that nothing undoes. */
  lasting(id: string, more: Partial<Step> = {}): Step {
    return {
      id,
      title: id,
      deadlineMs: 1000,
      estimateMs: 1,
      apply: () => {
        this.log.push(`+${id}`);
        this.on.add(id);
        return Promise.resolve({ [id]: true });
      },
      ...more,
    };
  }

  step(id: string, more: Partial<Step> = {}): Step {
    return {
      ...this.lasting(id),
      undo: () => {
        this.log.push(`-${id}`);
        this.on.delete(id);
        return Promise.resolve({});
      },
      ...more,
    };
  }
}
/** An apply or undo that fails. */
export const fails = (message: string) => () => Promise.reject(new Error(message));

/** What a run needs besides its plan. */
export interface Setup {
  readonly clock: FakeClock;
  readonly journal: MemoryJournal;
  readonly lock: MemoryLock;
}
export const setup = (): Setup => ({
  clock: new FakeClock(),
  journal: new MemoryJournal(),
  lock: new MemoryLock(),
});
let runs = 0;

/** Runs steps as an act. */
export async function run(
  steps: readonly Step[],
  with_: Omit<Setup, "journal"> & { readonly journal: Journal },
  {
    act = "cutover",
    budgetMs = 5000,
    ...options
  }: Partial<EngineOptions> & { readonly act?: string; readonly budgetMs?: number } = {},
): Promise<Outcome> {
  const plan: Plan = { act, steps, writeOutageBudgetMs: budgetMs };
  const started = runPlan(plan, { ...with_, run: `run-${++runs}`, ...options });
  return with_.clock.run(started);
}
/** prepare, fence (window), drain (window), flip (window, irreversible), open */
export const cutover = (world: Switches, changes: Record<string, Partial<Step>> = {}): Step[] => [
  world.step("prepare", changes["prepare"]),
  world.step("fence", { inWindow: true, ...changes["fence"] }),
  world.step("drain", { inWindow: true, ...changes["drain"] }),
  world.step("flip", {
    inWindow: true,
    irreversible: true,
    check: () => Promise.resolve(world.on.has("flip")),
    ...changes["flip"],
  }),
  world.step("open", changes["open"]),
];
/** What a journal has, in short. */
export const kinds = ({ entries }: MemoryJournal) =>
  entries.map((entry) => ("step" in entry ? `${entry.kind} ${entry.step}` : entry.kind));
