/**
 * How long users could not write on AWS: the real engine, with PostgreSQL, Valkey and users of a rehearsal, and with
 * every call of AWS as slow as it may be there. What it prints is in docs/benchmarks.md. Exit code 1 if it is too long,
 * or if a read failed.
 */
import { parseArgs } from "node:util";
import { TRANSPORTS, type Transport } from "../cutover/ports";
import type { Rehearsal } from "../cutover/rehearsal/rehearsal";
import { table, time } from "./figures";
import { type Latencies, slowJournal, slowWorld } from "./slowWorld";
import { soundRehearsal, windowMs } from "./soundRehearsal";

const LATENCIES: Latencies = {
  ssm: 5000,
  balancerCall: 1000,
  balancerEffect: 2000,
  ecsSteady: 30_000,
  ecsCall: 1000,
  sqlStatement: 2,
  journalAppend: 40,
};
const GOAL_MS = 5000;
const MEGABYTES = 20;

function rehearsed(transport: Transport["kind"]): Promise<Rehearsal> {
  process.stderr.write(`${transport}, as slow as AWS …\n`);
  return soundRehearsal(
    {
      transport,
      megabytes: MEGABYTES,
      times: 1,
      onEvent: (act, event) => {
        if (event.kind === "step-done")
          process.stderr.write(`${act} ${event.step} ${time(event.durationMs)}\n`);
      },
      reach: (local) => slowWorld(local, LATENCIES),
    },
    (file) => slowJournal(file, LATENCIES),
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const rows: string[][] = [];
  for (const transport of TRANSPORTS) {
    if (values.only !== undefined && values.only !== transport) continue;
    const { acts } = await rehearsed(transport);
    for (const { act, steps, users } of acts) {
      if (users === undefined || (act !== "cutover" && act !== "rollback")) continue;
      const isFlip = (id: string) => id.startsWith("traffic-to-");
      const { lengthMs } = users.writeGap;
      if (lengthMs > GOAL_MS || users.failedReads > 0) process.exitCode = 1;
      rows.push([
        `${transport}, ${act}`,
        time(lengthMs),
        `<= ${time(GOAL_MS)}`,
        time(windowMs(steps, (id) => !isFlip(id))),
        time(windowMs(steps, isFlip)),
        String(users.failedReads),
      ]);
    }
  }
  process.stdout.write(
    `\n${table(
      [
        "as slow as AWS",
        "users could not write",
        "goal",
        "of which steps before the flip, without the journal",
        "the flip, to the end of its reading back",
        "failed reads",
      ],
      rows,
    )}\n`,
  );
}

void main();
