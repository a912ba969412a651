import { join } from "node:path";
import { parseArgs } from "node:util";
import { awsControl } from "./adapters/aws/awsControl";
import { localControl } from "./adapters/local/localControl";
import type { Ask } from "./ask";
import { ended, Problems, wholeNumber, WrongUsage } from "./command";
import type { MoveControl } from "./control";
import { Refusal } from "./engine/refusal";
import { narrator, stopSignal } from "./narrator";
import { comparison } from "./report/comparison";
import { estimate } from "./report/estimate";
import type { Report } from "./report/report";
import { readReport, writeDayPlan, writeReport } from "./report/reportFile";
import { EXIT_CODES, LEFT } from "./report/summary";
import { terminal } from "./report/terminal";
import { type Act, ACTS } from "./steps/acts";

const STATE = join(__dirname, "..", ".state");
const OUT = join(__dirname, "..", "out");
const NEXT = "npm run move -- status";
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
  --stack NAME     on AWS: the stack whose function carries the act out; it goes on when nobody follows it
  --outputs FILE   the same, where Pulumi is not: the stack's output "move" (pulumi stack output move --json > FILE)
  --dry-run        shows the act's plan with the time that each step is expected to take; changes nothing
  --accept IDS     prepare: begins although these checks of preflight do not hold (commas between them); each becomes
                   a warning
  --source-gone    finish: the source's host is no more; only the target is cleared
  --resume         takes up an interrupted act although it was left long ago
  --of FILE        report: of a report that was written before (JSON) instead of this move's
  --against FILE   report: compares with another one (JSON)
  --gigabytes N    report: estimates the move of a database of that size, and writes the plan of the day (out/day-plan.md)

Ctrl-C finishes or undoes the step at hand; on AWS a second one leaves at once, and the function does it alone. A terminal
that is closed, or a machine that shuts down, does as Ctrl-C on this machine; on AWS nobody follows the function any more,
which goes on. Exit codes: 0 done, 1 done with warnings, 2 refused, or failed and undone, 3 needs a person or a look,
64 wrong usage, 129 left a function that goes on.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      state: { type: "string", default: STATE },
      stack: { type: "string" },
      outputs: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      resume: { type: "boolean", default: false },
      "source-gone": { type: "boolean", default: false },
      accept: { type: "string" },
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
  if (values.accept !== undefined && act !== "prepare")
    problems.list.push(`--accept is for prepare; ${act} asks no preflight`);
  const gigabytes =
    values.gigabytes === undefined
      ? undefined
      : wholeNumber(problems, "gigabytes", values.gigabytes, 1, 100_000);
  const places = [values.stack, values.outputs].filter((it) => it !== undefined);
  if (places.length > 1 || (places.length === 1 && values.state !== STATE))
    problems.list.push("--stack, --outputs and --state name different moves: give one of them");
  problems.assertNone();
  const { of, against } = values;
  // It needs no world, which may be gone by then, and on AWS the journal with it.
  if (act === "report" && of !== undefined) return reported(readReport(of), against, gigabytes);
  const control =
    values.stack !== undefined
      ? await awsControl({ stack: values.stack })
      : values.outputs !== undefined
        ? await awsControl({ file: values.outputs })
        : localControl(values.state);
  try {
    if (act !== "report")
      return await asked(control, askOf(act as Asked, values), elsewhere(values));
    return reported(await control.report(), against, gigabytes);
  } finally {
    await control.close();
  }
}

type Asked = Act | "preflight" | "status";

const askOf = (
  act: Asked,
  values: {
    readonly "dry-run": boolean;
    readonly resume: boolean;
    readonly "source-gone": boolean;
    readonly accept?: string | undefined;
  },
): Ask =>
  act === "preflight" || act === "status"
    ? { kind: act }
    : values["dry-run"]
      ? { kind: "plan", act }
      : {
          kind: "perform",
          act,
          resume: values.resume,
          sourceGone: values["source-gone"],
          accept: values.accept?.split(",") ?? [],
        };

/** The words by which the command line finds the function that does what is asked; undefined if it does it itself. */
const elsewhere = ({ stack, outputs }: { readonly stack?: string; readonly outputs?: string }) =>
  stack !== undefined
    ? `--stack ${stack}`
    : outputs !== undefined
      ? `--outputs ${outputs}`
      : undefined;

const write = (text: string) => process.stderr.write(text);

/** Ways to leave a function alone that is at work. A laptop that goes away must change nothing: only Ctrl-C asks it to stop. */
const leaving = (left: () => string, where = "") => ({
  leave: (signal: "SIGHUP" | "SIGTERM") => {
    write(
      `\n${signal}: nobody follows any more, the function goes on; look at it with: npm run move -- status ${where}\n`,
    );
    process.exit(LEFT);
  },
  again: () => {
    write(`left: ${left()}\nlook at it with: ${NEXT}\n`);
    process.exit(EXIT_CODES["needs-person"]);
  },
});

async function asked(control: MoveControl, ask: Ask, where: string | undefined): Promise<number> {
  const { event } = narrator(write);
  const { verdict, text } = await control.ask(ask, {
    stop: stopSignal(write, control.left && leaving(control.left, where)),
    onEvent: (it) => {
      event(ask.kind === "perform" ? ask.act : ask.kind, it);
    },
  });
  if (verdict === "refused") throw new Refusal(text);
  if (verdict === "broken-off") throw new Error(text);
  print(ask.kind === "perform" ? `${verdict}: ${text}` : text);
  return EXIT_CODES[verdict];
}

function reported(
  report: Report,
  against: string | undefined,
  gigabytes: number | undefined,
): number {
  const before = against === undefined ? undefined : readReport(against);
  print(terminal(report, process.stdout.isTTY));
  if (before !== undefined) print(comparison(before, report));
  if (gigabytes !== undefined) {
    print(estimate(report, [{ gigabytes }]));
    print(`day plan: ${writeDayPlan(OUT, report, gigabytes)}`);
  }
  print(`report: ${writeReport(OUT, "move", report, before).join(", ")}`);
  return EXIT_CODES.done;
}

const print = (text: string) => process.stdout.write(`${text}\n`);

void ended(main, USAGE, NEXT);
