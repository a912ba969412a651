import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Endings } from "../adapters/local/endings";
import { type LocalWorld, startLocalWorld } from "../adapters/local/world";
import type { Transport } from "../ports";
import { judgeLedger, type LedgerVerdict } from "../rehearsal/ledger";
import { startUsers } from "../rehearsal/livingUsers";
import type { LedgerEntry } from "../rehearsal/users";
import type { Dealt } from "./deck";
import { type ActResult, faultedAct } from "./faultedAct";
import { leftovers } from "./leftovers";
import type { MoveProgram } from "./moveProcess";
import { slowableWays } from "./ways";

export interface FaultedOptions {
  readonly transport: Transport["kind"];
  readonly megabytes: number;
  readonly seed: number;
  readonly program: MoveProgram;
  /** Aborted by Ctrl-C: the act at hand is the last. */
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

/** What became of a rehearsal. */
export interface FaultedRehearsal {
  /** Its number; with the seed it names the faults. */
  readonly rehearsal: number;
  readonly acts: readonly ActResult[];
  readonly ledger: LedgerVerdict;
  /** What must not be: a write that was lost, an act without an end, something left behind. Empty if all is well. */
  readonly violations: readonly string[];
  /** The journal, if something must not be. */
  readonly journal: readonly string[];
  readonly durationMs: number;
}

/** People rest a little, so that the machine is left to what is rehearsed: several hundred writes a minute are enough. */
const PACE = { pauseMs: 20 };

/**
 * A whole move in a world of its own, whose acts meet faults.
 * @throws Error if the world cannot be started, or a part of it not be removed
 */
export async function faultedRehearsal(
  rehearsal: number,
  hand: readonly Dealt[],
  options: FaultedOptions,
): Promise<FaultedRehearsal> {
  const { transport, megabytes, seed, program, say, stop } = options;
  const started = performance.now();
  const endings = new Endings("faulted rehearsal");
  const state = mkdtempSync(join(tmpdir(), "redash-faults-"));
  endings.add(() => {
    rmSync(state, { recursive: true, force: true });
    return Promise.resolve();
  });
  let result: Omit<FaultedRehearsal, "durationMs">;
  let local: LocalWorld | undefined;
  try {
    local = await startLocalWorld({ transport, megabytes, seed, stop });
    endings.add(local.remove);
    const ways = await slowableWays(local, state);
    for (const way of Object.values(ways)) endings.add(way.close);
    const { users, before } = await startUsers(local, PACE);
    endings.add(users.end);
    const own: LedgerEntry[] = [];
    const acts: ActResult[] = [];
    for (const dealt of hand) {
      if (stop.aborted) break;
      const setting = { local, ways, program, state, users, say, wrote: own.push.bind(own) };
      acts.push(await faultedAct(dealt, setting));
      if ((acts.at(-1)?.violations.length ?? 0) > 0) break;
    }
    const side = await local.world.traffic.goesTo(AbortSignal.timeout(10_000));
    const { ledger: theirs } = await users.stop();
    const client = await local.administrator(side);
    const ledger = await judgeLedger(client, [...theirs, ...own], before);
    await client.end();
    const isWhole = acts.length === hand.length && acts.every((it) => it.violations.length === 0);
    const violations = [
      ...acts.flatMap((it) => it.violations),
      ...ledger.lost.map((it) => `lost: ${it}`),
      ...ledger.duplicated.map((it) => `duplicated: ${it}`),
      ...(isWhole ? await leftovers(local, side, state) : []).map((it) => `left behind: ${it}`),
    ];
    const journal =
      violations.length === 0 ? [] : readFileSync(join(state, "journal.jsonl"), "utf8").split("\n");
    result = { rehearsal, acts, ledger, violations, journal };
  } finally {
    await endings.all();
  }
  const gone = [...folders(local), state].filter((it) => existsSync(it));
  return {
    ...result,
    violations: [...result.violations, ...gone.map((it) => `left behind: ${it}`)],
    durationMs: Math.round(performance.now() - started),
  };
}

const folders = ({ servers }: LocalWorld) => Object.values(servers).map((it) => it.directory);
