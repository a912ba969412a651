import type { Clock } from "../../../cutover/engine/clock";

/** A clock on which only waiting takes time: it jumps to the next timer whenever nothing else is left to do. */
export class FakeClock implements Clock {
  private time = 0;
  private timers: { at: number; callback: () => void }[] = [];

  nowMs = (): number => 1_750_000_000_000 + this.time;
  monotonicMs = (): number => this.time;

  after = (milliseconds: number, callback: () => void): (() => void) => {
    const timer = { at: this.time + milliseconds, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((it) => it !== timer);
    };
  };

  sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const cancel = this.after(milliseconds, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        reject(signal.reason as Error);
      });
    });

  /** Runs something to its end, letting time pass only while everything waits. */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { ended: false };
    const end = () => {
      state.ended = true;
    };
    work.then(end, end);
    for (let idle = 0; ; idle++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (state.ended) return work;
      if (idle > 1000 && this.timers.length === 0)
        throw new Error("it waits for something that never comes");
      const next = this.timers.sort((one, other) => one.at - other.at).shift();
      if (next === undefined) continue;
      this.time = Math.max(this.time, next.at);
      next.callback();
    }
  }
}
