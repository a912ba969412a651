import { count, duration, median, percentile } from "../report/quantity";
import {
  figure,
  markdownTable,
  markdownText,
  NOTHING,
  plainTable,
  type Table,
  words,
} from "../report/table";
import { coverageOf, faultsOf } from "./coverage";
import type { FaultRecord } from "./faultedAct";
import type { FaultedRehearsal } from "./faultedRehearsal";
import { GROUPS, KIND_NAMES, KINDS, momentsOf, pairsOf } from "./kind";
import type { Transport } from "../ports";

/** What was run, and what came out. */
export interface FaultReport {
  readonly startedAt: string;
  /** The command that runs the same again. */
  readonly command: string;
  readonly machine: string;
  readonly transport: Transport["kind"];
  readonly seed: number;
  readonly durationMs: number;
  readonly rehearsals: readonly FaultedRehearsal[];
}

const sum = (values: readonly number[]) => values.reduce((all, it) => all + it, 0);

/** Whether nothing was lost, doubled or left behind, and every act came to its end within its limit. */
export const isSound = ({ rehearsals }: FaultReport): boolean =>
  rehearsals.every(({ violations }) => violations.length === 0);

/** What came out, in a few sentences. */
export function sentences(report: FaultReport): string[] {
  const { rehearsals, transport } = report;
  const faults = faultsOf(rehearsals);
  const { possible, struck, missed } = coverageOf(pairsOf(transport), rehearsals);
  const of = (outcome: FaultRecord["outcome"]) =>
    faults.filter((fault) => fault.outcome === outcome).length;
  const ledger = (name: "lost" | "duplicated") =>
    sum(rehearsals.map((it) => it.ledger[name].length));
  const outages = rehearsals.flatMap(({ acts }) =>
    acts.filter((it) => it.faults.length > 0).map(({ outageMs }) => outageMs),
  );
  const wrong = rehearsals.filter(({ violations }) => violations.length > 0).length;
  return [
    `${count(rehearsals.length)} rehearsals, ${count(faults.length - of("missed"))} faults: ${count(of("done"))} done, ${count(of("undone"))} undone, ${count(of("needs-person"))} needed a person; ${count(of("missed"))} met nothing.`,
    `${count(sum(rehearsals.map(({ ledger: it }) => it.acknowledged)))} writes were acknowledged: ${ledger("lost")} lost, ${ledger("duplicated")} duplicated.`,
    `${count(struck)} of ${count(possible)} faults that can happen have happened at least once.${missed.length === 0 ? "" : ` Dealt in vain: ${missed.join(", ")}.`}`,
    ...(outages.length === 0
      ? []
      : [
          `In an act that met a fault users could not write for ${duration(median(outages))} (median; p95 ${duration(percentile(outages, 0.95))}, at most ${duration(Math.max(...outages))}).`,
        ]),
    `${wrong === 0 ? "Nothing" : `Something in ${count(wrong)} rehearsals`} was as it must not be. It took ${duration(report.durationMs)}.`,
  ];
}

/** Everything that must not be, with the command that shows it again. */
export const violationLines = ({ rehearsals, command }: FaultReport): string[] =>
  rehearsals.flatMap(({ rehearsal, violations }) =>
    violations.map((it) => `rehearsal ${rehearsal} (${command} --only ${rehearsal}): ${it}`),
  );

const WORST = ["needs-person", "undone", "done"] as const;
const SHORT = { "needs-person": "person", undone: "undone", done: "done" } as const;

/** "12 undone": how many, and the worst that came of them. */
function cell(faults: readonly FaultRecord[]): string {
  const struck = faults.filter(({ outcome }) => outcome !== "missed");
  const worst = WORST.find((outcome) => struck.some((it) => it.outcome === outcome));
  return worst === undefined ? NOTHING : `${struck.length} ${SHORT[worst]}`;
}

/** Fault × part of the move. */
export function groupTable({ rehearsals, transport }: FaultReport): Table {
  const faults = faultsOf(rehearsals);
  const groups = new Map(
    momentsOf(transport).map(({ act, step, group }) => [`${act}/${step}`, group]),
  );
  return {
    columns: [words("fault"), ...GROUPS.map(figure)],
    rows: KIND_NAMES.map((kind) => ({
      cells: [
        KINDS[kind].title,
        ...GROUPS.map((group) =>
          cell(
            faults.filter((it) => it.kind === kind && groups.get(`${it.act}/${it.step}`) === group),
          ),
        ),
      ],
    })),
  };
}

/** Step × fault, by the faults' ids. */
function stepTable({ rehearsals, transport }: FaultReport): Table {
  const faults = faultsOf(rehearsals);
  return {
    columns: [words("step"), ...KIND_NAMES.map(words)],
    rows: momentsOf(transport).map(({ act, step }) => ({
      cells: [
        `${act}/${step}`,
        ...KIND_NAMES.map((kind) =>
          cell(faults.filter((it) => it.kind === kind && it.act === act && it.step === step)),
        ),
      ],
    })),
  };
}

/** What needed a person, and what was typed then. */
function personLines({ rehearsals }: FaultReport): string[] {
  return rehearsals.flatMap(({ rehearsal, acts }) =>
    acts.flatMap(({ faults, commands }) =>
      faults
        .filter(({ outcome }) => outcome === "needs-person")
        .map(
          ({ kind, act, step, reason }) =>
            `rehearsal ${rehearsal}: \`${kind}\` at \`${act}/${step}\`; typed: ${commands.join(", ")}; ${markdownText(reason.slice(0, 200))}`,
        ),
    ),
  );
}

/** The whole as Markdown. */
export const faultMarkdown = (report: FaultReport): string =>
  [
    "# Faulted rehearsals",
    "",
    `\`${report.command}\`, ${report.startedAt.slice(0, 10)}, ${report.machine}.`,
    "",
    ...sentences(report),
    ...list("What must not be", violationLines(report)),
    "",
    "## Faults by part of the move",
    "",
    "How often each has happened, and the worst that came of it.",
    "",
    ...markdownTable(groupTable(report)),
    "",
    "## Faults by step",
    "",
    ...markdownTable(stepTable(report)),
    ...list("What needed a person", personLines(report)),
    "",
  ].join("\n");

const list = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ["", `## ${title}`, "", ...lines.map((it) => `* ${it}`)];

/** What is shown in a terminal. */
export const faultText = (report: FaultReport): string =>
  [...plainTable(groupTable(report)), "", ...sentences(report), ...violationLines(report)].join(
    "\n",
  );
