import { assumptions, estimateTable, measuredBy } from "./estimate";
import { ledgerSentences, wrongWrites } from "./ledger";
import { actNames, detailedActs, type Report, titleOf } from "./report";
import { headline, NOT_PROVEN, proofsOf, remarks, verdictOf } from "./summary";
import { switchesOf } from "./switches";
import { markdownTable, markdownText, type Table } from "./table";
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
  const problems = remarks(report).map((it) => `* ${markdownText(it)}`);
  const measured = measuredBy(report);
  const writes = ledgerSentences(report);
  return [
    `# ${titleOf(report)}`,
    "",
    `**${verdictOf(report)}** – ${markdownText(headline(report))}.`,
    ...section("Acts", actTable(report), [GAPS_SENTENCE]),
    ...(problems.length === 0 ? [] : ["", ...problems]),
    ...(switchesOf(report).length > 1 ? section("Switches", switchTable(report)) : []),
    ...(proofsOf(report).length > 0
      ? section("Verification", proofTable(report))
      : ["", "## Verification", "", NOT_PROVEN]),
    ...(writes.length === 0 ? [] : ["", "## Ledger", "", ...writes]),
    ...(ledger === undefined ? [] : wrongWrites(ledger).map((it) => `* ${markdownText(it)}`)),
    ...section("Rows, bytes and rates", throughputTable(report)),
    ...(measured === undefined
      ? []
      : [
          ...section("Estimate for production", estimateTable(measured)),
          "",
          ...assumptions(report, measured).map((it) => `* ${markdownText(it)}`),
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
