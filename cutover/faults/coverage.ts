import type { FaultedRehearsal } from "./faultedRehearsal";
import type { FaultRecord } from "./faultedAct";
import { type Pair, pairName } from "./kind";

/** Every fault of some rehearsals, in order. */
export const faultsOf = (rehearsals: readonly FaultedRehearsal[]): FaultRecord[] =>
  rehearsals.flatMap(({ acts }) => acts.flatMap(({ faults }) => faults));

/** How many of the faults that can happen have struck. */
export interface Coverage {
  readonly possible: number;
  readonly struck: number;
  /** Dealt, but never struck. */
  readonly missed: readonly string[];
}

export function coverageOf(
  possible: readonly Pair[],
  rehearsals: readonly FaultedRehearsal[],
): Coverage {
  const faults = faultsOf(rehearsals);
  const struck = new Set(faults.filter(({ outcome }) => outcome !== "missed").map(pairName));
  const missed = new Set(faults.map(pairName).filter((name) => !struck.has(name)));
  return { possible: possible.length, struck: struck.size, missed: [...missed] };
}
