import { earlierMs } from "./acts";
import { bytes, count, duration, rate, roughly } from "./quantity";
import type { Report, ReportedAct } from "./report";
import { outageMs, switchesOf } from "./switches";
import { figure, markdownTable, markdownText, type Table } from "./table";
import { throughputs } from "./throughput";

/** A database for which one wants to know how long its move takes. */
export interface DatabaseSize {
  /** With indexes and TOAST, in units of 10^9 bytes. */
  readonly gigabytes: number;
  /** @default as many per byte as were measured */
  readonly rows?: number;
  /** Rows that change between the last comparison before the window and the fence. @default as many as were measured */
  readonly changedRows?: number;
}

/** What the move of a database may take, by the rates of a report. All times in milliseconds. */
export interface Estimate {
  readonly size: DatabaseSize;
  readonly rows: number;
  readonly copyMs: number;
  readonly indexesMs: number;
  readonly comparisonMs: number;
  /** In which users cannot write. */
  readonly windowMs: number;
}

/** What an estimate needs of a report. */
export interface Measured {
  readonly copied: Amount;
  readonly compared: Amount;
  readonly indexesMs: number;
  /** The longest write outage of a switch that was done. */
  readonly windowMs: number;
  /** The most rows that were compared inside a window. */
  readonly changedRows: number;
  /** For each row that changed, by the largest comparison of changes. */
  readonly perChangedRowMs: number;
}

interface Amount {
  readonly amount: number;
  readonly durationMs: number;
}

const SIZES: readonly DatabaseSize[] = [1, 10, 100].map((gigabytes) => ({ gigabytes }));
const GIGABYTE = 1e9;
/** With less, what is measured is mostly how long things take to start. */
const SMALL_BYTES = 500e6;

/** @throws Error if the report has nothing to scale from */
export function assertMeasured(report: Report): Measured {
  const measured = measuredBy(report);
  if (measured === undefined)
    throw new Error(
      "the report has no finished copy, comparison and switch to scale from; npm run rehearse makes one that has",
    );
  return measured;
}

/** Undefined if the report has no finished copy, comparison and switch to scale from. */
export function measuredBy(report: Report): Measured | undefined {
  const all = throughputs(report);
  const ofAct = (name: string) => all.filter(({ act }) => act.act === name);
  const copied = meanPerRun(ofAct("replicate").filter(({ unit }) => unit === "bytes"));
  const compared = meanPerRun(
    ofAct("verify").filter(({ step }) => step.evidence["rows"] !== undefined),
  );
  const indexes = report.acts.flatMap((act) =>
    act.steps
      .filter(({ id, outcome }) => id === "indexes-made" && outcome === "done")
      .map(({ id, durationMs }) => ({
        act,
        amount: 0,
        durationMs: durationMs + earlierMs(report.acts, act, id),
      })),
  );
  const changes = all.filter(({ step }) => step.evidence["changedRows"] !== undefined);
  const done = switchesOf(report).filter(({ end }) => end === "flipped");
  if (!copied?.amount || !compared?.amount || done.length === 0) return undefined;
  const [largest] = [...changes].sort((one, other) => other.amount - one.amount);
  return {
    copied,
    compared,
    indexesMs: meanPerRun(indexes)?.durationMs ?? 0,
    windowMs: Math.max(...done.map(outageMs)),
    changedRows: Math.max(
      0,
      ...changes.filter(({ step }) => step.inWindow).map(({ amount }) => amount),
    ),
    perChangedRowMs:
      largest === undefined || largest.amount === 0 ? 0 : largest.durationMs / largest.amount,
  };
}

/** What a run did in all its steps, as the mean of all runs; undefined if there is none. */
function meanPerRun(
  steps: readonly (Amount & { readonly act: ReportedAct })[],
): Amount | undefined {
  const runs = new Set(steps.map(({ act }) => act.run)).size;
  if (runs === 0) return undefined;
  return {
    amount: steps.reduce((sum, { amount }) => sum + amount, 0) / runs,
    durationMs: steps.reduce((sum, { durationMs }) => sum + durationMs, 0) / runs,
  };
}

/** How many times as large a database is as the one that was measured. */
export const growth = ({ copied }: Measured, gigabytes: number): number =>
  (gigabytes * GIGABYTE) / copied.amount;

export function scaled(measured: Measured, size: DatabaseSize): Estimate {
  const { copied, compared, indexesMs, windowMs, changedRows, perChangedRowMs } = measured;
  const factor = growth(measured, size.gigabytes);
  const rows = size.rows ?? compared.amount * factor;
  const more = Math.max(0, (size.changedRows ?? changedRows) - changedRows);
  return {
    size,
    rows,
    copyMs: copied.durationMs * factor,
    indexesMs: indexesMs * factor,
    comparisonMs: (compared.durationMs * rows) / compared.amount,
    windowMs: windowMs + more * perChangedRowMs,
  };
}

export const estimateTable = (
  measured: Measured,
  sizes: readonly DatabaseSize[] = SIZES,
): Table => ({
  columns: [
    figure("size"),
    figure("rows"),
    figure("initial copy"),
    figure("indexes"),
    figure("comparison"),
    figure("before the window"),
    figure("users cannot write"),
  ],
  rows: sizes
    .map((size) => scaled(measured, size))
    .map(({ size, rows, copyMs, indexesMs, comparisonMs, windowMs }) => ({
      cells: [
        `${count(size.gigabytes)} GB`,
        count(Number(rows.toPrecision(2))),
        ...[copyMs, indexesMs, comparisonMs, copyMs + indexesMs + comparisonMs, windowMs].map(
          roughly,
        ),
      ],
    })),
});

/** What the estimate takes for granted, in sentences. */
export function assumptions(report: Report, measured: Measured): string[] {
  const { copied, compared, windowMs, changedRows, perChangedRowMs } = measured;
  const machine = report.environment["machine"] ?? "this machine";
  const rates = `the copy at ${rate(copied.amount, "bytes", copied.durationMs)}, the comparison at ${rate(compared.amount, "rows", compared.durationMs)}`;
  return [
    report.ledger === undefined
      ? `Measured in the move of this report: ${rates}. Instances of another class are not in it.`
      : `Measured here, not on AWS: ${rates}. Both servers shared ${machine}; network and disks of AWS are not in it.`,
    "Copy and indexes grow with the bytes of the database, the comparison with its rows. Indexes grow a little faster than that, and everything does once data no longer fits into memory.",
    `The window does not grow with the size: in it only rows are compared that changed since the last comparison. It took at most ${duration(windowMs)} with up to ${count(changedRows)} of them; each more takes about ${perChangedRowMs.toPrecision(1)} ms.`,
    "Before the window jobs are given time to end, which takes as long as the longest of them; users can work meanwhile.",
    ...(copied.amount >= SMALL_BYTES
      ? []
      : [
          `${bytes(copied.amount)} show more of how long things take to start than of how fast they are: rehearse with --size 2000 before you plan by this.`,
        ]),
  ];
}

/**
 * An estimate for production, as Markdown whose columns stand below each other.
 * @param sizes @default 1, 10 and 100 GB
 * @throws Error if the report has nothing to scale from
 */
export function estimate(report: Report, sizes: readonly DatabaseSize[] = SIZES): string {
  const measured = assertMeasured(report);
  return [
    "# Estimate for production",
    "",
    ...markdownTable(estimateTable(measured, sizes)),
    "",
    ...assumptions(report, measured).map((it) => `* ${markdownText(it)}`),
    "",
  ].join("\n");
}
