import type { Clock } from "./clock";
import { type Event, historyOf, type Journal, type Lock } from "./journal";
import { assertPlan, type Evidence, type Plan, type Running, type Step } from "./step";

export interface EngineOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly lock: Lock;
  /** Name of this run, unique. */
  readonly run: string;
  /** Aborted by Ctrl-C or SIGTERM: the step at hand is finished or undone, never left. */
  readonly stop?: AbortSignal;
  /**
   * Undoes what an interrupted run has left instead of going on with it; nothing if its irreversible step was started.
   *
   * @default false
   */
  readonly undo?: boolean;
  /** Called with each event as it is written. */
  readonly onEvent?: (event: Event) => void;
}

export interface Warning {
  readonly step: string;
  readonly message: string;
}

/** How a run ended. */
export interface Outcome {
  readonly outcome: "done" | "undone" | "needs-person";
  /** One sentence for a person; the next command if one is needed. */
  readonly reason: string;
  readonly writeOutageMs: number | undefined;
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** What steps found worth a look. */
  readonly warnings: readonly Warning[];
}

/** Between two tries to undo a step, until its time is over. */
const UNDO_PAUSE_MS = 250;
/** How long a step that was told to end may take for it. */
const GRACE_MS = 1000;

/**
 * Runs an act from its first step to its last, or back. What a killed run has left is taken up first: back if it was
 * undoing, forward if its irreversible step was started, back if users could not write when it died (nobody knows for
 * how long), and else forward again. Before the irreversible step every failure, every exceeded time limit and every request to stop is
 * answered by undoing what was done, last step first; after it by going on, and by asking for a person if that fails.
 *
 * @throws Error if another process holds the lock, or if the plan is none
 */
export async function runPlan(plan: Plan, options: EngineOptions): Promise<Outcome> {
  assertPlan(plan);
  const release = await options.lock.acquire();
  try {
    return await new Run(plan, options).toEnd();
  } finally {
    await release();
  }
}

class Run {
  private readonly evidence = new Map<string, Evidence>();
  private readonly warnings: Warning[] = [];
  private readonly flip: number;
  private windowOpenedMs: number | undefined;
  private windowClosedMs: number | undefined;
  /** Whether the write-outage budget still counts: what is past the flip is finished, however long it took. */
  private isBudgeted = true;
  /** From then on a journal that cannot be written stops nothing: users must be able to write again. */
  private isUndoing = false;

  constructor(
    private readonly plan: Plan,
    private readonly options: EngineOptions,
  ) {
    this.flip = plan.steps.findIndex(({ irreversible }) => irreversible);
  }

  async toEnd(): Promise<Outcome> {
    const { plan, options } = this;
    const history = historyOf(plan.act, await options.journal.read());
    const resumed = history.interrupted !== undefined || history.outcome === "needs-person";
    await this.write({
      kind: "run-started",
      run: options.run,
      act: plan.act,
      steps: plan.steps.map(({ id, title, estimateMs, inWindow = false }) => ({
        id,
        title,
        estimateMs,
        inWindow,
      })),
      writeOutageBudgetMs: plan.writeOutageBudgetMs,
      resumed,
    });
    const applied = resumed ? history.applied.map(({ step }) => step) : [];
    // Once it was started nobody knows whether it took effect, so there is no way back but an act of its own.
    const flip = plan.steps[this.flip]?.id;
    const flipped = !history.undoing && applied.some((step) => step === flip);
    this.isBudgeted = !flipped;
    const opened = history.applied.find(({ step }) =>
      plan.steps.some(({ id, inWindow }) => id === step && inWindow === true),
    );
    if (resumed && opened !== undefined) {
      const { monotonicMs, nowMs } = options.clock;
      this.windowOpenedMs = monotonicMs() - (nowMs() - opened.atMs);
      if (!flipped && !history.undoing) {
        return this.back(applied, "the run before died while nobody could write");
      }
    }
    if (resumed && history.undoing) return this.back(applied, "the run before was undoing");
    if (resumed && options.undo === true && !flipped)
      return this.back(applied, "it was asked to undo what the run before has left");
    return this.forward(applied, flipped);
  }

  /** @throws what the check throws */
  private holds(step: Step): Promise<boolean> {
    return this.limited(
      step,
      step.deadlineMs,
      undefined,
      (running) => step.check?.(running) ?? Promise.resolve(false),
    );
  }

  /** Applies every step in order; those of an interrupted run only if their check says that they do not hold. */
  private async forward(before: readonly string[], flipped: boolean): Promise<Outcome> {
    const applied = [...before];
    for (const [index, step] of this.plan.steps.entries()) {
      // All before the flip was done when it was started, and looks different since.
      if (flipped && index < this.flip) continue;
      const isFinal = flipped || (this.flip !== -1 && index > this.flip);
      const stop = isFinal ? undefined : this.options.stop;
      if (stop?.aborted === true) return this.back(applied, "it was asked to stop");
      if (step.inWindow === true && !flipped)
        this.windowOpenedMs ??= this.options.clock.monotonicMs();
      if (!applied.includes(step.id)) applied.push(step.id);
      // A flip that is broken off may take effect all the same.
      let error = await this.applied(step, index === this.flip ? undefined : stop);
      // It may have taken effect all the same, and users may be writing there: then it must not be taken back.
      if (index === this.flip && error !== undefined && (await this.holds(step).catch(() => false)))
        error = undefined;
      if (index === this.flip && error === undefined)
        this.windowClosedMs = this.options.clock.monotonicMs();
      if (error === undefined) continue;
      const reason = `${step.id} failed: ${error}`;
      return isFinal ? this.ended("needs-person", reason) : this.back(applied, reason);
    }
    return this.ended("done", `${this.plan.act} is done`);
  }

  /** Undoes steps, last first, and goes on where one cannot be undone, unless it is the irreversible one. */
  private async back(applied: readonly string[], reason: string): Promise<Outcome> {
    this.isUndoing = true;
    const failed: string[] = [];
    const opening = this.plan.steps.find(({ inWindow }) => inWindow);
    for (const step of [...this.plan.steps].reverse().filter(({ id }) => applied.includes(id))) {
      const error = await this.undone(step);
      if (error !== undefined) failed.push(`${step.id} (${error})`);
      // Users may be on the other side, so nothing before it may be undone: both sides would take writes.
      if (error !== undefined && step.irreversible === true) break;
      // From here on users can write again, whatever else is still to be undone.
      if (step === opening && this.windowOpenedMs !== undefined)
        this.windowClosedMs = this.options.clock.monotonicMs();
    }
    return failed.length === 0
      ? this.ended("undone", `${reason}; everything was undone`)
      : this.ended(
          "needs-person",
          `${reason}; these steps could not be undone: ${failed.join(", ")}`,
        );
  }

  /** @returns what went wrong, or nothing */
  private async applied(step: Step, stop: AbortSignal | undefined): Promise<string | undefined> {
    const { run } = this.options;
    const start = this.options.clock.monotonicMs();
    const durationMs = () => this.options.clock.monotonicMs() - start;
    try {
      await this.write({ kind: "step-started", run, step: step.id });
      const { skipped, evidence } = await this.limited(
        step,
        this.limitOf(step),
        stop,
        async (running) => {
          if (step.check !== undefined && (await step.check(running)))
            return { skipped: true, evidence: {} };
          return { skipped: false, evidence: await step.apply(running) };
        },
      );
      this.evidence.set(step.id, evidence);
      await this.write({
        kind: "step-done",
        run,
        step: step.id,
        durationMs: durationMs(),
        skipped,
        evidence,
      });
      return undefined;
    } catch (error) {
      const text = messageOf(error);
      const event = { kind: "step-failed", run, step: step.id, error: text } as const;
      // If it is the journal that fails, the answer is the same: what follows undoes, or asks for a person.
      await this.write({ ...event, durationMs: durationMs() }).catch(() => undefined);
      return text;
    }
  }

  private async undone(step: Step): Promise<string | undefined> {
    const { run } = this.options;
    const { undo } = step;
    const start = this.options.clock.monotonicMs();
    const durationMs = () => this.options.clock.monotonicMs() - start;
    await this.write({ kind: "undo-started", run, step: step.id });
    for (;;) {
      try {
        const evidence =
          undo === undefined
            ? {}
            : await this.limited(step, step.deadlineMs, undefined, (running) => undo(running));
        await this.write({
          kind: "undone",
          run,
          step: step.id,
          durationMs: durationMs(),
          evidence,
        });
        return undefined;
      } catch (error) {
        // A server that restarts is there again in a moment, and until then nobody can write.
        if (durationMs() + UNDO_PAUSE_MS < step.deadlineMs) {
          await this.options.clock.sleep(UNDO_PAUSE_MS);
          continue;
        }
        const text = messageOf(error);
        const event = { kind: "undo-failed", run, step: step.id, error: text } as const;
        await this.write({ ...event, durationMs: durationMs() });
        return text;
      }
    }
  }

  /** A step's own limit, and in the window also what is left of the budget. */
  private limitOf({ deadlineMs, inWindow }: Step): number {
    if (inWindow !== true || this.windowOpenedMs === undefined || !this.isBudgeted)
      return deadlineMs;
    const spent = this.options.clock.monotonicMs() - this.windowOpenedMs;
    return Math.min(deadlineMs, Math.max(0, this.plan.writeOutageBudgetMs - spent));
  }

  /**
   * Runs something until it ends, its time is over, or somebody asks to stop. What does not listen to its signal is
   * left behind after the limit: a hung call must not hang the move.
   */
  private async limited<T>(
    step: Step,
    limitMs: number,
    stop: AbortSignal | undefined,
    work: (running: Running) => Promise<T>,
  ): Promise<T> {
    const { clock, run } = this.options;
    const controller = new AbortController();
    const late = new Error(
      limitMs < step.deadlineMs
        ? `the write-outage budget of ${this.plan.writeOutageBudgetMs} ms is spent`
        : `it took longer than ${limitMs} ms`,
    );
    const abort = (reason: unknown) => {
      controller.abort(reason);
    };
    const cancel = clock.after(limitMs, () => {
      abort(late);
    });
    const onStop = () => {
      abort(new Error("it was asked to stop"));
    };
    stop?.addEventListener("abort", onStop, { once: true });
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener("abort", () => {
        reject(controller.signal.reason as Error);
      });
    });
    const tell = (kind: "progress" | "warning") => (message: string) => {
      if (kind === "warning") this.warnings.push({ step: step.id, message });
      this.options.onEvent?.({ kind, run, step: step.id, message });
    };
    const { signal } = controller;
    const working = work({ clock, signal, progress: tell("progress"), warn: tell("warning") });
    try {
      return await Promise.race([working, aborted]);
    } catch (error) {
      // What listens ends now; an undo must not run beside it. What does not listen is not waited for.
      await Promise.race([working.catch(() => undefined), clock.sleep(GRACE_MS)]);
      throw error;
    } finally {
      cancel();
      stop?.removeEventListener("abort", onStop);
      aborted.catch(() => undefined);
    }
  }

  private async ended(outcome: Outcome["outcome"], reason: string): Promise<Outcome> {
    const writeOutageMs =
      this.windowOpenedMs === undefined || this.windowClosedMs === undefined
        ? undefined
        : this.windowClosedMs - this.windowOpenedMs;
    for (const warning of [...this.warnings]) {
      await this.write({ kind: "warning", run: this.options.run, ...warning });
    }
    await this.write({
      kind: "run-ended",
      run: this.options.run,
      act: this.plan.act,
      outcome,
      reason,
      ...(writeOutageMs === undefined ? {} : { writeOutageMs }),
    });
    return { outcome, reason, writeOutageMs, evidence: this.evidence, warnings: this.warnings };
  }

  private async write(event: Event): Promise<void> {
    try {
      await this.options.journal.append({ ...event, atMs: this.options.clock.nowMs() });
    } catch (error) {
      if (!this.isUndoing) throw error;
      this.warnings.push({
        step: "step" in event ? event.step : this.plan.act,
        message: `the journal cannot be written: ${messageOf(error)}`,
      });
    }
    this.options.onEvent?.(event);
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
