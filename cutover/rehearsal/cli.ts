import { join } from "node:path";
import { parseArgs } from "node:util";
import { JournalFile } from "../adapters/local/journalFile";
import { LockFile } from "../adapters/local/lockFile";
import { REDASH_SCHEMAS } from "../adapters/local/redash/schema";
import { narrator, stopSignal } from "../narrator";
import { TRANSPORTS } from "../ports";
import { comparison } from "../report/comparison";
import { estimate } from "../report/estimate";
import { readReport, writeReport } from "../report/reportFile";
import { EXIT_CODES, verdictOf } from "../report/summary";
import { terminal } from "../report/terminal";
import { choice, ended, Problems, wholeNumber } from "../command";
import { Pause } from "./pause";
import { rehearse } from "./rehearsal";

const USAGE = `npm run rehearse -- [--size MB] [--times N] [--redash VERSION] [--seed N] [--budget MS]
                       [--transport logical|dms] [--against FILE] [--gigabytes N] [--pause]

Rehearses the whole move on this machine: real PostgreSQL 13 and 17, real Valkey, processes that stand in for Redash's,
a load balancer, users who write and read. Nothing of AWS is touched, and nothing is left behind but out/.

  --size MB         about how large the source's database is (default 20, at most 5000)
  --times N         how often the whole move is done: all but the last time also back again and undone (default 1)
  --transport T     how rows reach the target: logical (PostgreSQL's own replication) or dms (default logical)
  --redash VERSION  schema of the source: ${REDASH_SCHEMAS.join(", ")}
  --seed N          the same number makes the same data (default 1)
  --budget MS       longest write outage before everything is undone (default 5000)
  --pause           stops before each step: what will happen, what to watch, how to go back; without a budget
  --against FILE    compares with the report of an earlier rehearsal (out/rehearsal.json, kept under another name)
  --gigabytes N     estimates the move of a database of that size, with its assumptions

Exit codes: 0 done, 1 done with warnings, 2 failed and undone, 3 needs a person, 64 wrong usage.`;
const A_DAY_MS = 86_400_000;
const OUT = join(__dirname, "..", "..", "out");
const STATE = join(__dirname, "..", "..", ".state");

/** @throws Refusal that lists everything that is wrong with the arguments */
function readArguments() {
  const { values } = parseArgs({
    options: {
      size: { type: "string", default: "20" },
      times: { type: "string", default: "1" },
      transport: { type: "string", default: "logical" },
      redash: { type: "string", default: "25.8.0" },
      seed: { type: "string", default: "1" },
      budget: { type: "string" },
      pause: { type: "boolean", default: false },
      against: { type: "string" },
      gigabytes: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const problems = new Problems();
  if (values.pause && values.budget !== undefined)
    problems.list.push(
      "--budget and --pause exclude each other: people take the time they need; leave out one",
    );
  const given = {
    megabytes: wholeNumber(problems, "size", values.size, 8, 5000),
    times: wholeNumber(problems, "times", values.times, 1, 1000),
    seed: wholeNumber(problems, "seed", values.seed, 0, 2 ** 31 - 1),
    writeOutageBudgetMs: values.pause
      ? A_DAY_MS
      : wholeNumber(problems, "budget", values.budget ?? "5000", 50, 600_000),
    pause: values.pause,
    schema: choice(problems, "redash", values.redash, REDASH_SCHEMAS),
    transport: choice(problems, "transport", values.transport, TRANSPORTS),
    before:
      values.against === undefined
        ? undefined
        : problems.of(() => readReport(values.against ?? "")),
    gigabytes:
      values.gigabytes === undefined
        ? undefined
        : wholeNumber(problems, "gigabytes", values.gigabytes, 1, 100_000),
  };
  problems.assertNone();
  return given;
}

async function main(): Promise<number> {
  const given = readArguments();
  if (given === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { before, gigabytes, pause: isPaused, ...options } = given;
  const write = (text: string) => process.stderr.write(text);
  const stop = stopSignal(write);
  const pause = isPaused ? new Pause(process.stdin, write, stop) : undefined;
  const { say, event } = narrator(write);
  // Each rehearsal is a world of its own, and so is its journal.
  const name = new Date().toISOString().replace(/[:.]/g, "-");
  const rehearsal = await rehearse({
    ...options,
    journal: new JournalFile(join(OUT, `journal-${name}.jsonl`)),
    lock: new LockFile(join(STATE, "rehearsal.lock")),
    stop: pause?.stopped ?? stop,
    ...(pause && { before: pause.before }),
    onProgress: say,
    onEvent: event,
  }).finally(() => pause?.end());
  const files = writeReport(OUT, "rehearsal", rehearsal, before);
  process.stdout.write(`\n${terminal(rehearsal, process.stdout.isTTY)}\n`);
  if (before !== undefined) process.stdout.write(`${comparison(before, rehearsal)}\n`);
  if (gigabytes !== undefined) process.stdout.write(`${estimate(rehearsal, [{ gigabytes }])}\n`);
  process.stdout.write(`report: ${files.join(", ")}\n`);
  return EXIT_CODES[verdictOf(rehearsal)];
}

void ended(main, USAGE, "npm run rehearse -- --help");
