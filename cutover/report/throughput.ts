import { earlierMs, type StepRecord } from "./acts";
import type { Report, ReportedAct } from "./report";

/** How much a step got done, and in what time. */
export interface Throughput {
  readonly act: ReportedAct;
  readonly step: StepRecord;
  readonly amount: number;
  readonly unit: "bytes" | "rows";
  /** Also of the runs that this one has taken up. */
  readonly durationMs: number;
}

/** Every step that says how much it did: evidence named `bytes`, `rows`, or `changedRows` for rows compared again. */
export function throughputs({ acts }: Report): Throughput[] {
  return acts.flatMap((act) =>
    act.steps.flatMap((step) => {
      const { bytes, rows, changedRows, milliseconds } = step.evidence;
      const amount = bytes ?? rows ?? changedRows;
      if (step.outcome !== "done" || typeof amount !== "number") return [];
      return [
        {
          act,
          step,
          amount,
          unit: bytes === undefined ? ("rows" as const) : ("bytes" as const),
          durationMs:
            earlierMs(acts, act, step.id) +
            (typeof milliseconds === "number" ? milliseconds : step.durationMs),
        },
      ];
    }),
  );
}
