import type { Clock } from "./clock";
import { type Event, historyOf, isOpen, type Journal, type Lock, type RunOutcome } from "./journal";
import { Refusal } from "./refusal";
import { assertPlan, type Evidence, type Plan, type Step } from "./step";
import { StepRunner, type Warning } from "./stepRunner";

export interface EngineOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly lock: Lock;
  /** Name of this run, unique. */
  readonly run: string;
  /** Aborted by Ctrl-C or SIGTERM: the step at hand is finished or undone, never left. */
  readonly stop?: AbortSignal;
  /**
   * Aborted when this process must end soon, as a function must whose time is nearly over: the step at hand is left as
   * it is for the next process, unless nobody can write at that moment.
   */
  readonly pause?: AbortSignal;
  /** Entries of the journal on which the caller has decided to run; refused if others came since. */
  readonly seen?: number;
  /**
   * Undoes what an interrupted run has left instead of going on with it; not if its irreversible step has taken effect, or
   * if nobody knows.
   *
   * @default false
   */
  readonly undo?: boolean;
  /** Waited for before each step; time that passes meanwhile is time of the window if it is open. @default not at all */
  readonly before?: (step: Step) => Promise<void>;
  /** Called with each event as it is written. */
  readonly onEvent?: (event: Event) => void;
}

/** How a run ended. */
export interface Outcome {
  readonly outcome: RunOutcome;
  /** One sentence for a person; the next command if one is needed. */
  readonly reason: string;
  readonly writeOutageMs: number | undefined;
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** What steps found worth a look. */
  readonly warnings: readonly Warning[];
}

/** Where there is no way but forward: a server that restarts is there again in a moment. */
const PATIENCE_MS = 30_000;
const TIME_IS_OVER = "the time of this process is nearly over";

/**
 * Runs an act from its first step to its last, or back. What a killed run has left is taken up first: back if it was
 * undoing, forward if its irreversible step was started, back if users could not write when it died (nobody knows for
 * how long), and else forward again. Before the irreversible step every failure, every exceeded time limit and every request to stop is
 * answered by undoing what was done, last step first; after it by going on, and by asking for a person if that fails.
 *
 * @throws Error if another process holds the lock, or if the plan is none; Refusal if something has happened since the
 *   caller looked
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
  private readonly runner: StepRunner;
  private readonly flip: number;
  private windowOpenedMs: number | undefined;
  private windowClosedMs: number | undefined;
  /** Whether the write-outage budget still counts: what is past the flip is finished, however long it took. */
  private isBudgeted = true;

  constructor(
    private readonly plan: Plan,
    private readonly options: EngineOptions,
  ) {
    this.runner = new StepRunner(plan, options);
    this.flip = plan.steps.findIndex(({ irreversible }) => irreversible);
  }

  async toEnd(): Promise<Outcome> {
    const { plan, options } = this;
    const entries = await options.journal.read();
    if (options.seen !== undefined && entries.length !== options.seen)
      throw new Refusal("another run has changed something at the same moment; try again");
    const history = historyOf(plan.act, entries);
    const resumed = isOpen(history);
    if (resumed) this.runner.history = history;
    await this.runner.write({
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
    // A window that a run before has closed is that run's: this one would count what came after it.
    const isClosed = history.applied.some(({ step, isDone }) => step === flip && isDone);
    if (resumed && opened !== undefined && !isClosed) {
      const { monotonicMs, nowMs } = options.clock;
      this.windowOpenedMs = monotonicMs() - (nowMs() - opened.atMs);
      if (!flipped && !history.undoing) {
        return this.back(applied, "the run before died while nobody could write");
      }
    }
    if (resumed && history.undoing) return this.back(applied, "the run before was undoing");
    if (resumed && options.undo === true && (!flipped || (await this.isWithoutEffect(applied))))
      return this.back(applied, "it was asked to undo what the run before has left");
    return this.forward(applied, flipped);
  }

  /** Applies every step in order; those of an interrupted run only if their check says that they do not hold. */
  private async forward(before: readonly string[], flipped: boolean): Promise<Outcome> {
    const applied = [...before];
    for (const [index, step] of this.plan.steps.entries()) {
      // All before the flip was done when it was started, and looks different since.
      if (flipped && index < this.flip) continue;
      const isBehindFlip = this.flip !== -1 && index > this.flip;
      const isFinal = flipped || isBehindFlip;
      await this.options.before?.(step);
      const stop = isFinal ? undefined : this.options.stop;
      if (isAborted(stop)) return this.back(applied, "it was asked to stop");
      if (this.isPaused())
        return this.ended("paused", `${TIME_IS_OVER}; it goes on from ${step.id}`);
      if (step.inWindow === true && !flipped)
        this.windowOpenedMs ??= this.options.clock.monotonicMs();
      if (!applied.includes(step.id)) applied.push(step.id);
      // A flip that is broken off may take effect all the same, and within the window there is no next process.
      const stops = [
        index === this.flip ? undefined : stop,
        step.inWindow === true ? undefined : this.options.pause,
      ].filter((it) => it !== undefined);
      const isForwardOnly = isBehindFlip || this.forwardOnly(applied) !== undefined;
      const patienceMs = isForwardOnly ? PATIENCE_MS : 0;
      let error = await this.runner.apply(step, this.limitOf(step), stops, patienceMs);
      // It may have taken effect all the same, and users may be writing there: then it must not be taken back.
      if (
        index === this.flip &&
        error !== undefined &&
        (await this.runner.holds(step).catch(() => false))
      )
        error = undefined;
      if (index === this.flip && error === undefined)
        this.windowClosedMs = this.options.clock.monotonicMs();
      if (error === undefined) continue;
      const reason = `${step.id} failed: ${error}`;
      if (this.isPaused() && !isAborted(stop))
        return this.ended("paused", `${TIME_IS_OVER}; it goes on with ${step.id}`);
      return isFinal ? this.ended("needs-person", reason) : this.back(applied, reason);
    }
    return this.ended("done", `${this.plan.act} is done`);
  }

  /** Whether the irreversible step was the last that was started, and the world is surely not as it leaves it. */
  private async isWithoutEffect(applied: readonly string[]): Promise<boolean> {
    const flip = this.plan.steps[this.flip];
    if (flip === undefined || applied.at(-1) !== flip.id) return false;
    // Going on then fails at the same question, and says so.
    return !(await this.runner.holds(flip).catch(() => true));
  }

  /** Undoes steps, last first, and goes on where one cannot be undone, unless it is the irreversible one. */
  private async back(applied: readonly string[], reason: string): Promise<Outcome> {
    const forwardOnly = this.forwardOnly(applied);
    if (forwardOnly !== undefined)
      return this.ended("needs-person", `${reason}; what ${forwardOnly.id} has done is not undone`);
    this.runner.isUndoing = true;
    const failed: string[] = [];
    const opening = this.plan.steps.find(({ inWindow }) => inWindow);
    for (const step of [...this.plan.steps].reverse().filter(({ id }) => applied.includes(id))) {
      if (this.isPaused()) return this.ended("paused", `${reason}; ${TIME_IS_OVER}`);
      const error = await this.runner.undo(
        step,
        this.isInWindow() ? undefined : this.options.pause,
      );
      if (error !== undefined && this.isPaused())
        return this.ended("paused", `${reason}; ${TIME_IS_OVER}`);
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

  /** A step that was begun and that nothing brings back; undefined if there is none. */
  private forwardOnly(applied: readonly string[]): Step | undefined {
    return this.plan.steps.find((it) => it.forwardOnly === true && applied.includes(it.id));
  }

  /** What is left of a step's own limit, and in the window also what is left of the budget. */
  private limitOf(step: Step): number {
    const leftMs = this.runner.leftMs(step);
    if (step.inWindow !== true || this.windowOpenedMs === undefined || !this.isBudgeted)
      return leftMs;
    const spent = this.options.clock.monotonicMs() - this.windowOpenedMs;
    return Math.min(leftMs, Math.max(0, this.plan.writeOutageBudgetMs - spent));
  }

  /** While nobody can write there is no time to wait for the next process. */
  private isPaused(): boolean {
    return isAborted(this.options.pause) && !this.isInWindow();
  }

  private isInWindow(): boolean {
    return this.windowOpenedMs !== undefined && this.windowClosedMs === undefined;
  }

  private async ended(outcome: Outcome["outcome"], reason: string): Promise<Outcome> {
    const writeOutageMs =
      this.windowOpenedMs === undefined || this.windowClosedMs === undefined
        ? undefined
        : this.windowClosedMs - this.windowOpenedMs;
    const { evidence, warnings } = this.runner;
    await this.runner.write({
      kind: "run-ended",
      run: this.options.run,
      act: this.plan.act,
      outcome,
      reason,
      ...(writeOutageMs === undefined ? {} : { writeOutageMs }),
    });
    return { outcome, reason, writeOutageMs, evidence, warnings };
  }
}

const isAborted = (signal: AbortSignal | undefined) => signal?.aborted === true;
