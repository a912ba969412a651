import type { Clock } from "./clock";
import type { Entry, Event, History, Journal, Started } from "./journal";
import { limited } from "./limited";
import type { Evidence, Plan, Running, Step } from "./step";

/** What a step found worth a look. */
export interface Warning {
  readonly step: string;
  readonly message: string;
}

/** Between two tries to undo a step, until its time is over. */
const UNDO_PAUSE_MS = 250;
/** Between two tries to do a step. */
const AGAIN_PAUSE_MS = 1000;

/** Applies and undoes single steps, each within its time, and journals what it did. */
export class StepRunner {
  readonly evidence = new Map<string, Evidence>();
  readonly warnings: Warning[] = [];
  /** What this run takes up. @default nothing: it begins the act */
  history: History | undefined;
  /** From then on a journal that cannot be written stops nothing: users must be able to write again. */
  isUndoing = false;
  /**
   * Entries that are written with the next one: of the window those that nobody misses if this process dies, as nobody can
   * write while a journal is written; and what a step warns of, which must not be known less than that it is done.
   */
  private held: Entry[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly options: {
      readonly clock: Clock;
      readonly journal: Journal;
      readonly run: string;
      readonly onEvent?: (event: Event) => void;
    },
  ) {}

  /** Whether the world is as the step leaves it. @throws what its check throws */
  holds(step: Step): Promise<boolean> {
    return this.limited(step, step.deadlineMs, [], (running) => holds(step, running));
  }

  /**
   * @param stops each of them breaks it off
   * @param patienceMs how long what fails is tried again, for half of its limit at most. @default not at all
   * @returns what went wrong, or nothing
   */
  async apply(
    step: Step,
    limitMs: number,
    stops: readonly AbortSignal[],
    patienceMs = 0,
  ): Promise<string | undefined> {
    const { run, clock } = this.options;
    const { inWindow = false, irreversible = false } = step;
    // Whoever takes the act up must know of what it has to undo, and of the flip.
    const isMissed = !inWindow || step.undo !== undefined || irreversible;
    const durationMs = this.stopwatch();
    // Or the reason would be that its time is over.
    const triedMs = Math.min(patienceMs, limitMs / 2);
    // A journal that does not answer for a moment is no other reason to stop than a server that does not.
    const told = { clock, signal: AbortSignal.any([...stops]), progress: this.progressOf(step) };
    const written = (event: Event) => {
      // One and the same at each try: a journal tells by it that an entry is there whose answer was lost.
      const entry = this.entry(event);
      return patiently(told, triedMs, () => this.write(event, entry));
    };
    try {
      const started = { kind: "step-started", run, step: step.id } as const;
      if (isMissed) await written(started);
      else this.hold(started);
      // In the window nobody can write while it is asked whether something is done that nobody has begun.
      const isAsked = !inWindow || this.startedBefore(step) !== undefined;
      const { skipped, evidence } = await this.limited(step, limitMs, stops, (running) =>
        patiently(running, triedMs, async () =>
          isAsked && (await holds(step, running))
            ? { skipped: true, evidence: {} }
            : { skipped: false, evidence: await step.apply(running) },
        ),
      );
      this.evidence.set(step.id, evidence);
      const event = { kind: "step-done", run, step: step.id, skipped, evidence } as const;
      const done = { ...event, durationMs: durationMs() };
      if (!inWindow || irreversible) await written(done);
      else this.hold(done);
      return undefined;
    } catch (error) {
      const text = messageOf(error);
      const event = { kind: "step-failed", run, step: step.id, error: text } as const;
      // If it is the journal that fails, the answer is the same: what follows undoes, or asks for a person.
      await this.write({ ...event, durationMs: durationMs() }).catch(() => undefined);
      return text;
    }
  }

  /** A step's time limit without what paused runs have spent of it; all of it to see that one is done already. */
  leftMs(step: Step): number {
    const { spentMs = 0, isDone = false } = this.startedBefore(step) ?? {};
    const isShared = step.resumable === true && !isDone;
    return isShared ? Math.max(0, step.deadlineMs - spentMs) : step.deadlineMs;
  }

  private startedBefore({ id }: Step): Started | undefined {
    return this.history?.applied.find(({ step }) => step === id);
  }

  /**
   * @param pause breaks it off, for another process to do it again
   * @returns what went wrong, or nothing
   */
  async undo(step: Step, pause: AbortSignal | undefined): Promise<string | undefined> {
    const { run, clock } = this.options;
    const { undo } = step;
    const durationMs = this.stopwatch();
    await this.write({ kind: "undo-started", run, step: step.id });
    for (;;) {
      try {
        const evidence =
          undo === undefined
            ? {}
            : await this.limited(step, step.deadlineMs, pause ? [pause] : [], (running) =>
                undo(running),
              );
        const event = { kind: "undone", run, step: step.id, evidence } as const;
        await this.write({ ...event, durationMs: durationMs() });
        return undefined;
      } catch (error) {
        // A server that restarts is there again in a moment, and until then nobody can write.
        if (durationMs() + UNDO_PAUSE_MS < step.deadlineMs && pause?.aborted !== true) {
          await clock.sleep(UNDO_PAUSE_MS);
          continue;
        }
        const text = messageOf(error);
        const event = { kind: "undo-failed", run, step: step.id, error: text } as const;
        await this.write({ ...event, durationMs: durationMs() });
        return text;
      }
    }
  }

  /** Writes an event and tells it. @throws Error if the journal cannot be written, unless users wait for an undo */
  async write(event: Event, entry = this.entry(event)): Promise<void> {
    const { held } = this;
    this.held = [];
    try {
      await this.options.journal.append(...held, entry);
    } catch (error) {
      // Something may have been held meanwhile.
      this.held = [...held, ...this.held];
      if (!this.isUndoing) throw error;
      const step = "step" in event ? event.step : this.plan.act;
      const message = `the journal cannot be written: ${messageOf(error)}`;
      this.warnings.push({ step, message });
      this.held.push(this.entry({ kind: "warning", run: this.options.run, step, message }));
    }
    this.options.onEvent?.(event);
  }

  /** Tells an event, and writes it later. */
  private hold(event: Event): void {
    this.held.push(this.entry(event));
    this.options.onEvent?.(event);
  }

  private readonly entry = (event: Event): Entry => ({
    ...event,
    atMs: this.options.clock.nowMs(),
  });

  private readonly progressOf = (step: Step) => (message: string) => {
    this.options.onEvent?.({ kind: "progress", run: this.options.run, step: step.id, message });
  };

  private stopwatch(): () => number {
    const { clock } = this.options;
    const start = clock.monotonicMs();
    return () => clock.monotonicMs() - start;
  }

  /** Runs a function of a step within a time limit. */
  private limited<T>(
    step: Step,
    limitMs: number,
    stops: readonly AbortSignal[],
    work: (running: Running) => Promise<T>,
  ): Promise<T> {
    const { clock, run } = this.options;
    const warn = (message: string) => {
      // A step that is tried again finds it again.
      if (this.warnings.some((it) => it.step === step.id && it.message === message)) return;
      this.warnings.push({ step: step.id, message });
      this.hold({ kind: "warning", run, step: step.id, message });
    };
    return limited(
      (signal) =>
        work({
          clock,
          signal,
          progress: this.progressOf(step),
          warn,
          begunBy: this.history?.begunBy ?? run,
          spentMs: this.startedBefore(step)?.spentMs ?? 0,
        }),
      {
        clock,
        limitMs,
        late: new Error(
          step.inWindow === true && limitMs < step.deadlineMs
            ? `the write-outage budget of ${this.plan.writeOutageBudgetMs} ms is spent`
            : `it took longer than ${step.deadlineMs} ms`,
        ),
        stops,
      },
    );
  }
}

const holds = (step: Step, running: Running): Promise<boolean> =>
  step.check?.(running) ?? Promise.resolve(false);

/** Does again what fails, for a while, and says so. @throws what it threw the last time */
async function patiently<T>(
  { clock, signal, progress }: Pick<Running, "clock" | "signal" | "progress">,
  patienceMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const endMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (clock.monotonicMs() + AGAIN_PAUSE_MS > endMs) throw error;
      progress(`it is tried again: ${messageOf(error)}`);
      await clock.sleep(AGAIN_PAUSE_MS, signal);
    }
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
