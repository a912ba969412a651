import { ACTS, type Act } from "../steps/acts";
import { type ActRecord, takenUp } from "./acts";
import { assertMeasured, assumptions, growth, scaled } from "./estimate";
import { count, duration, moment, roughly } from "./quantity";
import type { Report } from "./report";
import { outageMs, switchesOf } from "./switches";
import { figure, markdownTable, markdownText, NOTHING, type Table, words } from "./table";

/** A step of the day plan; its number is that of docs/runbook.md. */
export interface PlanStep {
  readonly who: "lead" | "operator";
  /** A command in backticks, or what a person does. */
  readonly what: string;
}

/** The steps of production in their order, by when they are due. */
export const DAY_PLAN: Readonly<Record<string, readonly PlanStep[]>> = {
  "The days before": [
    operator("npm run source -- find"),
    operator("npm run source -- import"),
    operator("npx pulumi up --policy-pack policies --stack prod"),
    lead("the name of Redash leads to the load balancer"),
    operator("npm run source -- prepare", "PostgreSQL restarts, an outage of its own"),
    operator("npm run move -- preflight --stack prod"),
  ],
  "The day before": [
    operator("npm run move -- prepare --stack prod"),
    operator("npm run move -- replicate --stack prod"),
    operator("npm run move -- verify --stack prod"),
  ],
  "The agreed hour": [
    operator("npm run move -- preflight --stack prod"),
    operator("npm run move -- verify --stack prod"),
    operator("npm run move -- cutover --dry-run --stack prod"),
    lead("says go, and tells users"),
    operator("npm run move -- cutover --stack prod"),
    lead("looks at Redash, as users do, and says stay or back"),
    operator("npm run move -- rollback --stack prod", "only if the lead says back"),
    operator("npx pulumi config set redash:phase switched --stack prod", "not after a rollback"),
    operator("npx pulumi up --refresh --policy-pack policies --stack prod"),
  ],
  "Days later": [
    lead("says that nobody wants back any more"),
    operator("npm run move -- finish --stack prod"),
    operator("npm run move -- report --stack prod", "before the journal goes"),
    operator("npx pulumi config set redash:phase complete --stack prod"),
    operator("npx pulumi up --policy-pack policies --stack prod"),
    operator("stops the old host, keeps an image of it"),
  ],
};

function operator(command: string, remark?: string): PlanStep {
  const what = /^np[mx] /.test(command) ? `\`${command}\`` : command;
  return { who: "operator", what: remark === undefined ? what : `${what}: ${remark}` };
}

function lead(what: string): PlanStep {
  return { who: "lead", what };
}

/** Steps whose time grows with the database. */
const GROWING: ReadonlySet<string> = new Set([
  "tables-copied",
  "tables-loaded",
  "indexes-made",
  "target-analyzed",
  "everything-compared",
  "target-constraints-restored",
]);

/**
 * The plan of the day as Markdown of two pages, with the times of a report, scaled to a database.
 * @param gigabytes size of production's database with indexes and TOAST, in units of 10^9 bytes
 * @throws Error if the report has nothing to scale from
 */
export function dayPlan(report: Report, gigabytes: number): string {
  const measured = assertMeasured(report);
  const { windowMs } = scaled(measured, { gigabytes });
  const factor = growth(measured, gigabytes);
  const done = switchesOf(report).filter(({ end }) => end === "flipped");
  const outages = done.map(outageMs);
  let before = 0;
  return [
    `# Day plan of the move: ${count(gigabytes)} GB`,
    "",
    "Date: __________ Lead: __________ Operator: __________ Reads along: __________",
    "",
    `Times of the report of ${moment(Date.parse(report.startedAt))}; ${NOTHING}: it has none. What is on the screen, and how to go back: docs/runbook.md, under the same number.`,
    "",
    `**Users cannot write for ${roughly(windowMs)}**, in step ${numberOf("cutover --stack")} and again in a rollback. The last switch of the report took ${duration(outages.at(-1) ?? 0)}; of ${count(outages.length)} in all none took longer than ${duration(Math.max(...outages))}. They cannot use Redash at all for some seconds in step ${numberOf("source -- prepare")}.`,
    ...Object.entries(DAY_PLAN).flatMap(([title, steps]) => {
      const table = planTable(steps, before, (act) => expectedMs(report, act, factor));
      before += steps.length;
      return ["", `## ${title}`, "", ...markdownTable(table)];
    }),
    "",
    "## What the times take for granted",
    "",
    ...assumptions(report, measured).map((it) => `* ${markdownText(it)}`),
    "",
  ].join("\n");
}

/** Number of the first step with a command. */
const numberOf = (command: string): number =>
  Object.values(DAY_PLAN)
    .flat()
    .findIndex(({ what }) => what.includes(command)) + 1;

const planTable = (
  steps: readonly PlanStep[],
  before: number,
  expected: (act: Act) => number | undefined,
): Table => ({
  columns: [
    figure("step"),
    words("who"),
    words("what"),
    figure("expected"),
    words("begun"),
    words("ended"),
  ],
  rows: steps.map(({ who, what }, index) => {
    const act = ACTS.find((it) => what.startsWith(`\`npm run move -- ${it} --stack`));
    const ms = act && expected(act);
    return {
      cells: [
        String(before + index + 1),
        who,
        what,
        ms === undefined ? NOTHING : roughly(ms),
        "",
        "",
      ],
    };
  }),
});

/** The longest that an act took which was done, with what it takes more of a larger database. */
function expectedMs({ acts }: Report, name: Act, factor: number): number | undefined {
  const done = acts.filter(({ act, outcome }) => act === name && outcome === "done");
  if (done.length === 0) return undefined;
  return Math.max(
    ...done.map((run) =>
      [...takenUp(acts, run), run].reduce((sum, it) => sum + grownMs(it, factor), 0),
    ),
  );
}

const grownMs = ({ durationMs, steps }: ActRecord, factor: number): number =>
  steps
    .filter(({ id }) => GROWING.has(id))
    .reduce((sum, step) => sum + step.durationMs * (factor - 1), durationMs);
