import { ledgerSentences } from "./ledger";
import { count, duration, moment } from "./quantity";
import { type Report, titleOf } from "./report";
import { EXIT_CODES, headline, type Verdict, verdictOf } from "./summary";
import { figuresOf, switchesOf } from "./switches";
import { figure, NOTHING, plainTable, type Row, type Table, words } from "./table";
import { actTable, experience, fenced, toneOf } from "./tables";

/** More acts than that are shown by name, not one by one. */
const MOST_ROWS = 12;
const RED = 31;
const YELLOW = 33;
const GREEN = 32;

/**
 * The report in a few lines of at most 100 columns, the verdict last.
 * @param colour whether whoever reads it understands colours: `process.stdout.isTTY`
 */
export function terminal(report: Report, colour: boolean): string {
  const painted = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const verdict = verdictOf(report);
  const table = report.acts.length > MOST_ROWS ? actsByName(report) : actTable(report);
  const [head = "", ...lines] = plainTable(table);
  const writes = ledgerSentences(report);
  return [
    `${titleOf(report)}, ${moment(Date.parse(report.startedAt))}`,
    "",
    head,
    ...lines.map((line, index) => {
      const tone = table.rows[index]?.tone;
      return tone === undefined ? line : painted(tone === "bad" ? RED : YELLOW, line);
    }),
    ...(writes.length === 0 ? [] : ["", ...writes]),
    "",
    `${painted(colourOf(verdict), verdict)}: ${headline(report)}`,
    "",
  ].join("\n");
}

const colourOf = (verdict: Verdict): number =>
  verdict === "done" ? GREEN : EXIT_CODES[verdict] === EXIT_CODES.warnings ? YELLOW : RED;

/** A row for all acts of a name, in the order of a move; what did not end as it should has one of its own. */
function actsByName(report: Report): Table {
  const { acts } = report;
  const switches = switchesOf(report);
  const done = acts.filter(({ outcome }) => outcome === "done");
  const names = [...new Set(done.map(({ act }) => act))];
  return {
    columns: [
      words("acts"),
      figure("took (median)"),
      figure("fence to flip"),
      figure("no write: median"),
      figure("p95"),
      figure("maximum"),
      figure("failed reads"),
    ],
    rows: [
      ...names.map((name): Row => {
        const all = done.filter(({ act }) => act === name);
        const users = all.flatMap((it) => (it.users === undefined ? [] : [it.users]));
        const gaps = figuresOf(users.map(({ writeGap }) => writeGap.lengthMs));
        const failed = users.reduce((sum, { failedReads }) => sum + failedReads, 0);
        return {
          cells: [
            `${name} × ${all.length}`,
            shown(figuresOf(all.map(({ durationMs }) => durationMs))?.medianMs),
            shown(
              figuresOf(
                switches
                  .filter((it) => it.end === "flipped" && it.act.act === name)
                  .map(({ fromMs, toMs }) => toMs - fromMs),
              )?.medianMs,
            ),
            shown(gaps?.medianMs),
            shown(gaps?.p95Ms),
            shown(gaps?.maximumMs),
            gaps === undefined ? NOTHING : count(failed),
          ],
          ...(failed > 0 || all.some(({ warnings }) => warnings.length > 0)
            ? { tone: "notable" as const }
            : {}),
        };
      }),
      ...acts
        .filter(({ outcome }) => outcome !== "done")
        .map((it) => {
          const [noWrite = "", , failedReads = ""] = experience(it);
          const window = fenced(switches.find(({ act }) => act === it));
          const name = `${it.act}: ${it.outcome}`;
          return {
            cells: [name, duration(it.durationMs), window, "", "", noWrite, failedReads],
            ...toneOf(it),
          };
        }),
    ],
  };
}

const shown = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? NOTHING : duration(milliseconds);
