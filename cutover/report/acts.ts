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
  /** What went wrong; empty otherwise. */
  readonly error: string;
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
  readonly steps: readonly StepRecord[];
  readonly warnings: readonly string[];
  /** From fence to flip, as the engine has it; undefined for an act without a window. */
  readonly writeOutageMs: number | undefined;
}

type Draft = { -readonly [Key in keyof Omit<ActRecord, "steps">]: ActRecord[Key] } & {
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
        reason: "its process has ended, or is still at work",
        startedMs: entry.atMs,
        durationMs: 0,
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
    steps: [...draft.found.values()],
    warnings: draft.warnings,
    writeOutageMs: draft.writeOutageMs,
  }));
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
  };
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
    case "undone":
      return { ...known, outcome: "undone" };
    case "undo-failed":
      return { ...known, outcome: "failed", error: entry.error };
    default:
      return known;
  }
}
