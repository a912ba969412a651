import type { Evidence } from "../engine/step";
import type { ActRecord, StepRecord } from "./acts";
import { bytes, count, duration, median, moment, rate } from "./quantity";
import { actNames, type Report, type ReportedAct } from "./report";
import { proofsOf } from "./summary";
import { figuresOf, type OutageFigures, type Switch, switchesOf } from "./switches";
import { figure, NOTHING, type Row, type Table, words } from "./table";
import { throughputs } from "./throughput";

/** What columns about users mean. */
export const GAPS_SENTENCE =
  "Fence to flip is the engine's figure; of an act that was undone, until the fence was lifted. No write and no read are the users': the longest time between two answers, the pause between two requests included.";

/** What users had, as the cells of a row: longest time without a write, without a read, failed reads. */
export const experience = ({ users }: ReportedAct): string[] =>
  users === undefined
    ? [NOTHING, NOTHING, NOTHING]
    : [
        duration(users.writeGap.lengthMs),
        duration(users.readGap.lengthMs),
        count(users.failedReads),
      ];

/** What an act's row stands out for. */
export const toneOf = ({ outcome, warnings, users }: ReportedAct): Pick<Row, "tone"> =>
  outcome !== "done"
    ? { tone: "bad" }
    : warnings.length > 0 || (users?.failedReads ?? 0) > 0
      ? { tone: "notable" }
      : {};

export function actTable(report: Report): Table {
  const { acts } = report;
  const names = actNames(acts);
  const switches = switchesOf(report);
  return {
    columns: [
      words("act"),
      words("outcome"),
      figure("took"),
      figure("fence to flip"),
      figure("no write"),
      figure("no read"),
      figure("failed reads"),
    ],
    rows: acts.map((it, index) => ({
      cells: [
        names[index] ?? it.act,
        it.resumed ? `${it.outcome}, resumed` : it.outcome,
        duration(it.durationMs),
        fenced(switches.find(({ act }) => act === it)),
        ...experience(it),
      ],
      ...toneOf(it),
    })),
  };
}

/** Every switch, then median, 95th percentile and maximum of those that turned users over. */
export function switchTable(report: Report): Table {
  const switches = switchesOf(report);
  const done = switches.filter(({ end }) => end === "flipped");
  const engine = figuresOf(done.map(({ fromMs, toMs }) => toMs - fromMs));
  const users = done.flatMap(({ act }) => (act.users === undefined ? [] : [act.users]));
  const writes = figuresOf(users.map(({ writeGap }) => writeGap.lengthMs));
  const reads = figuresOf(users.map(({ readGap }) => readGap.lengthMs));
  const failed = users.reduce((sum, { failedReads }) => sum + failedReads, 0);
  const line = (name: string, key: keyof OutageFigures, last: string): Row => ({
    cells: [
      name,
      "",
      ...[engine, writes, reads].map((it) => (it ? duration(it[key]) : NOTHING)),
      last,
    ],
    isTotal: true,
  });
  return {
    columns: [
      words("switch"),
      words("outcome"),
      figure("fence to flip"),
      figure("no write"),
      figure("no read"),
      figure("failed reads"),
    ],
    rows: [
      ...switches.map(switchRow),
      ...(done.length > 1
        ? [
            line("median", "medianMs", ""),
            line("p95", "p95Ms", ""),
            line("maximum", "maximumMs", users.length === 0 ? "" : `${count(failed)} in all`),
          ]
        : []),
    ],
  };
}

/** From fence to flip. */
export const fenced = (it: Switch | undefined) =>
  it === undefined ? NOTHING : duration(it.toMs - it.fromMs);

const switchRow = (it: Switch): Row => ({
  cells: [it.name, it.act.outcome, fenced(it), ...experience(it.act)],
  ...toneOf(it.act),
});

/** Every step, as planned and as it was; then those that were not run. */
export const stepTable = ({ steps, notRun, resumed }: ActRecord): Table => ({
  columns: [
    words("step"),
    words("what it does"),
    figure("planned"),
    figure("took"),
    words("outcome"),
    words("evidence"),
  ],
  rows: [
    ...steps.map((step) => ({
      cells: [
        step.inWindow ? `${step.id} (window)` : step.id,
        step.title,
        duration(step.plannedMs),
        duration(step.durationMs),
        outcomeOf(step),
        step.error === "" ? evidence(step.evidence) : step.error,
      ],
      ...stepTone(step),
    })),
    ...notRun.map(({ id, title, estimateMs, inWindow }) => ({
      cells: [
        inWindow ? `${id} (window)` : id,
        title,
        duration(estimateMs),
        NOTHING,
        resumed ? "not run again" : "not run",
        "",
      ],
    })),
  ],
});

/** What failed stands out from what was undone because of it. */
function stepTone({ outcome, error }: StepRecord): Pick<Row, "tone"> {
  if (error !== "" || outcome === "failed" || outcome === "interrupted") return { tone: "bad" };
  return outcome === "undone" ? { tone: "notable" } : {};
}

/** "done", "was done already", "failed", "failed, undone in 12 ms", "undone in 3 ms" */
export function outcomeOf({ outcome, error, undo }: StepRecord): string {
  if (outcome === "skipped") return "was done already";
  if (outcome !== "undone" || undo === undefined) return outcome;
  return `${error === "" ? "" : "failed, "}undone in ${duration(undo.durationMs)}`;
}

/** "bytes 23.7 MB, milliseconds 1,054" */
export const evidence = (of: Evidence): string =>
  Object.entries(of)
    .map(([name, value]) => {
      if (typeof value !== "number") return `${name} ${String(value)}`;
      return `${name} ${/bytes$/i.test(name) ? bytes(value) : count(value)}`;
    })
    .join(", ");

/** By step: the median of its runs, and the rate of all of them together. */
export function throughputTable(report: Report): Table {
  const all = throughputs(report);
  const steps = [...new Set(all.map(({ step }) => step.id))];
  return {
    columns: [
      words("step"),
      figure("times"),
      figure("amount"),
      figure("took"),
      figure("rate of all"),
    ],
    rows: steps.map((id) => {
      const runs = all.filter(({ step }) => step.id === id);
      const unit = runs[0]?.unit ?? "rows";
      const amount = median(runs.map((it) => it.amount));
      return {
        cells: [
          id,
          count(runs.length),
          unit === "bytes" ? bytes(amount) : `${count(Math.round(amount))} rows`,
          duration(median(runs.map(({ durationMs }) => durationMs))),
          rate(sum(runs.map((it) => it.amount)), unit, sum(runs.map((it) => it.durationMs))),
        ],
      };
    }),
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** What the last switch proved; empty if none came so far. */
export const proofTable = (report: Report): Table => ({
  columns: [words("what holds"), words("found")],
  rows: proofsOf(report).map((cells) => ({ cells })),
});

/** What it ran on, and what was moved. */
export const environmentTable = ({
  environment,
  source,
  memoryBytes,
  startedAt,
}: Report): Table => ({
  columns: [words("what"), words("value")],
  rows: [
    ...Object.entries(environment),
    ...(source === undefined
      ? []
      : [["source", `${bytes(source.bytes)}, about ${count(source.rows)} rows`]]),
    ...(memoryBytes === undefined ? [] : [["memory besides PostgreSQL", bytes(memoryBytes)]]),
    ["started", moment(Date.parse(startedAt))],
  ].map((cells) => ({ cells })),
});
