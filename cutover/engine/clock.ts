/** Time, so that tests need not wait for it. */
export interface Clock {
  /** Milliseconds since the epoch, for the journal. */
  readonly nowMs: () => number;
  /** Milliseconds of a clock that never jumps, for durations and deadlines. */
  readonly monotonicMs: () => number;
  /** @throws the signal's reason if it aborts first */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Calls back once after a time. @returns what cancels it */
  readonly after: (milliseconds: number, callback: () => void) => () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, milliseconds);
      signal?.addEventListener("abort", stop, { once: true });
    }),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** What whoever waits has at hand: time, and what ends the wait. */
export interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Waits until something holds, asking again after a pause that grows.
 * @throws the signal's reason when it aborts: every wait has an end
 */
export async function until(
  holds: () => Promise<boolean>,
  { clock, signal }: Waiting,
  pauseMs: { readonly first: number; readonly longest: number } = { first: 2, longest: 500 },
): Promise<void> {
  for (let pause = pauseMs.first; ; pause = Math.min(pause * 1.5, pauseMs.longest)) {
    signal.throwIfAborted();
    if (await holds()) return;
    await clock.sleep(pause, signal);
  }
}
