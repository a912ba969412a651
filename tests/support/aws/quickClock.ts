import { type Clock, systemClock } from "../../../cutover/engine/clock";

/** A clock for work that waits for real answers: sleeping takes no time, but the clock moves on as if it had. */
export function quickClock(): Clock {
  let sleptMs = 0;
  return {
    nowMs: () => systemClock.nowMs() + sleptMs,
    monotonicMs: () => systemClock.monotonicMs() + sleptMs,
    sleep: (milliseconds, signal) => {
      sleptMs += milliseconds;
      return systemClock.sleep(0, signal);
    },
    after: systemClock.after,
  };
}
