import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { JournalFile } from "../adapters/local/journalFile";
import { LockFile } from "../adapters/local/lockFile";
import { REDASH_SCHEMAS, type RedashSchema } from "../adapters/local/redash/schema";
import type { Event } from "../engine/journal";
import { type Transport, TRANSPORTS } from "../ports";
import { html } from "../report/html";
import { markdown } from "../report/markdown";
import { duration } from "../report/quantity";
import { EXIT_CODES, headline, verdictOf } from "../report/summary";
import { rehearse } from "./rehearsal";

const USAGE = `npm run rehearse -- [--size MB] [--times N] [--redash VERSION] [--seed N] [--budget MS]
                       [--transport logical|dms]

Rehearses the whole move on this machine: real PostgreSQL 13 and 17, real Valkey, processes that stand in for Redash's,
a load balancer, users who write and read. Nothing of AWS is touched, and nothing is left behind but out/.

  --size MB         about how large the source's database is (default 20, at most 5000)
  --times N         how often the whole move is done: all but the last time also back again and undone (default 1)
  --transport T     how rows reach the target: logical (PostgreSQL's own replication) or dms (default logical)
  --redash VERSION  schema of the source: ${REDASH_SCHEMAS.join(", ")}
  --seed N          the same number makes the same data (default 1)
  --budget MS       longest write outage before everything is undone (default 5000)

Exit codes: 0 done, 1 done with warnings, 2 failed and undone, 3 needs a person, 64 wrong usage.`;
const WRONG_USAGE = 64;
const OUT = join(__dirname, "..", "..", "out");
const STATE = join(__dirname, "..", "..", ".state");

interface Arguments {
  readonly megabytes: number;
  readonly times: number;
  readonly schema: RedashSchema;
  readonly transport: Transport["kind"];
  readonly seed: number;
  readonly budgetMs: number;
}

/** @throws Error that lists everything that is wrong with the arguments */
function readArguments(): Arguments | "help" {
  const { values } = parseArgs({
    options: {
      size: { type: "string", default: "20" },
      times: { type: "string", default: "1" },
      transport: { type: "string", default: "logical" },
      redash: { type: "string", default: "25.8.0" },
      seed: { type: "string", default: "1" },
      budget: { type: "string", default: "5000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const problems: string[] = [];
  const number = (name: "size" | "times" | "seed" | "budget", least: number, most: number) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least || value > most)
      problems.push(
        `--${name} is ${values[name]}; allowed: a whole number from ${least} to ${most}`,
      );
    return value;
  };
  const found = {
    megabytes: number("size", 8, 5000),
    times: number("times", 1, 1000),
    seed: number("seed", 0, 2 ** 31 - 1),
    budgetMs: number("budget", 50, 600_000),
    schema: values.redash as RedashSchema,
    transport: values.transport as Transport["kind"],
  };
  if (!TRANSPORTS.includes(found.transport))
    problems.push(`--transport is ${values.transport}; allowed: ${TRANSPORTS.join(", ")}`);
  if (!REDASH_SCHEMAS.includes(found.schema))
    problems.push(`--redash is ${values.redash}; allowed: ${REDASH_SCHEMAS.join(", ")}`);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return found;
}

async function main(): Promise<number> {
  let given: Arguments | "help";
  try {
    given = readArguments();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return WRONG_USAGE;
  }
  if (given === "help") {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      process.stderr.write(`\n${signal}: finishing or undoing the step at hand …\n`);
      stop.abort(new Error(`stopped by ${signal}`));
    });
  }
  const started = performance.now();
  const say = (text: string) => {
    process.stderr.write(`${duration(performance.now() - started).padStart(7)}  ${text}\n`);
  };
  // Each rehearsal is a world of its own, and so is its journal.
  const name = new Date().toISOString().replace(/[:.]/g, "-");
  const rehearsal = await rehearse({
    schema: given.schema,
    transport: given.transport,
    megabytes: given.megabytes,
    seed: given.seed,
    times: given.times,
    writeOutageBudgetMs: given.budgetMs,
    journal: new JournalFile(join(OUT, `journal-${name}.jsonl`)),
    lock: new LockFile(join(STATE, "rehearsal.lock")),
    stop: stop.signal,
    onProgress: say,
    onEvent: (act, event) => {
      const line = shown(event);
      if (line !== undefined) say(`${act.padEnd(9)} ${line}`);
    },
  });
  mkdirSync(OUT, { recursive: true });
  const text = markdown(rehearsal);
  writeFileSync(join(OUT, "rehearsal.md"), text);
  writeFileSync(join(OUT, "rehearsal.html"), html(rehearsal));
  writeFileSync(join(OUT, "rehearsal.json"), `${JSON.stringify(rehearsal, null, 2)}\n`);
  const verdict = verdictOf(rehearsal);
  process.stdout.write(`\n${text}\n${verdict}: ${headline(rehearsal)}\n`);
  process.stdout.write("report: out/rehearsal.html, out/rehearsal.md, out/rehearsal.json\n");
  return EXIT_CODES[verdict];
}

/** An event as a line for whoever watches; nothing for those that only the journal needs. */
function shown(event: Event): string | undefined {
  switch (event.kind) {
    case "step-done":
      return `${event.step} ${event.skipped ? "was done already" : duration(event.durationMs)}`;
    case "step-failed":
      return `${event.step} FAILED after ${duration(event.durationMs)}: ${event.error}`;
    case "undone":
      return `${event.step} undone`;
    case "undo-failed":
      return `${event.step} CANNOT BE UNDONE: ${event.error}`;
    case "warning":
      return `${event.step} warning: ${event.message}`;
    case "run-ended":
      return `${event.outcome}${event.writeOutageMs === undefined ? "" : `, ${duration(event.writeOutageMs)} from fence to flip`}`;
    default:
      return undefined;
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT_CODES.undone;
  },
);
