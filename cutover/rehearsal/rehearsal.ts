import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { Endings } from "../adapters/local/endings";
import type { RedashSchema } from "../adapters/local/redash/schema";
import { type LocalWorld, startLocalWorld } from "../adapters/local/world";
import { oneRow } from "../database/database";
import { systemClock } from "../engine/clock";
import { runPlan } from "../engine/engine";
import type { Event, Journal, Lock } from "../engine/journal";
import type { Plan, Step } from "../engine/step";
import { Move } from "../move";
import type { Transport, World } from "../ports";
import { type ActRecord, actsOf } from "../report/acts";
import { counted } from "../report/quantity";
import { type Act, type ActOptions, planOf } from "../steps/acts";
import { judgeLedger, type LedgerVerdict } from "./ledger";
import { type Lag, LagProbe } from "./lag";
import { startUsers } from "./livingUsers";
import { type Experience, now, type Users } from "./users";

export interface RehearsalOptions {
  readonly schema: RedashSchema;
  readonly transport: Transport["kind"];
  readonly megabytes: number;
  readonly seed: number;
  /** How often the whole move is done: there and, all but the last time, back again and undone. */
  readonly times: number;
  readonly writeOutageBudgetMs: number;
  readonly journal: Journal;
  readonly lock: Lock;
  /** Aborted by Ctrl-C. */
  readonly stop: AbortSignal;
  readonly onProgress: (message: string) => void;
  readonly onEvent: (act: string, event: Event) => void;
  /** Waited for before each step: time of people, which is part of no step, but of the act. @default not at all */
  readonly before?: (plan: Plan, step: Step) => Promise<void>;
  /** How the acts reach the world; users work in it as it is. @default directly */
  readonly reach?: (local: LocalWorld) => Promise<Reached>;
}

/** The world as the acts have it, and what gives up the way to it. */
export interface Reached {
  readonly world: World;
  readonly close: () => Promise<void>;
}

/** An act, and what users had while it ran. */
export interface RehearsedAct extends ActRecord {
  /** Undefined for an act after the last user has gone. */
  readonly users: Experience | undefined;
}

export interface Rehearsal {
  readonly startedAt: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly acts: readonly RehearsedAct[];
  readonly lag: readonly Lag[];
  readonly ledger: LedgerVerdict;
  readonly reads: number;
  /** What was moved, for the estimate of another move. */
  readonly source: { readonly bytes: number; readonly rows: number };
  /** The most bytes of memory that everything but PostgreSQL held after an act. */
  readonly memoryBytes: number;
  /** The act that ended the rehearsal before its end, if one did. */
  readonly failed: RehearsedAct | undefined;
}

/** How long a copy or a full comparison may take. */
const LONG_MS = 3_600_000;
/** How long users work undisturbed between two acts. */
const BETWEEN_MS = 500;

const THERE = ["prepare", "replicate", "verify", "cutover"] as const satisfies readonly Act[];
/** There, back, there again for good; before that, as often as is asked, there and back to nothing. */
const acts = (times: number): readonly Act[] => [
  ...Array.from({ length: times - 1 }, () => [...THERE, "rollback", "abort"] as const).flat(),
  ...THERE,
  "rollback",
  "cutover",
];

/**
 * Rehearses the whole move: everything of this file happens to real servers and real processes on this machine.
 * @throws Error if the world cannot be started; it is removed in every case
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const startedAt = new Date().toISOString();
  const local = await startLocalWorld(options);
  const endings = new Endings("rehearsal");
  endings.add(local.remove);
  try {
    const reached = await options.reach?.(local);
    if (reached !== undefined) endings.add(() => reached.close());
    const { world } = reached ?? local;
    const checked = await checkedBefore(world, options);
    const source = await sizeOf(local);
    const living = await startUsers(local);
    const { users } = living;
    endings.add(users.end);
    const lag = await LagProbe.start(local);
    endings.add(() => lag.stop());
    const records: RehearsedAct[] = [];
    let memoryBytes = 0;
    const run = async (act: Act, during: Users | undefined): Promise<boolean> => {
      await systemClock.sleep(BETWEEN_MS);
      const plan = planOf(act, world, times(options.writeOutageBudgetMs));
      const record = await rehearsed(plan, during, options);
      records.push(record);
      memoryBytes = Math.max(memoryBytes, memory([process.pid, users.pid, ...local.pids()]));
      return record.outcome === "done";
    };
    let isSound = true;
    for (const act of acts(options.times)) if (isSound) isSound = await run(act, users);
    await systemClock.sleep(BETWEEN_MS);
    const samples = await lag.stop();
    const remembered = await users.stop();
    const side = await world.traffic.goesTo(AbortSignal.timeout(10_000));
    const client = await local.administrator(side);
    const ledger = await judgeLedger(client, remembered.ledger, living.before);
    await client.end();
    if (isSound) await run("finish", undefined);
    return {
      startedAt,
      environment: { ...(await environment(local, options)), preflight: checked },
      acts: records,
      lag: samples,
      ledger,
      reads: remembered.reads,
      source,
      memoryBytes,
      failed: records.find(({ outcome }) => outcome !== "done"),
    };
  } finally {
    options.onProgress("removing everything");
    await endings.all();
  }
}

/** @throws Refusal that names every check that does not hold */
async function checkedBefore(world: World, options: RehearsalOptions): Promise<string> {
  const { lock, journal, writeOutageBudgetMs, stop } = options;
  const move = new Move({
    ...times(writeOutageBudgetMs),
    world,
    journal,
    lock,
    clock: systemClock,
  });
  const { results } = await move.assertReady(stop);
  const warnings = results.filter(({ verdict }) => verdict === "warn").length;
  const found = `${results.length} checks, ${counted(warnings, "warning")}`;
  options.onProgress(`preflight: ${found}`);
  return found;
}

const times = (writeOutageBudgetMs: number): ActOptions => ({
  writeOutageBudgetMs,
  drainDeadlineMs: 2000,
  longDeadlineMs: LONG_MS,
});

async function rehearsed(
  plan: Plan,
  users: Users | undefined,
  options: RehearsalOptions,
): Promise<RehearsedAct> {
  const started = now();
  const run = randomUUID();
  await runPlan(plan, {
    clock: systemClock,
    journal: options.journal,
    lock: options.lock,
    run,
    stop: options.stop,
    before: async (step) => options.before?.(plan, step),
    onEvent: (event) => {
      options.onEvent(plan.act, event);
    },
  });
  // A gap ends with the first write after it.
  await systemClock.sleep(50);
  const record = actsOf(await options.journal.read()).find((it) => it.run === run);
  if (record === undefined) throw new Error(`the journal has no run ${run}`);
  return { ...record, users: await users?.experience(started) };
}

async function sizeOf(local: LocalWorld): Promise<{ bytes: number; rows: number }> {
  const client = await local.administrator("source");
  const { bytes, rows } = await oneRow<{ bytes: string; rows: string }>(
    client,
    `SELECT sum(pg_total_relation_size(oid))::text AS bytes, sum(greatest(reltuples, 0))::bigint::text AS rows
       FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  await client.end();
  return { bytes: Number(bytes), rows: Number(rows) };
}

async function environment(
  local: LocalWorld,
  { schema, transport, megabytes, seed, times, before }: RehearsalOptions,
): Promise<Record<string, string>> {
  const versions: string[] = [];
  for (const side of ["source", "target"] as const) {
    const client = await local.administrator(side);
    const { version } = await oneRow<{ version: string }>(
      client,
      "SELECT current_setting('server_version') AS version",
    );
    versions.push(version);
    await client.end();
  }
  return {
    transport,
    PostgreSQL: versions.join(" → "),
    "Redash schema": schema,
    "source's size": `${megabytes} MB (seed ${seed})`,
    "moves rehearsed": String(times),
    machine: `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB, ${process.platform} ${process.arch}`,
    Node: process.version,
    ...(before && {
      "before each step": "a person was waited for, also while users could not write",
    }),
  };
}

/** Memory of processes, shared pages by their share; 0 where the system does not tell. */
function memory(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      const [, kilobytes = "0"] =
        /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
      return sum + Number(kilobytes) * 1024;
    } catch {
      return sum;
    }
  }, 0);
}
