import { assumptions, estimateTable, measuredBy } from "./estimate";
import { ledgerSentences, wrongWrites } from "./ledger";
import { actNames, detailedActs, type Report, titleOf } from "./report";
import { headline, verdictOf } from "./summary";
import { switchesOf } from "./switches";
import { markdownTable, type Table } from "./table";
import {
  actTable,
  environmentTable,
  GAPS_SENTENCE,
  proofTable,
  stepTable,
  switchTable,
  throughputTable,
} from "./tables";

/** The whole report as Markdown. */
export function markdown(report: Report): string {
  const { ledger } = report;
  const measured = measuredBy(report);
  const writes = ledgerSentences(report);
  return [
    `# ${titleOf(report)}`,
    "",
    `**${verdictOf(report)}** – ${headline(report)}.`,
    ...section("Acts", actTable(report), [GAPS_SENTENCE]),
    ...remarks(report),
    ...(switchesOf(report).length > 1 ? section("Switches", switchTable(report)) : []),
    ...section("Verification", proofTable(report)),
    ...(writes.length === 0 ? [] : ["", "## Ledger", "", ...writes]),
    ...(ledger === undefined ? [] : wrongWrites(ledger).map((it) => `* ${it}`)),
    ...section("Rows, bytes and rates", throughputTable(report)),
    ...(measured === undefined
      ? []
      : [
          ...section("Estimate for production", estimateTable(measured)),
          "",
          ...assumptions(report, measured).map((it) => `* ${it}`),
        ]),
    ...section("Where", environmentTable(report)),
    ...stepSections(report),
    "",
  ].join("\n");
}

/** A heading and a table; nothing if the table has no rows. */
const section = (title: string, table: Table, sentences: readonly string[] = []): string[] =>
  table.rows.length === 0
    ? []
    : ["", `## ${title}`, "", ...markdownTable(table), ...sentences.flatMap((it) => ["", it])];

/** Why acts did not end as they should, and what they warned of. */
function remarks({ acts }: Report): string[] {
  const names = actNames(acts);
  const lines = acts.flatMap(({ outcome, reason, warnings }, index) =>
    [...(outcome === "done" ? [] : [reason]), ...warnings].map(
      (it) => `* ${names[index] ?? ""}: ${it}`,
    ),
  );
  return lines.length === 0 ? [] : ["", ...lines];
}

function stepSections(report: Report): string[] {
  const names = actNames(report.acts);
  const detailed = detailedActs(report);
  const left = report.acts.length - detailed.size;
  return [
    "",
    "## Steps",
    ...(left === 0 ? [] : ["", `Steps of ${left} earlier acts are in the JSON report.`]),
    ...report.acts.flatMap((act, index) =>
      detailed.has(act)
        ? ["", `### ${names[index] ?? act.act}`, "", ...markdownTable(stepTable(act))]
        : [],
    ),
  ];
}
