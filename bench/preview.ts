/**
 * How long a look takes, as a whole process: `npm run bench`. Medians of five runs; figures belong to the machine
 * that printed them.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { median } from "../cutover/report/quantity";
import type { Recording } from "../preview/recorder";
import { preview } from "../preview/run";
import { stackNames } from "../preview/stackFile";
import { verdictOf } from "../preview/verdict";
import { PHASES } from "../redash/phase";
import { table, time } from "./figures";

const RUNS = 5;
const ROOT = join(__dirname, "..");

/** Milliseconds of a CLI call, from start to end of its process. */
function wholeProcess(...args: string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import=tsx", "preview/cli.ts", ...args],
    { cwd: ROOT, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`preview ${args.join(" ")} failed: ${stderr}`);
  return performance.now() - start;
}

const measured = (measure: () => number) => {
  process.stderr.write(".");
  return median(Array.from({ length: RUNS }, measure));
};

async function main(): Promise<void> {
  const recordings = [];
  for (const stack of stackNames()) {
    for (const phase of PHASES)
      recordings.push((await preview(stack, { "redash:phase": phase })).recording);
  }
  const size = (it: Recording) => it.resources.length;
  const largest = recordings.reduce((one, other) => (size(other) > size(one) ? other : one));
  const rows: [what: string, milliseconds: number, limit: string][] = [
    ["preview of staging, whole process", measured(() => wholeProcess("staging")), "< 5 s"],
    ["preview of prod, whole process", measured(() => wholeProcess("prod")), "< 5 s"],
    [
      "both stacks in four phases, whole process",
      measured(() => wholeProcess("--phase", "all")),
      "< 15 s",
    ],
    [
      `the whole policy pack over our largest stack (${size(largest)} resources)`,
      measured(() => {
        const start = performance.now();
        verdictOf(largest);
        return performance.now() - start;
      }),
      "< 1 s",
    ],
  ];
  process.stderr.write("\n");
  process.stdout.write(
    `${table(
      ["what", "median of 5", "goal"],
      rows.map(([what, milliseconds, limit]) => [what, time(milliseconds), limit]),
    )}\n`,
  );
}

void main();
