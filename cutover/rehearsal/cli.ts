import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { JournalFile } from "../adapters/local/journalFile";
import { LockFile } from "../adapters/local/lockFile";
import { REDASH_SCHEMAS, type RedashSchema } from "../adapters/local/redash/schema";
import { narrator, stopSignal } from "../narrator";
import { type Transport, TRANSPORTS } from "../ports";
import { html } from "../report/html";
import { markdown } from "../report/markdown";
import { EXIT_CODES, headline, verdictOf, WRONG_USAGE } from "../report/summary";
import { choice, Problems, wholeNumber } from "./arguments";
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
  const problems = new Problems();
  const found = {
    megabytes: wholeNumber(problems, "size", values.size, 8, 5000),
    times: wholeNumber(problems, "times", values.times, 1, 1000),
    seed: wholeNumber(problems, "seed", values.seed, 0, 2 ** 31 - 1),
    budgetMs: wholeNumber(problems, "budget", values.budget, 50, 600_000),
    schema: choice(problems, "redash", values.redash, REDASH_SCHEMAS),
    transport: choice(problems, "transport", values.transport, TRANSPORTS),
  };
  if (problems.list.length > 0) throw new Error(problems.list.join("\n"));
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
  const write = (text: string) => process.stderr.write(text);
  const stop = stopSignal(write);
  const { say, event } = narrator(write);
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
    stop,
    onProgress: say,
    onEvent: event,
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

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT_CODES.undone;
  },
);
