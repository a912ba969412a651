import type { Answer, Ask, Asking } from "./ask";
import type { Report } from "./report/report";

/** A move as an operator has it in hand, wherever it is carried out. */
export interface MoveControl {
  /** @throws Refusal if it is not done, before anything is changed; Error if nobody knows what was */
  readonly ask: (ask: Ask, asking: Omit<Asking, "pause">) => Promise<Answer>;
  /** What happened so far. @throws Refusal if nothing did */
  readonly report: () => Promise<Report>;
  /**
   * What to tell whoever does not wait for the end. @default nobody may leave: the work is this process's own, and is
   * finished or undone first
   */
  readonly left?: () => string;
  readonly close: () => Promise<void>;
}
