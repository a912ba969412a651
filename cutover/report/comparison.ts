import { count, duration, median, moment } from "./quantity";
import type { Report, ReportedAct } from "./report";
import { switchesOf } from "./switches";
import { figure, markdownTable, markdownText, NOTHING, type Row, type Table, words } from "./table";

/** The same figure of two reports: medians where something was done several times. */
export interface Change {
  readonly what: string;
  /** Undefined if it was not done. */
  readonly beforeMs: number | undefined;
  readonly afterMs: number | undefined;
  /** The report that has it, if the other one has not even tried. */
  readonly onlyIn: "before" | "after" | undefined;
}

/** Two reports side by side. */
export interface Comparison {
  readonly before: Report;
  readonly after: Report;
  /** Outages of switches, by act. */
  readonly outages: readonly Change[];
  /** Every act, followed by its steps. */
  readonly acts: readonly { readonly act: Change; readonly steps: readonly Change[] }[];
}

/** Slower by at least so much is marked … */
const SLOWER_RATIO = 1.5;
/** … if it is also so many milliseconds: below that it is noise. */
const SLOWER_MS = 20;

/** Compares how long acts and steps took, and names those that only one report has. */
export function compare(before: Report, after: Report): Comparison {
  const names = union([before, after].map(({ acts }) => acts.map(({ act }) => act)));
  return {
    before,
    after,
    outages: names.flatMap((name) => outagesOf(name, before, after)),
    acts: names.map((name) => {
      const [ours, theirs] = [before, after].map(({ acts }) =>
        acts.filter(({ act }) => act === name),
      );
      return actChange(name, ours ?? [], theirs ?? []);
    }),
  };
}

/** Whether something takes so much longer that somebody should look at it. */
export const isSlower = ({ beforeMs, afterMs }: Change): boolean =>
  beforeMs !== undefined &&
  afterMs !== undefined &&
  afterMs >= beforeMs * SLOWER_RATIO &&
  afterMs - beforeMs >= SLOWER_MS;

function outagesOf(name: string, before: Report, after: Report): Change[] {
  const [ours, theirs] = [before, after].map((report) => {
    const done = switchesOf(report).filter((it) => it.act.act === name && it.end === "flipped");
    const users = done.flatMap((it) => (it.act.users === undefined ? [] : [it.act.users]));
    return {
      "fence to flip": done.map(({ fromMs, toMs }) => toMs - fromMs),
      "users could not write": users.map(({ writeGap }) => writeGap.lengthMs),
      "users could not read": users.map(({ readGap }) => readGap.lengthMs),
    };
  });
  return (["fence to flip", "users could not write", "users could not read"] as const)
    .map((what) => change(`${name}: ${what}`, ours?.[what] ?? [], theirs?.[what] ?? []))
    .filter(({ beforeMs, afterMs }) => beforeMs !== undefined || afterMs !== undefined);
}

function actChange(name: string, before: readonly ReportedAct[], after: readonly ReportedAct[]) {
  const took = (acts: readonly ReportedAct[], id: string) =>
    acts.flatMap(({ steps }) => steps.filter((step) => step.id === id).flatMap(tookOf));
  const [ours, theirs] = [before, after].map((acts) => union(acts.map(stepIds)));
  return {
    act: {
      ...change(name, before.flatMap(tookOf), after.flatMap(tookOf)),
      onlyIn: onlyIn(before.length > 0, after.length > 0),
    },
    steps: union([ours ?? [], theirs ?? []]).map((id) => ({
      ...change(id, took(before, id), took(after, id)),
      onlyIn: onlyIn(ours?.includes(id) === true, theirs?.includes(id) === true),
    })),
  };
}

const change = (what: string, before: readonly number[], after: readonly number[]): Change => ({
  what,
  beforeMs: medianOf(before),
  afterMs: medianOf(after),
  onlyIn: undefined,
});

const onlyIn = (isBefore: boolean, isAfter: boolean): Change["onlyIn"] =>
  isBefore === isAfter ? undefined : isBefore ? "before" : "after";

/** Times of what failed or was done already say nothing. */
const tookOf = (of: { readonly outcome: string; readonly durationMs: number }): number[] =>
  of.outcome === "done" ? [of.durationMs] : [];

const stepIds = ({ steps, notRun }: ReportedAct) => [...steps, ...notRun].map(({ id }) => id);

const union = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())];

const medianOf = (values: readonly number[]) => (values.length === 0 ? undefined : median(values));

export const outageChangeTable = ({ outages }: Comparison): Table => changeTable("outage", outages);

/** Acts, and below each its steps. */
export const actChangeTable = ({ acts }: Comparison): Table =>
  changeTable(
    "act and step",
    acts.flatMap(({ act, steps }) => [
      act,
      ...steps.map((step) => ({ ...step, what: `· ${step.what}` })),
    ]),
  );

const changeTable = (name: string, changes: readonly Change[]): Table => ({
  columns: [words(name), figure("before"), figure("after"), figure("ratio"), words("")],
  rows: changes.map(changeRow),
});

function changeRow(change: Change): Row {
  const { what, beforeMs, afterMs } = change;
  const shown = (value: number | undefined) => (value === undefined ? NOTHING : duration(value));
  const ratio =
    beforeMs === undefined || afterMs === undefined || beforeMs === 0
      ? NOTHING
      : `${(afterMs / beforeMs).toFixed(2)} ×`;
  const mark = markOf(change);
  return {
    cells: [what, shown(beforeMs), shown(afterMs), ratio, mark],
    ...(mark === "" ? {} : { tone: mark === "slower" ? ("bad" as const) : ("notable" as const) }),
  };
}

function markOf(change: Change): string {
  if (change.onlyIn !== undefined) return `only ${change.onlyIn}`;
  if (isSlower(change)) return "slower";
  if (change.beforeMs === undefined) return change.afterMs === undefined ? "" : "not done before";
  return change.afterMs === undefined ? "not done after" : "";
}

/** What differs besides times: what it ran on, and what became of writes and reads. */
export function otherDifferences({ before, after }: Comparison): string[] {
  const names = union([before, after].map(({ environment }) => Object.keys(environment)));
  const differences = names
    .map((name) => [name, before.environment[name], after.environment[name]] as const)
    .filter(([, one, other]) => one !== other)
    .map(([name, one, other]) => `${name}: ${one ?? "not told"} → ${other ?? "not told"}`);
  const ledger = ({ ledger: it }: Report) =>
    it === undefined ? "not told" : `${it.lost.length} lost, ${it.duplicated.length} duplicated`;
  const failedReads = ({ acts }: Report) =>
    acts.some(({ users }) => users !== undefined)
      ? count(acts.reduce((sum, { users }) => sum + (users?.failedReads ?? 0), 0))
      : "not told";
  return [
    ...differences,
    `writes: ${ledger(before)} → ${ledger(after)}`,
    `failed reads: ${failedReads(before)} → ${failedReads(after)}`,
  ];
}

/** What the comparison is of, and what its marks mean. */
export const comparisonSentence = ({ before, after }: Comparison): string =>
  `Before: ${moment(Date.parse(before.startedAt))}. After: ${moment(Date.parse(after.startedAt))}. Medians of what was done; "slower" is at least ${SLOWER_RATIO} × and ${SLOWER_MS} ms more.`;

/** The comparison as Markdown whose columns stand below each other, so that a terminal may show it as it is. */
export function comparison(before: Report, after: Report): string {
  const compared = compare(before, after);
  return [
    "# Comparison of two reports",
    "",
    comparisonSentence(compared),
    "",
    ...markdownTable(outageChangeTable(compared)),
    "",
    ...markdownTable(actChangeTable(compared)),
    "",
    ...otherDifferences(compared).map((it) => `* ${markdownText(it)}`),
    "",
  ].join("\n");
}
