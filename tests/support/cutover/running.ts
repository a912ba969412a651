import { systemClock } from "../../../cutover/engine/clock";
import type { Running } from "../../../cutover/engine/step";

/** What a step gets in the first run of an act, without an engine. */
export const running = (limitMs: number, more: Partial<Running> = {}): Running => ({
  clock: systemClock,
  signal: AbortSignal.timeout(limitMs),
  progress: () => undefined,
  warn: () => undefined,
  begunBy: "run-1",
  spentMs: 0,
  ...more,
});
