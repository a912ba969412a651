import { count, counted, duration } from "./quantity";
import { actNames, type Report, type ReportedAct } from "./report";
import { figuresOf, outageMs, switchesOf } from "./switches";

/** Whether everything is as it must be; a check that could not be made is never a pass. */
export type Verdict = "done" | "warnings" | "undone" | "needs-person" | "paused";

/** The exit code of a command (docs/runbook.md). */
export const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  done: 0,
  warnings: 1,
  undone: 2,
  "needs-person": 3,
  // Whoever follows a function goes on with it by itself; if nobody does, the same act must be run again.
  paused: 3,
};

/** A command was not understood (sysexits.h, EX_USAGE). */
export const WRONG_USAGE = 64;
/**
 * Nobody follows a function any more, which goes on: the terminal was closed, or the machine shuts down. 128 and the
 * number of SIGHUP, as shells count.
 */
export const LEFT = 129;

/** The last act tells how it ended: what failed before it was done again. A lost write always needs a person. */
export function verdictOf({ acts, ledger }: Report): Verdict {
  const last = acts.at(-1);
  // Of a run without an end nobody knows what it left.
  if (last?.outcome === "needs-person" || last?.outcome === "interrupted") return "needs-person";
  if (last?.outcome === "paused") return "paused";
  if (ledger !== undefined && ledger.lost.length + ledger.duplicated.length > 0)
    return "needs-person";
  if (last?.outcome === "undone") return "undone";
  const isNotable = ({ warnings, users }: ReportedAct) =>
    warnings.length > 0 || (users?.failedReads ?? 0) > 0;
  return acts.some(isNotable) ? "warnings" : "done";
}

/** One sentence on what came out, without its full stop. */
export function headline(report: Report): string {
  const { acts, ledger } = report;
  const last = acts.at(-1);
  const parts = [
    last === undefined || last.outcome === "done"
      ? outage(report)
      : `${last.act} ${last.outcome === "interrupted" ? "has not ended" : "did not succeed"}: ${last.reason}`,
  ];
  if (switchesOf(report).some(({ act, end }) => act === last && end === "open"))
    parts.push(`the fence is not lifted, so run ${last?.act ?? ""} again, which takes it up`);
  if (ledger !== undefined)
    parts.push(
      `${count(ledger.acknowledged)} acknowledged writes: ${ledger.lost.length} lost, ${ledger.duplicated.length} duplicated`,
    );
  const failedReads = acts.reduce((sum, { users }) => sum + (users?.failedReads ?? 0), 0);
  const why = new Set(acts.flatMap(({ users }) => users?.readErrors ?? []));
  if (failedReads > 0) parts.push(`${counted(failedReads, "read")} failed: ${[...why].join(", ")}`);
  return parts.join("; ");
}

function outage(report: Report): string {
  const switches = switchesOf(report);
  const figures = figuresOf(switches.map(outageMs));
  if (figures === undefined) return "nobody was switched over";
  const { medianMs, p95Ms, maximumMs } = figures;
  const what = switches.some(({ act }) => act.users !== undefined)
    ? "users could not write"
    : "writes were fenced";
  return switches.length > 5
    ? `${what} for ${duration(medianMs)} (median of ${switches.length} switches; p95 ${duration(p95Ms)}, at most ${duration(maximumMs)})`
    : `${what} for at most ${duration(maximumMs)}`;
}

/** Why acts did not end as they should, and what they warned of. */
export function remarks({ acts }: Report): string[] {
  const names = actNames(acts);
  return acts.flatMap(({ act, outcome, reason, warnings }, index) =>
    [...(outcome === "done" ? [] : [reason]), ...warnings].map(
      (it) => `${names[index] ?? act}: ${it}`,
    ),
  );
}

/** What the last switch proved of the side that users are on now: what holds, and what was found. */
export const proofsOf = ({ acts }: Pick<Report, "acts">): [what: string, found: string][] =>
  Object.entries(
    acts.flatMap(({ steps }) => steps).findLast(({ id }) => id.endsWith("-proven"))?.evidence ?? {},
  ).map(([what, found]) => [what, String(found)]);

/** Said where there is no proof to show. */
export const NOT_PROVEN = "No switch has proven the side that users are on.";
