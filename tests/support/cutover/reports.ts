import type { Entry, PlannedStep } from "../../../cutover/engine/journal";
import type { Evidence } from "../../../cutover/engine/step";
import { type Report, reportOf } from "../../../cutover/report/report";

/** 2026-01-02 03:04:05 UTC. */
export const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** What a step of a written-down run did: its time, or how it failed. */
export interface Told {
  readonly id: string;
  readonly ms: number;
  readonly inWindow?: boolean;
  readonly evidence?: Evidence;
  readonly error?: string;
  readonly skipped?: boolean;
}

/** How a run ended; `killed` writes no end. */
export interface Ending {
  readonly outcome: "done" | "undone" | "needs-person" | "paused" | "killed";
  readonly reason?: string;
  readonly resumed?: boolean;
  readonly warning?: string;
  readonly writeOutageMs?: number;
  /** Steps of the plan that are not reached. */
  readonly unreached?: readonly Told[];
}

/** The journal of one run whose steps follow each other without a pause. */
export function run(
  name: string,
  act: string,
  startMs: number,
  steps: readonly Told[],
  { outcome, reason, resumed = false, warning, writeOutageMs, unreached = [] }: Ending = {
    outcome: "done",
  },
): Entry[] {
  const planned = [...steps, ...unreached].map(({ id, ms, inWindow = false }): PlannedStep => ({
    id,
    title: `Title of ${id}`,
    estimateMs: ms * 2,
    inWindow,
  }));
  const entries: Entry[] = [
    {
      kind: "run-started",
      run: name,
      act,
      steps: planned,
      writeOutageBudgetMs: 0,
      resumed,
      atMs: startMs,
    },
  ];
  let atMs = startMs;
  const last = steps.at(-1);
  for (const { id: step, ms: durationMs, evidence = {}, error, skipped = false } of steps) {
    entries.push({ kind: "step-started", run: name, step, atMs });
    if (outcome === "killed" && step === last?.id) return entries;
    atMs += durationMs;
    entries.push(
      error === undefined
        ? { kind: "step-done", run: name, step, durationMs, skipped, evidence, atMs }
        : { kind: "step-failed", run: name, step, durationMs, error, atMs },
    );
  }
  if (outcome === "undone") {
    for (const { id: step } of [...steps].reverse()) {
      entries.push({ kind: "undo-started", run: name, step, atMs });
      atMs += 2;
      entries.push({ kind: "undone", run: name, step, durationMs: 2, evidence: {}, atMs });
    }
  }
  if (warning !== undefined && last !== undefined)
    entries.push({ kind: "warning", run: name, step: last.id, message: warning, atMs });
  if (outcome === "killed") return entries;
  entries.push({
    kind: "run-ended",
    run: name,
    act,
    outcome,
    reason: reason ?? `${act} is ${outcome}`,
    ...(writeOutageMs === undefined ? {} : { writeOutageMs }),
    atMs,
  });
  return entries;
}

/** Copies 50 MB in 2 s. */
export const replicate = (name: string, startMs: number): Entry[] =>
  run(name, "replicate", startMs, [
    { id: "tables-copied", ms: 2100, evidence: { bytes: 50_000_000, milliseconds: 2000 } },
    { id: "indexes-made", ms: 1000 },
  ]);

/** Copies 1 GB in two functions of 12 and 8 minutes, and makes indexes in another one. */
export const replicateInFunctions = (name: string, startMs: number): Entry[] => [
  ...run(
    `${name}-1`,
    "replicate",
    startMs,
    [{ id: "tables-copied", ms: 720_000, error: "the time of this process is nearly over" }],
    { outcome: "paused" },
  ),
  ...run(
    `${name}-2`,
    "replicate",
    startMs + 730_000,
    [
      { id: "tables-copied", ms: 480_000, evidence: { bytes: 1e9, milliseconds: 480_000 } },
      { id: "indexes-made", ms: 60_000 },
    ],
    { outcome: "done", resumed: true },
  ),
];

/** Compares 10,000 rows in half a second. */
export const verify = (name: string, startMs: number): Entry[] =>
  run(name, "verify", startMs, [
    { id: "everything-compared", ms: 500, evidence: { rows: 10_000, differing: 0 } },
  ]);

/** Steps of a switch: 100 ms before the window, 60 ms in it, 40 ms after it. */
export const SWITCH: readonly Told[] = [
  { id: "changes-compared-again", ms: 100, evidence: { changedRows: 500, differing: 0 } },
  { id: "source-fenced", ms: 10, inWindow: true },
  { id: "difference-compared", ms: 30, inWindow: true, evidence: { changedRows: 40 } },
  { id: "traffic-to-target", ms: 20, inWindow: true },
  { id: "target-proven", ms: 40, evidence: { "every foreign key holds": "35 foreign keys" } },
];

export const cutover = (name: string, startMs: number, factor = 1): Entry[] =>
  run(
    name,
    "cutover",
    startMs,
    SWITCH.map((step) => ({ ...step, ms: step.ms * factor })),
    { outcome: "done", writeOutageMs: 60 * factor },
  );

/** A report of a rehearsal: as the journal has it, with users who could not write for 80 ms. */
export function rehearsed(entries: readonly Entry[], more: Partial<Report> = {}): Report {
  const report = reportOf(entries, { machine: "2 cores", transport: "logical" });
  return {
    ...report,
    acts: report.acts.map((act) => {
      const fence = act.steps.find(({ inWindow }) => inWindow)?.startedMs ?? act.startedMs;
      return {
        ...act,
        users: {
          writeGap: { fromMs: fence + 5, lengthMs: 80 },
          readGap: { fromMs: fence, lengthMs: 12 },
          failedReads: 0,
          readErrors: [],
        },
      };
    }),
    lag: [
      { atMs: START_MS, bytes: 0 },
      { atMs: START_MS + 1000, bytes: 620_000 },
      { atMs: START_MS + 3000, bytes: 1000 },
    ],
    ledger: { acknowledged: 5681, lost: [], duplicated: [], unknown: 61, unknownButThere: 2 },
    reads: 4044,
    source: { bytes: 50_000_000, rows: 9000 },
    memoryBytes: 433_000_000,
    ...more,
  };
}

/** A copy, a comparison and a switch, one after the other. */
export const MOVED: readonly Entry[] = [
  ...replicate("a", START_MS),
  ...verify("v", START_MS + 4000),
  ...cutover("b", START_MS + 5000),
];
