import {
  actChangeTable,
  compare,
  comparisonSentence,
  otherDifferences,
  outageChangeTable,
} from "./comparison";
import { assumptions, estimateTable, measuredBy } from "./estimate";
import { escaped, htmlList, htmlTable } from "./html/markup";
import { overview } from "./html/overview";
import { STYLE } from "./html/style";
import { tiles } from "./html/tiles";
import { windowChart } from "./html/window";
import { ledgerSentences, wrongWrites } from "./ledger";
import { count, duration, moment } from "./quantity";
import { actNames, detailedActs, type Report, titleOf } from "./report";
import { headline, NOT_PROVEN, remarks, verdictOf } from "./summary";
import { outageMs, type Switch, switchesOf } from "./switches";
import type { Table } from "./table";
import {
  actTable,
  environmentTable,
  GAPS_SENTENCE,
  proofTable,
  stepTable,
  switchTable,
  throughputTable,
} from "./tables";

/** Windows that are shown without a click. */
const OPEN_WINDOWS = 3;
/** Windows that are shown at all; of many rehearsed moves the last are enough. */
const MOST_WINDOWS = 24;
/** Acts that are listed without a click. */
const OPEN_ACTS = 12;

/**
 * The report as one page that needs nothing else: no script, no font, no network, and its own policy forbids them.
 * Light and dark as the reader has it.
 * @param before what to compare it with; nothing if absent
 */
export function html(report: Report, before?: Report): string {
  const { ledger, startedAt } = report;
  const verdict = verdictOf(report);
  const measured = measuredBy(report);
  const title = titleOf(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}: ${verdict}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="when">${moment(Date.parse(startedAt))}</p>
<p><span class="verdict ${verdict}">${verdict}</span> ${escaped(headline(report))}.</p>
${tiles(report)}
</header>
<main>
${section("Timeline", overview(report))}
${section("Windows", windows(report))}
${section("Acts", `${tableOf(actTable(report), OPEN_ACTS, "acts")}<p class="soft">${GAPS_SENTENCE}</p>${htmlList(remarks(report))}`)}
${switchesOf(report).length > 1 ? section("Switches", tableOf(switchTable(report), OPEN_ACTS)) : ""}
${section("Verification", tableOf(proofTable(report)) || `<p>${NOT_PROVEN}</p>`)}
${section("Ledger", ledgerSentences(report).map(escaped).join(" ") + (ledger === undefined ? "" : htmlList(wrongWrites(ledger))))}
${section("Rows, bytes and rates", tableOf(throughputTable(report)))}
${
  measured === undefined
    ? ""
    : section(
        "Estimate for production",
        htmlTable(estimateTable(measured)) + htmlList(assumptions(report, measured)),
      )
}
${before === undefined ? "" : section("Compared with a report before", comparisonSection(before, report))}
${section("Where", tableOf(environmentTable(report)))}
${section("Steps", steps(report))}
</main>
</body>
</html>
`;
}

/** Nothing if there is nothing to tell. */
const section = (title: string, content: string): string =>
  content === "" ? "" : `<section><h2>${title}</h2>\n${content}</section>`;

/** A table, folded if it is long, under what its rows are. */
const tableOf = (table: Table, open = Infinity, rows = "rows"): string =>
  table.rows.length === 0
    ? ""
    : table.rows.length <= open
      ? htmlTable(table)
      : `<details><summary>${count(table.rows.length)} ${rows}</summary>${htmlTable(table)}</details>`;

/** The slowest window and the last ones; those that were undone in any case. */
function windows(report: Report): string {
  const all = switchesOf(report);
  const shown = all.filter(
    (it, index) => it.end !== "flipped" || index >= all.length - MOST_WINDOWS,
  );
  const slowest = shown.reduce<Switch | undefined>(
    (most, it) => (most === undefined || outageMs(it) > outageMs(most) ? it : most),
    undefined,
  );
  const isOpen = (it: Switch, index: number) =>
    all.length <= OPEN_WINDOWS ||
    it.end !== "flipped" ||
    it === slowest ||
    index === shown.length - 1;
  return shown
    .map(
      (it, index) =>
        `<details${isOpen(it, index) ? " open" : ""}><summary>${escaped(it.name)} <small>${it === slowest && all.length > OPEN_WINDOWS ? "the slowest, " : ""}${duration(outageMs(it))}${it.end === "flipped" ? "" : `, ${it.act.outcome}`}</small></summary>
${windowChart(it)}</details>`,
    )
    .join("\n");
}

function comparisonSection(before: Report, after: Report): string {
  const compared = compare(before, after);
  return `<p class="soft">${escaped(comparisonSentence(compared))}</p>
${tableOf(outageChangeTable(compared))}
${htmlList(otherDifferences(compared))}
${tableOf(actChangeTable(compared), 0, "acts and steps")}`;
}

/** Every act with its steps; opened where something went wrong. */
function steps(report: Report): string {
  const names = actNames(report.acts);
  const detailed = detailedActs(report);
  const left = report.acts.length - detailed.size;
  const acts = report.acts.flatMap((act, index) =>
    detailed.has(act)
      ? [
          `<details class="steps"${act.outcome === "done" ? "" : " open"}><summary>${escaped(names[index] ?? act.act)} <small${act.outcome === "done" ? "" : ' class="bad"'}>${act.outcome}, ${duration(act.durationMs)}, ${act.steps.length} steps</small></summary>
${htmlTable(stepTable(act))}</details>`,
        ]
      : [],
  );
  return `${left === 0 ? "" : `<p class="soft">Steps of ${count(left)} earlier acts are in the JSON report.</p>`}
${acts.join("\n")}`;
}
