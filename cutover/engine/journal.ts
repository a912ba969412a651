import type { Evidence } from "./step";

/** A step as it was planned: a journal can be read without the program that wrote it. */
export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  readonly estimateMs: number;
  readonly inWindow: boolean;
}

/** How a run ended. `paused`: left as it is for the next process, which goes on with it. */
export type RunOutcome = "done" | "undone" | "needs-person" | "paused";

/** What happened, in the order in which it happened. Appended, never changed; no secret is ever part of one. */
export type Event =
  | {
      readonly kind: "run-started";
      readonly run: string;
      readonly act: string;
      readonly steps: readonly PlannedStep[];
      readonly writeOutageBudgetMs: number;
      /** Whether it goes on where an interrupted run of the same act stopped. */
      readonly resumed: boolean;
    }
  | { readonly kind: "step-started"; readonly run: string; readonly step: string }
  | {
      readonly kind: "step-done";
      readonly run: string;
      readonly step: string;
      readonly durationMs: number;
      /** Whether `check` found it done already. */
      readonly skipped: boolean;
      readonly evidence: Evidence;
    }
  | {
      readonly kind: "step-failed";
      readonly run: string;
      readonly step: string;
      readonly durationMs: number;
      readonly error: string;
    }
  | { readonly kind: "undo-started"; readonly run: string; readonly step: string }
  | {
      readonly kind: "undone";
      readonly run: string;
      readonly step: string;
      readonly durationMs: number;
      readonly evidence: Evidence;
    }
  | {
      readonly kind: "undo-failed";
      readonly run: string;
      readonly step: string;
      readonly durationMs: number;
      readonly error: string;
    }
  | {
      /** How far a long step is, or what should be looked at. */
      readonly kind: "progress" | "warning";
      readonly run: string;
      readonly step: string;
      readonly message: string;
    }
  | {
      readonly kind: "run-ended";
      readonly run: string;
      readonly act: string;
      readonly outcome: RunOutcome;
      readonly reason: string;
      /** From the first step of the window to the end of the flip, or of its undo; absent if it never opened. */
      readonly writeOutageMs?: number;
    };

/** An event with the time at which it was written. */
export type Entry = Event & { readonly atMs: number };

/** Where events are kept. */
export interface Journal {
  /** All entries so far, also those of other processes. */
  readonly read: () => Promise<readonly Entry[]>;
  /** All of them or none. Returns when they would survive a power cut. */
  readonly append: (...entries: readonly Entry[]) => Promise<void>;
}

/** Lets one process at a time work. */
export interface Lock {
  /**
   * @returns what gives it back
   * @throws Error naming the holder if somebody else works
   */
  readonly acquire: () => Promise<() => Promise<void>>;
  /** Who holds it, in words; undefined if nobody does. */
  readonly heldBy: () => Promise<string | undefined>;
}

/** A step that is applied, or may be. */
export interface Started {
  readonly step: string;
  /** When it was started first, in milliseconds since the epoch. */
  readonly atMs: number;
  /** How long it was worked at by runs that were paused since a person took the act up, milliseconds. */
  readonly spentMs: number;
  /** Whether a run has come to its end. */
  readonly isDone: boolean;
}

/** How far the last run of an act came. */
export interface History {
  /** The first of these runs; undefined if there was none. */
  readonly begunBy: string | undefined;
  /** The run that has no end yet: its process was killed. */
  readonly interrupted: string | undefined;
  /** In the order in which they were started. */
  readonly applied: readonly Started[];
  /** Whether it had begun to undo: whoever takes it up goes on with that, and never forward from half-way back. */
  readonly undoing: boolean;
  /** How the last run ended; undefined if it was interrupted, or if there was none. */
  readonly outcome: RunOutcome | undefined;
}

/** Whether there is something to take up. */
export const isOpen = ({ interrupted, outcome }: History): boolean =>
  interrupted !== undefined || outcome === "needs-person" || outcome === "paused";

/**
 * What the journal says of an act: its last run, and those before it that it resumed. Another act that has changed
 * something since ends its history; one that was undone has not.
 */
export function historyOf(act: string, entries: readonly Entry[]): History {
  const none: History = {
    begunBy: undefined,
    interrupted: undefined,
    applied: [],
    undoing: false,
    outcome: undefined,
  };
  const undone = new Set(
    entries.flatMap((it) => (it.kind === "run-ended" && it.outcome === "undone" ? [it.run] : [])),
  );
  let history = none;
  let run: string | undefined;
  for (const entry of entries) {
    if (entry.kind === "run-started") {
      if (entry.act !== act) {
        if (!undone.has(entry.run)) history = none;
        run = undefined;
        continue;
      }
      const before = entry.resumed ? history : none;
      const { begunBy = entry.run } = before;
      history = { ...before, begunBy, interrupted: entry.run, outcome: undefined };
      run = entry.run;
    } else if (entry.run === run) {
      history = after(history, entry);
    }
  }
  return history;
}

function after(history: History, entry: Entry): History {
  const { applied } = history;
  switch (entry.kind) {
    case "run-ended":
      return {
        ...history,
        interrupted: undefined,
        outcome: entry.outcome,
        // A person who takes it up gives each step all of its time again.
        applied:
          entry.outcome === "paused" ? applied : applied.map((it) => ({ ...it, spentMs: 0 })),
      };
    case "step-started":
      return applied.some(({ step }) => step === entry.step)
        ? history
        : {
            ...history,
            applied: [
              ...applied,
              { step: entry.step, atMs: entry.atMs, spentMs: 0, isDone: false },
            ],
          };
    case "step-failed":
    case "step-done":
      return {
        ...history,
        applied: applied.map((it) =>
          it.step === entry.step
            ? {
                ...it,
                spentMs: it.spentMs + entry.durationMs,
                isDone: it.isDone || entry.kind === "step-done",
              }
            : it,
        ),
      };
    case "undo-started":
      return { ...history, undoing: true };
    case "undone":
      return { ...history, applied: applied.filter(({ step }) => step !== entry.step) };
    default:
      return history;
  }
}
