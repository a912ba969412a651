/**
 * How long users could not write on AWS: the real engine, with PostgreSQL, Valkey and users of a rehearsal, and with
 * every call of AWS as slow as it may be there. What it prints is in docs/benchmarks.md. Exit code 1 if it is too long,
 * or if a read failed.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { JournalFile } from "../cutover/adapters/local/journalFile";
import { LockFile } from "../cutover/adapters/local/lockFile";
import { TRANSPORTS, type Transport } from "../cutover/ports";
import { type Rehearsal, rehearse } from "../cutover/rehearsal/rehearsal";
import { table, time } from "./figures";
import { type Latencies, slowJournal, slowWorld } from "./slowWorld";

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

async function rehearsed(transport: Transport["kind"]): Promise<Rehearsal> {
  process.stderr.write(`${transport}, as slow as AWS …\n`);
  const folder = mkdtempSync(join(tmpdir(), "redash-aws-window-"));
  try {
    const rehearsal = await rehearse({
      schema: "25.8.0",
      transport,
      megabytes: MEGABYTES,
      seed: 1,
      times: 1,
      writeOutageBudgetMs: 60_000,
      journal: slowJournal(new JournalFile(join(folder, `${randomUUID()}.jsonl`)), LATENCIES),
      lock: new LockFile(join(folder, "lock")),
      stop: new AbortController().signal,
      onProgress: () => undefined,
      onEvent: (act, event) => {
        if (event.kind === "step-done")
          process.stderr.write(`${act} ${event.step} ${time(event.durationMs)}\n`);
      },
      reach: (local) => slowWorld(local, LATENCIES),
    });
    const { failed, ledger } = rehearsal;
    if (failed !== undefined) throw new Error(`${failed.act} failed: ${failed.reason}`);
    if (ledger.lost.length + ledger.duplicated.length > 0)
      throw new Error(`${ledger.lost.length} writes lost, ${ledger.duplicated.length} duplicated`);
    return rehearsal;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const rows: string[][] = [];
  for (const transport of TRANSPORTS) {
    if (values.only !== undefined && values.only !== transport) continue;
    const { acts } = await rehearsed(transport);
    for (const { act, steps, users } of acts) {
      if (users === undefined || (act !== "cutover" && act !== "rollback")) continue;
      const sum = (of: (id: string) => boolean) =>
        steps
          .filter(({ id, inWindow }) => inWindow && of(id))
          .reduce((all, { durationMs }) => all + durationMs, 0);
      const isFlip = (id: string) => id.startsWith("traffic-to-");
      const { lengthMs } = users.writeGap;
      if (lengthMs > GOAL_MS || users.failedReads > 0) process.exitCode = 1;
      rows.push([
        `${transport}, ${act}`,
        time(lengthMs),
        `<= ${time(GOAL_MS)}`,
        time(sum((id) => !isFlip(id))),
        time(sum(isFlip)),
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
