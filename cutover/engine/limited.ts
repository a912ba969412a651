import type { Clock } from "./clock";

/** How long a step that was told to end may take for it. */
const GRACE_MS = 1000;

export interface Limits {
  readonly clock: Clock;
  readonly limitMs: number;
  /** What is thrown when the time is over. */
  readonly late: Error;
  /** Each of them ends the work, also if it was aborted before the work began. */
  readonly stops: readonly AbortSignal[];
}

/**
 * Runs something until it ends, its time is over, or somebody asks to stop. What does not listen to its signal is
 * left behind after the limit: a hung call must not hang the move.
 * @throws what the work throws, or why it was broken off
 */
export async function limited<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { clock, limitMs, late, stops }: Limits,
): Promise<T> {
  const asked = new Error("it was asked to stop");
  if (stops.some(({ aborted }) => aborted)) throw asked;
  const controller = new AbortController();
  const { signal } = controller;
  const cancel = clock.after(limitMs, () => {
    controller.abort(late);
  });
  const onStop = () => {
    controller.abort(asked);
  };
  for (const stop of stops) stop.addEventListener("abort", onStop, { once: true });
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
  const working = work(signal);
  try {
    return await Promise.race([working, aborted]);
  } catch (error) {
    // What listens ends now; an undo must not run beside it. What does not listen is not waited for.
    await Promise.race([working.catch(() => undefined), clock.sleep(GRACE_MS)]);
    throw error;
  } finally {
    cancel();
    for (const stop of stops) stop.removeEventListener("abort", onStop);
    aborted.catch(() => undefined);
  }
}
