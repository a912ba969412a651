import type { Answer, Ask, Asking } from "./ask";
import type { Report } from "./report/report";

/** A move as an operator has it in hand, wherever it is carried out. */
export interface MoveControl {
  /** @throws Refusal if it is not done, before anything is changed; Error if nobody knows what was */
  readonly ask: (ask: Ask, asking: Omit<Asking, "pause">) => Promise<Answer>;
  /** What happened so far. @throws Refusal if nothing did */
  readonly report: () => Promise<Report>;
  readonly close: () => Promise<void>;
}
