import type { Clock } from "../../engine/clock";
import type { Event, Journal } from "../../engine/journal";
import { duration } from "../../report/quantity";
import type { Progress } from "./s3Progress";

const EVERY_MS = 1000;

export interface Following {
  readonly journal: Pick<Journal, "read">;
  readonly progress: { readonly read: () => Promise<Progress | undefined> };
  readonly clock: Clock;
  /** Entries that were there before the run was started, and are not told. */
  readonly from: number;
  /** Longest time to wait for the end of the run, milliseconds. */
  readonly deadlineMs: number;
  /** Aborted when the run cannot come to its end, such as a function that was refused or has failed. */
  readonly signal: AbortSignal;
}

/**
 * What a run tells that is carried out elsewhere, as it comes: its entries, and how far its steps are. Ends with the
 * run's last entry.
 * @throws the signal's reason, after what was written until then, or Error when the time is over; the run goes on
 */
export async function* followJournal(following: Following): AsyncGenerator<Event> {
  const { journal, progress, clock, signal, deadlineMs } = following;
  const end = clock.monotonicMs() + deadlineMs;
  let told = following.from;
  let atWork: string | undefined;
  let last: string | undefined;
  for (;;) {
    const isLastLook = signal.aborted;
    for (const entry of (await journal.read()).slice(told)) {
      told++;
      atWork = BEGINS.has(entry.kind) ? placeOf(entry) : undefined;
      yield entry;
      if (entry.kind === "run-ended") return;
    }
    const now = await progress.read();
    const text = JSON.stringify(now);
    // The object outlives the step, and the run, that wrote it.
    if (now !== undefined && placeOf(now) === atWork && text !== last) yield now;
    last = text;
    if (isLastLook) signal.throwIfAborted();
    if (clock.monotonicMs() > end)
      throw new Error(
        `the end of the run was not heard of within ${duration(deadlineMs)}; it may go on; look at it with: npm run move -- status`,
      );
    await clock.sleep(EVERY_MS, signal).catch(() => undefined);
  }
}

const BEGINS: ReadonlySet<Event["kind"]> = new Set(["step-started", "undo-started"]);
const placeOf = (event: Event) => `${event.run} ${"step" in event ? event.step : ""}`;
