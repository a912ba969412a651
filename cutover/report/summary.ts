import type { Rehearsal, RehearsedAct } from "../rehearsal/rehearsal";

/** Figures of all switches of a rehearsal, in milliseconds. */
export interface OutageFigures {
  readonly switches: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maximumMs: number;
}

/** Whether everything is as it must be; a check that could not be made is never a pass. */
export type Verdict = "done" | "warnings" | "undone" | "needs-person";

/** The exit code of a command (docs/runbook.md). */
export const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  done: 0,
  warnings: 1,
  undone: 2,
  "needs-person": 3,
};

/** A command was not understood (sysexits.h, EX_USAGE). */
export const WRONG_USAGE = 64;

export function verdictOf(rehearsal: Rehearsal): Verdict {
  const { failed, ledger, acts } = rehearsal;
  if (failed?.outcome === "needs-person") return "needs-person";
  if (failed !== undefined) return "undone";
  if (ledger.lost.length + ledger.duplicated.length > 0) return "needs-person";
  return acts.some(({ warnings }) => warnings.length > 0) ? "warnings" : "done";
}

/** The acts that turn users from one side to the other. */
export const switchesOf = ({ acts }: Rehearsal): RehearsedAct[] =>
  acts.filter(
    ({ act, outcome }) => (act === "cutover" || act === "rollback") && outcome === "done",
  );

/** How long users could not write, as they had it. */
export function outageFigures(rehearsal: Rehearsal): OutageFigures | undefined {
  const gaps = switchesOf(rehearsal)
    .map(({ users }) => users?.writeGap.lengthMs ?? NaN)
    .filter((it) => !Number.isNaN(it))
    .sort((one, other) => one - other);
  const at = (part: number) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * part))];
  const maximumMs = gaps.at(-1);
  if (maximumMs === undefined) return undefined;
  return { switches: gaps.length, medianMs: at(0.5) ?? 0, p95Ms: at(0.95) ?? 0, maximumMs };
}

/** "12 ms", "3.4 s" */
export const duration = (milliseconds: number): string =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** One sentence on what came out. */
export function headline(rehearsal: Rehearsal): string {
  const figures = outageFigures(rehearsal);
  const { ledger, failed } = rehearsal;
  if (failed !== undefined) return `${failed.act} did not succeed: ${failed.reason}`;
  const writes = `${ledger.acknowledged} acknowledged writes: ${ledger.lost.length} lost, ${ledger.duplicated.length} duplicated`;
  const outage =
    figures === undefined
      ? "nobody was switched over"
      : figures.switches > 5
        ? `users could not write for ${duration(figures.medianMs)} (median of ${figures.switches} switches; p95 ${duration(figures.p95Ms)}, at most ${duration(figures.maximumMs)})`
        : `users could not write for at most ${duration(figures.maximumMs)}`;
  return `${outage}; ${writes}`;
}

/** What the last switch proved of the side that users are on now: what holds, and what was found. */
export const proofsOf = ({ acts }: Rehearsal): [what: string, found: string][] =>
  Object.entries(
    acts.flatMap(({ steps }) => steps).findLast(({ id }) => id.endsWith("-proven"))?.evidence ?? {},
  ).map(([what, found]) => [what, String(found)]);
