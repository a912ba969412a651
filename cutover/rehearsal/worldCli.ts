import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { REDASH_SCHEMAS } from "../adapters/local/redash/schema";
import { startLocalWorld } from "../adapters/local/world";
import { choice, ended, Problems, wholeNumber } from "../command";
import { narrator, stopSignal } from "../narrator";
import { TRANSPORTS } from "../ports";
import { EXIT_CODES } from "../report/summary";
import type { MoveSettings } from "../moveSettings";
import { judgeLedger } from "./ledger";
import { startUsers } from "./livingUsers";
import type { Users } from "./users";

const USAGE = `npm run world -- [--size MB] [--redash VERSION] [--seed N] [--transport logical|dms]

Starts what \`npm run rehearse\` moves, and leaves the moving to you: a source that lives, an empty target, people who write
and read. In another terminal: npm run move -- preflight, and then one act after the other. Ctrl-C ends it, tells whether
every acknowledged write is still there, and removes everything.

Exit codes: 0 nothing was lost, 2 the world could not be started, or was stopped before it was there, 3 something was
lost, 64 wrong usage.`;
const STATE = join(__dirname, "..", "..", ".state");

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      size: { type: "string", default: "20" },
      redash: { type: "string", default: "25.8.0" },
      seed: { type: "string", default: "1" },
      transport: { type: "string", default: "logical" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const problems = new Problems();
  const options = {
    megabytes: wholeNumber(problems, "size", values.size, 8, 5000),
    seed: wholeNumber(problems, "seed", values.seed, 0, 2 ** 31 - 1),
    schema: choice(problems, "redash", values.redash, REDASH_SCHEMAS),
    transport: choice(problems, "transport", values.transport, TRANSPORTS),
  };
  problems.assertNone();
  const write = (text: string) => process.stderr.write(text);
  const stop = stopSignal(write);
  const { say } = narrator(write);
  const local = await startLocalWorld({ ...options, stop, onProgress: say });
  const settingsPath = join(STATE, "move.json");
  let users: Users | undefined;
  try {
    const living = await startUsers(local);
    const { before } = living;
    users = living.users;
    const settings: MoveSettings = {
      writeOutageBudgetMs: 5000,
      drainDeadlineMs: 10_000,
      longDeadlineMs: 3_600_000,
      world: local.description,
    };
    mkdirSync(STATE, { recursive: true });
    // The journal tells of this world only.
    rmSync(join(STATE, "journal.jsonl"), { force: true });
    writeFileSync(settingsPath, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
    say(`people work at ${local.description.front.url}; settings of the move: .state/move.json`);
    say("in another terminal: npm run move -- preflight (Ctrl-C here ends the world)");
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener("abort", () => {
        resolve();
      });
    });
    const { ledger } = await users.stop();
    const client = await local.administrator(
      await local.world.traffic.goesTo(AbortSignal.timeout(10_000)),
    );
    const { acknowledged, lost, duplicated } = await judgeLedger(client, ledger, before);
    await client.end();
    process.stdout.write(
      `${acknowledged} acknowledged writes: ${lost.length} lost, ${duplicated.length} duplicated\n`,
    );
    for (const it of [...lost, ...duplicated].slice(0, 20)) process.stdout.write(`  ${it}\n`);
    return lost.length + duplicated.length === 0 ? EXIT_CODES.done : EXIT_CODES["needs-person"];
  } finally {
    rmSync(settingsPath, { force: true });
    await users?.end();
    await local.remove();
  }
}

void ended(main, USAGE, "npm run world -- --help");
