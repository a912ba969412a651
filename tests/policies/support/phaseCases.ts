import type { Phase } from "../../../redash/phase";
import type { Case } from "./cases";

/** A case in a phase of the move. */
export interface PhaseCase extends Omit<Case, "stack"> {
  /** @default none: a stack that knows no phases */
  readonly phase?: Phase;
}

/** Cases of stacks that say their phase. */
export const phaseCases = (list: Readonly<Record<string, PhaseCase>>): Record<string, Case> =>
  Object.fromEntries(
    Object.entries(list).map(([title, { phase, ...rest }]) => [
      title,
      { ...rest, ...(phase && { stack: { phase } }) },
    ]),
  );
