import type { Clock } from "./clock";

/** What a step leaves behind as proof: plain numbers and texts, never a secret. */
export type Evidence = Readonly<Record<string, string | number | boolean>>;

/** What a step gets from the engine while it runs. */
export interface Running {
  readonly clock: Clock;
  /** Aborts when the step's time is over or somebody asked to stop; whatever waits must listen to it. */
  readonly signal: AbortSignal;
  /** Tells how far a long step is, for whoever watches. */
  readonly progress: (message: string) => void;
  /** Records what is no failure but should be looked at; the run then ends with warnings. */
  readonly warn: (message: string) => void;
  /** The run that has begun the act: this one, or one that it takes up. What a step leaves for the next bears its name. */
  readonly begunBy: string;
  /** How long runs before this one have worked at the step, if they were paused, milliseconds. */
  readonly spentMs: number;
}

/**
 * One step of an act. All three functions are idempotent: the engine may run each of them again after a crash, and
 * `undo` also after an `apply` that failed half-way.
 */
export interface Step {
  /** Lower case with hyphens; the name in journals, reports and the runbook. Never reused for something else. */
  readonly id: string;
  /** What it does, as a sentence without "the step". */
  readonly title: string;
  /** What a person looks at while it runs. @default nothing in particular */
  readonly watch?: string;
  /** Time limit of `apply`, and of `undo`, each. */
  readonly deadlineMs: number;
  /** How long it takes as a rule, for the plan that is shown beforehand. */
  readonly estimateMs: number;
  /**
   * Whether users cannot write while it runs. The first such step opens the write outage, the irreversible one ends it.
   *
   * @default false
   */
  readonly inWindow?: boolean;
  /**
   * Whether the engine must not undo it once it is done: from here on the way back is an act of its own. At most one
   * per plan, with a `check`, by which a later run sees that it is done.
   *
   * @default false
   */
  readonly irreversible?: boolean;
  /**
   * Whether nothing brings back what it removes: once it was begun, whatever stops the act leaves it for a person, who
   * runs the act again.
   *
   * @default false
   */
  readonly forwardOnly?: boolean;
  /**
   * Whether `apply` goes on where a process before was paused in it, and its time limit counts for all of them together.
   * A step that may need longer than a function lives must be.
   *
   * @default false: each begins anew, with all of its time
   */
  readonly resumable?: boolean;
  /** Whether the world is already as `apply` leaves it. @default never: `apply` is cheap and idempotent */
  readonly check?: (running: Running) => Promise<boolean>;
  readonly apply: (running: Running) => Promise<Evidence>;
  /** Leaves the world as it was before `apply`. @default nothing to undo */
  readonly undo?: (running: Running) => Promise<Evidence>;
}

/** The steps of an act, in order. */
export interface Plan {
  readonly act: string;
  readonly steps: readonly Step[];
  /** Longest write outage before the flip; beyond it the engine undoes by itself. */
  readonly writeOutageBudgetMs: number;
}

/**
 * @throws Error if a plan is no plan: ids that occur twice, more than one irreversible step, or a window that does
 *   not end in it
 */
export function assertPlan({ act, steps }: Plan): void {
  const ids = steps.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`plan ${act}: ${twice} occurs twice`);
  const last = steps.findIndex(({ irreversible }) => irreversible);
  if (steps.some(({ irreversible, check }) => irreversible === true && check === undefined)) {
    throw new Error(`plan ${act}: the irreversible step needs a check`);
  }
  if (steps.filter(({ irreversible }) => irreversible).length > 1) {
    throw new Error(`plan ${act}: more than one step is irreversible`);
  }
  const opens = steps.findIndex(({ inWindow }) => inWindow);
  if (
    opens !== -1 &&
    (last < opens || steps.slice(opens, last + 1).some((it) => it.inWindow !== true))
  ) {
    throw new Error(
      `plan ${act}: the window must reach from its first step to the irreversible one without a gap`,
    );
  }
}
