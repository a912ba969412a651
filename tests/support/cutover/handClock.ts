import type { Clock } from "../../../cutover/engine/clock";

/** A clock that a test moves on by hand, beside requests that take the time they take. */
export class HandClock implements Clock {
  private moved = 0;
  private timers: { readonly at: number; readonly callback: () => void }[] = [];

  nowMs = (): number => Date.now() + this.moved;
  monotonicMs = (): number => performance.now() + this.moved;

  after = (milliseconds: number, callback: () => void): (() => void) => {
    const timer = { at: this.moved + milliseconds, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((it) => it !== timer);
    };
  };

  sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const stop = () => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.after(milliseconds, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      if (signal?.aborted === true) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    });

  /** How many wait for their time. */
  get waiting(): number {
    return this.timers.length;
  }

  /** Everything whose time has come by then is called, in its order. */
  move(milliseconds: number): void {
    this.moved += milliseconds;
    const due = this.timers.filter(({ at }) => at <= this.moved).sort((a, b) => a.at - b.at);
    this.timers = this.timers.filter((it) => !due.includes(it));
    for (const { callback } of due) callback();
  }
}
