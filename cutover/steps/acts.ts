import type { Plan } from "../engine/step";
import type { World } from "../ports";
import { preparePlan } from "./prepare";
import { removalPlan } from "./remove";
import { replicatePlan } from "./replicate";
import { switchPlan } from "./switch";
import { verifyPlan } from "./verify";

/** Acts that change the world, in the order of a move. */
export const ACTS = [
  "prepare",
  "replicate",
  "verify",
  "cutover",
  "rollback",
  "finish",
  "abort",
] as const;
export type Act = (typeof ACTS)[number];

export interface ActOptions {
  /** Longest write outage of a switch before it undoes itself, in milliseconds. */
  readonly writeOutageBudgetMs: number;
  /** How long jobs may take to end before they are cut, in milliseconds. */
  readonly drainDeadlineMs: number;
  /** How long a copy or a comparison of everything may take, in milliseconds. */
  readonly longDeadlineMs: number;
  /**
   * Whether the source's host is no more: `finish` then ends a cutover that has turned users over, and clears the target
   * alone.
   * @default false
   */
  readonly sourceGone?: boolean;
}

/** The plan of an act. */
export function planOf(act: Act, world: World, options: ActOptions): Plan {
  switch (act) {
    case "prepare":
      return preparePlan(world);
    case "replicate":
      return replicatePlan(world, options.longDeadlineMs);
    case "verify":
      return verifyPlan(world, options.longDeadlineMs);
    case "cutover":
    case "rollback":
      return switchPlan(act, world, options);
    case "finish":
    case "abort":
      return removalPlan(act, world, options);
  }
}
