import type { Outcome } from "../engine/engine";
import type { Entry, PlannedStep } from "../engine/journal";
import type { Evidence } from "../engine/step";

/** A step as it was planned and as it was. */
export interface StepRecord {
  readonly id: string;
  readonly title: string;
  readonly inWindow: boolean;
  readonly plannedMs: number;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly outcome: "done" | "skipped" | "failed" | "undone" | "interrupted";
  readonly evidence: Evidence;
  /** What went wrong, also of a step that was undone because of it; empty otherwise. */
  readonly error: string;
  /** When it was undone and how long that took; undefined if nobody tried. */
  readonly undo: { readonly startedMs: number; readonly durationMs: number } | undefined;
}

/** A run of an act, as the journal has it. */
export interface ActRecord {
  readonly run: string;
  readonly act: string;
  /** `interrupted`: its process is gone, or still at work. */
  readonly outcome: Outcome["outcome"] | "interrupted";
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** Whether it took up a run that was interrupted. */
  readonly resumed: boolean;
  /** In the order in which they were started. */
  readonly steps: readonly StepRecord[];
  /** Planned, but not started in this run: it ended before, or a run that it resumed had done them. */
  readonly notRun: readonly PlannedStep[];
  readonly warnings: readonly string[];
  /** Whether the step that ends its window, the irreversible one, is done: then users are on the other side. */
  readonly flipped: boolean;
  /** From fence to flip, as the engine has it; undefined for an act without a window. */
  readonly writeOutageMs: number | undefined;
}

type Draft = {
  -readonly [Key in keyof Omit<ActRecord, "steps" | "notRun" | "flipped">]: ActRecord[Key];
} & {
  readonly planned: readonly PlannedStep[];
  readonly found: Map<string, StepRecord>;
};

/** Every run of a journal, in order, with its steps. */
export function actsOf(entries: readonly Entry[]): ActRecord[] {
  const drafts = new Map<string, Draft>();
  for (const entry of entries) {
    if (entry.kind === "run-started") {
      drafts.set(entry.run, {
        run: entry.run,
        act: entry.act,
        outcome: "interrupted",
        reason: "its process is gone, or still at work",
        startedMs: entry.atMs,
        durationMs: 0,
        resumed: entry.resumed,
        warnings: [],
        writeOutageMs: undefined,
        planned: entry.steps,
        found: new Map(),
      });
      continue;
    }
    const draft = drafts.get(entry.run);
    if (draft === undefined) continue;
    draft.durationMs = entry.atMs - draft.startedMs;
    if (entry.kind === "run-ended") {
      draft.outcome = entry.outcome;
      draft.reason = entry.reason;
      draft.writeOutageMs = entry.writeOutageMs;
    } else if (entry.kind === "warning") {
      draft.warnings = [...draft.warnings, `${entry.step}: ${entry.message}`];
    } else if (entry.kind !== "progress") {
      draft.found.set(entry.step, withEvent(draft, entry));
    }
  }
  return [...drafts.values()].map((draft) => ({
    run: draft.run,
    act: draft.act,
    outcome: draft.outcome,
    reason: draft.reason,
    startedMs: draft.startedMs,
    durationMs: draft.durationMs,
    resumed: draft.resumed,
    steps: [...draft.found.values()],
    notRun: draft.planned.filter(({ id }) => !draft.found.has(id)),
    warnings: draft.warnings,
    flipped: isFlipped(draft),
    writeOutageMs: draft.writeOutageMs,
  }));
}

/**
 * The runs that a run has taken up, the first one first: a function has a quarter of an hour, and what takes longer goes
 * on in the next one. None if it began by itself.
 */
export function takenUp<Run extends ActRecord>(acts: readonly Run[], run: Run): Run[] {
  if (!run.resumed) return [];
  const before = acts.slice(0, acts.indexOf(run)).filter(({ act }) => act === run.act);
  return before.slice(
    Math.max(
      0,
      before.findLastIndex(({ resumed }) => !resumed),
    ),
  );
}

/** What a step took in the runs that were taken up: without it a copy of hours would look like one of minutes. */
export const earlierMs = (acts: readonly ActRecord[], run: ActRecord, step: string): number =>
  takenUp(acts, run)
    .flatMap(({ steps }) => steps.filter(({ id }) => id === step))
    .reduce((sum, { durationMs }) => sum + durationMs, 0);

function isFlipped({ planned, found }: Draft): boolean {
  const flip = planned.findLast(({ inWindow }) => inWindow);
  const outcome = flip && found.get(flip.id)?.outcome;
  return outcome === "done" || outcome === "skipped";
}

function withEvent({ planned, found }: Draft, entry: Extract<Entry, { step: string }>): StepRecord {
  const plan = planned.find(({ id }) => id === entry.step);
  const known: StepRecord = found.get(entry.step) ?? {
    id: entry.step,
    title: plan?.title ?? entry.step,
    inWindow: plan?.inWindow ?? false,
    plannedMs: plan?.estimateMs ?? 0,
    startedMs: entry.atMs,
    durationMs: 0,
    outcome: "interrupted",
    evidence: {},
    error: "",
    undo: undefined,
  };
  const { undo = { startedMs: entry.atMs, durationMs: 0 } } = known;
  switch (entry.kind) {
    case "step-done":
      return {
        ...known,
        durationMs: entry.durationMs,
        evidence: entry.evidence,
        outcome: entry.skipped ? "skipped" : "done",
      };
    case "step-failed":
      return { ...known, durationMs: entry.durationMs, outcome: "failed", error: entry.error };
    case "undo-started":
      return { ...known, undo };
    case "undone":
      return { ...known, outcome: "undone", undo: { ...undo, durationMs: entry.durationMs } };
    case "undo-failed":
      return {
        ...known,
        outcome: "failed",
        undo: { ...undo, durationMs: entry.durationMs },
        error: [known.error, `it could not be undone: ${entry.error}`].filter(Boolean).join("; "),
      };
    default:
      return known;
  }
}
