import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectLocalWorld } from "./adapters/local/connect";
import { JournalFile } from "./adapters/local/journalFile";
import { LockFile } from "./adapters/local/lockFile";
import { ended, Problems, wholeNumber, WrongUsage } from "./command";
import { systemClock } from "./engine/clock";
import { Move } from "./move";
import { narrator, stopSignal } from "./narrator";
import { preflightText } from "./preflight/text";
import { comparison } from "./report/comparison";
import { estimate } from "./report/estimate";
import { readReport, writeReport } from "./report/reportFile";
import { EXIT_CODES } from "./report/summary";
import { terminal } from "./report/terminal";
import { readSettings } from "./moveSettings";
import { type Act, ACTS } from "./steps/acts";

const STATE = join(__dirname, "..", ".state");
const SETTINGS = "move.json";
const OUT = join(__dirname, "..", "out");
const PREFLIGHT_VERDICTS = {
  ready: "done",
  "ready-with-warnings": "warnings",
  refused: "undone",
} as const;
const READERS = ["preflight", "status", "report"] as const;
const USAGE = `npm run move -- ACT [--state FOLDER] [--dry-run] [--resume]

Acts, in their order:
  preflight   checks everything that could stand in the way; changes nothing
  prepare     makes the target's tables; nobody can write there but the move
  replicate   copies everything and keeps it up to date
  verify      compares everything; may be repeated
  cutover     turns users to the target
  rollback    turns them back, with everything written meanwhile
  finish      ends the way back and removes what the move has made
  abort       before the cutover, or after a rollback: empties the target, leaves the source as it was
At any time:
  status      how far the move is, and which act is due
  report      what happened, as text and as a page (out/)

  --state FOLDER   where the settings of the move (move.json) are, and its journal and lock; the journal is what lets
                   another process go on (default .state, where npm run world writes them)
  --dry-run        shows the act's plan with the time that each step is expected to take; changes nothing
  --source-gone    finish: the source's host is no more; only the target is cleared
  --resume         takes up an interrupted act although it was left long ago
  --of FILE        report: of a report that was written before (JSON) instead of this move's
  --against FILE   report: compares with another one (JSON)
  --gigabytes N    report: estimates the move of a database of that size

Ctrl-C finishes or undoes the step at hand. Exit codes: 0 done, 1 done with warnings, 2 refused, or failed and undone,
3 needs a person, 64 wrong usage.`;

/** How long reading may take that changes nothing. */
const LOOK_MS = 60_000;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      state: { type: "string", default: STATE },
      "dry-run": { type: "boolean", default: false },
      resume: { type: "boolean", default: false },
      "source-gone": { type: "boolean", default: false },
      of: { type: "string" },
      against: { type: "string" },
      gigabytes: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [act = "", ...more] = positionals;
  const known: readonly string[] = [...ACTS, ...READERS];
  if (more.length > 0 || !known.includes(act)) {
    const given =
      positionals.length === 0 ? "no act is given" : `${positionals.join(" ")} is no act`;
    throw new WrongUsage(`${given}; acts: ${known.join(", ")}`);
  }
  const problems = new Problems();
  if (values["source-gone"] && act !== "finish")
    problems.list.push(`--source-gone is for finish; ${act} needs both sides`);
  const gigabytes =
    values.gigabytes === undefined
      ? undefined
      : wholeNumber(problems, "gigabytes", values.gigabytes, 1, 100_000);
  problems.assertNone();
  const settings = readSettings(join(values.state, SETTINGS));
  const { world, close } = connectLocalWorld(settings.world);
  const move = new Move({
    ...settings,
    sourceGone: values["source-gone"],
    world,
    journal: new JournalFile(join(values.state, "journal.jsonl")),
    lock: new LockFile(join(values.state, "move.lock")),
    clock: systemClock,
  });
  const print = (text: string) => process.stdout.write(`${text}\n`);
  try {
    if (act === "preflight") {
      const report = await move.preflight(stopSignal((text) => process.stderr.write(text)));
      print(preflightText(report));
      return EXIT_CODES[PREFLIGHT_VERDICTS[report.outcome]];
    }
    if (act === "report") {
      const report = values.of === undefined ? await move.report() : readReport(values.of);
      const before = values.against === undefined ? undefined : readReport(values.against);
      print(terminal(report, process.stdout.isTTY));
      if (before !== undefined) print(comparison(before, report));
      if (gigabytes !== undefined) print(estimate(report, [{ gigabytes }]));
      print(`report: ${writeReport(OUT, "move", report, before).join(", ")}`);
      return EXIT_CODES.done;
    }
    if (act === "status") {
      print(await move.status(AbortSignal.timeout(LOOK_MS)));
      return EXIT_CODES.done;
    }
    if (values["dry-run"]) {
      print(await move.plan(act as Act));
      return EXIT_CODES.done;
    }
    const write = (text: string) => process.stderr.write(text);
    const { event } = narrator(write);
    const { verdict, text } = await move.perform(act as Act, {
      resume: values.resume,
      stop: stopSignal(write),
      onEvent: (it) => {
        event(act, it);
      },
    });
    print(`${verdict}: ${text}`);
    return EXIT_CODES[verdict];
  } finally {
    await close();
  }
}

void ended(main, USAGE, "npm run move -- status");
