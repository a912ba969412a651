import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { choice, ended, Problems, wholeNumber } from "../command";
import { narrator, stopSignal } from "../narrator";
import { TRANSPORTS } from "../ports";
import { EXIT_CODES } from "../report/summary";
import { faultedRehearsals } from "./faultedRehearsals";
import { faultMarkdown, type FaultReport, faultText, isSound } from "./faultReport";
import { MoveProgram } from "./moveProcess";

const USAGE = `npm run faults -- [--times N] [--seed N] [--size MB] [--transport logical|dms] [--jobs N] [--only RUN]

Rehearses the whole move on this machine while things go wrong: processes are killed, servers fall, disks are full, people
do what they must not. Each act is done by processes of npm run move, as a person runs them who does what they say. Faults
are dealt by the seed: in 100 rehearsals every kind of fault meets every step once. Nothing is left behind but out/.

  --times N         how many rehearsals (default 20)
  --seed N          the same number deals the same faults (default 1)
  --size MB         about how large the source's database is (default 8, at most 5000)
  --transport T     how rows reach the target: logical (PostgreSQL's own replication) or dms (default logical)
  --jobs N          how many at the same time (default 2, at most 8)
  --only RUN        only the rehearsal with this number, with the same faults

Exit codes: 0 nothing was lost, doubled or left behind, and every act came to its end within its limit; 2 the rehearsals could
not be started, or were stopped; 3 something was as it must not be (out/faults.md says what), 64 wrong usage.`;
const OUT = join(__dirname, "..", "..", "out");

/** @throws WrongUsage that lists everything that is wrong with the arguments */
function readArguments() {
  const { values } = parseArgs({
    options: {
      times: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      size: { type: "string", default: "8" },
      transport: { type: "string", default: "logical" },
      jobs: { type: "string", default: "2" },
      only: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const problems = new Problems();
  const given = {
    times: wholeNumber(problems, "times", values.times, 1, 1000),
    seed: wholeNumber(problems, "seed", values.seed, 0, 2 ** 31 - 1),
    megabytes: wholeNumber(problems, "size", values.size, 8, 5000),
    transport: choice(problems, "transport", values.transport, TRANSPORTS),
    jobs: wholeNumber(problems, "jobs", values.jobs, 1, 8),
    only:
      values.only === undefined ? undefined : wholeNumber(problems, "only", values.only, 1, 1000),
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
  const { times, seed, megabytes, transport, jobs, only } = given;
  const write = (text: string) => process.stderr.write(text);
  const stop = stopSignal(write);
  const { say } = narrator(write);
  const startedAt = new Date();
  const rehearsals = await faultedRehearsals({
    rehearsals:
      only === undefined ? Array.from({ length: times }, (_, index) => index + 1) : [only],
    jobs,
    transport,
    megabytes,
    seed,
    program: await MoveProgram.build(),
    stop,
    say,
  });
  const report: FaultReport = {
    startedAt: startedAt.toISOString(),
    command: `npm run faults -- --seed ${seed} --size ${megabytes} --transport ${transport}${only === undefined ? ` --times ${times}` : ""}`,
    machine: `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB, ${process.platform} ${process.arch}, Node ${process.version}`,
    transport,
    seed,
    durationMs: Date.now() - startedAt.getTime(),
    rehearsals,
  };
  const files = writeFiles(report);
  process.stdout.write(`\n${faultText(report)}\nreport: ${files.join(", ")}\n`);
  if (!isSound(report)) return EXIT_CODES["needs-person"];
  return stop.aborted ? EXIT_CODES.undone : EXIT_CODES.done;
}

/** @returns the files, as seen from the current folder */
function writeFiles(report: FaultReport): readonly string[] {
  mkdirSync(OUT, { recursive: true });
  return Object.entries({
    "faults.md": faultMarkdown(report),
    "faults.json": `${JSON.stringify(report, null, 2)}\n`,
  }).map(([name, text]) => {
    const path = join(OUT, name);
    writeFileSync(path, text);
    return relative(process.cwd(), path);
  });
}

void ended(main, USAGE, "npm run faults -- --help");
