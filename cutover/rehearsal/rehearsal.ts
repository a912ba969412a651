import { cpus, totalmem } from "node:os";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RedashSchema } from "../adapters/local/redash/schema";
import { type LocalWorld, startLocalWorld } from "../adapters/local/world";
import { oneRow } from "../database/database";
import { type Proof, proofs } from "../database/proof";
import { systemClock } from "../engine/clock";
import { type Outcome, runPlan } from "../engine/engine";
import type { Event, Journal, Lock } from "../engine/journal";
import type { Plan } from "../engine/step";
import type { World } from "../ports";
import { preparePlan } from "../steps/prepare";
import { removalPlan } from "../steps/remove";
import { replicatePlan } from "../steps/replicate";
import { switchPlan } from "../steps/switch";
import { verifyPlan } from "../steps/verify";
import { failureCounts, judgeLedger, type LedgerVerdict } from "./ledger";
import { type Gap, Users } from "./users";

export interface RehearsalOptions {
  readonly schema: RedashSchema;
  readonly megabytes: number;
  readonly seed: number;
  /** How often users are switched over (and, in between, back). */
  readonly times: number;
  readonly writeOutageBudgetMs: number;
  readonly journal: Journal;
  readonly lock: Lock;
  /** Aborted by Ctrl-C. */
  readonly stop: AbortSignal;
  readonly onProgress: (message: string) => void;
  readonly onEvent: (act: string, event: Event) => void;
}

/** A step as it was planned and as it was. */
export interface StepRecord {
  readonly id: string;
  readonly title: string;
  readonly inWindow: boolean;
  readonly plannedMs: number;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly outcome: "done" | "skipped" | "failed" | "undone";
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
}

export interface ActRecord {
  readonly act: string;
  readonly outcome: Outcome["outcome"];
  readonly reason: string;
  readonly durationMs: number;
  readonly steps: readonly StepRecord[];
  readonly warnings: readonly string[];
  /** As the engine has it, from fence to flip; undefined for an act without a window. */
  readonly engineOutageMs: number | undefined;
  /** As users had it; undefined for an act after the last user has gone. */
  readonly users:
    { readonly writeGap: Gap; readonly readGap: Gap; readonly failedReads: number } | undefined;
}

export interface Rehearsal {
  readonly startedAt: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly acts: readonly ActRecord[];
  readonly proofs: readonly Proof[];
  readonly ledger: LedgerVerdict;
  readonly users: { readonly acknowledged: number; readonly reads: number };
  /** Bytes of memory that everything but PostgreSQL held in the end. */
  readonly memoryBytes: number;
  /** The act that ended the rehearsal before its end, if one did. */
  readonly failed: ActRecord | undefined;
}

const DEADLINE_MS = 3_600_000;
/** How long users work undisturbed between two acts. */
const BETWEEN_MS = 500;

/**
 * Rehearses the whole move: everything of this file happens to real servers and real processes on this machine.
 * @throws Error if the world cannot be started; it is removed in every case
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const started = performance.now();
  const startedAt = new Date().toISOString();
  const local = await startLocalWorld(options);
  try {
    const { world } = local;
    const [before, touchable] = await lookAtData(local);
    const users = new Users(local.url, touchable);
    const acts: ActRecord[] = [];
    const run = async (plan: Plan): Promise<boolean> => {
      await pause(BETWEEN_MS);
      const record = await runAct(plan, users, options, started);
      acts.push(record);
      return record.outcome === "done";
    };
    const switched = (act: "cutover" | "rollback") =>
      switchPlan(act, world, {
        writeOutageBudgetMs: options.writeOutageBudgetMs,
        drainDeadlineMs: 2000,
      });
    const plans = [
      () => preparePlan(world),
      () => replicatePlan(world, DEADLINE_MS),
      () => verifyPlan(world, DEADLINE_MS),
      ...Array.from({ length: options.times - 1 }, () => [
        () => switched("cutover"),
        () => switched("rollback"),
      ]).flat(),
      () => switched("cutover"),
      () => switched("rollback"),
      () => switched("cutover"),
    ];
    let isSound = true;
    for (const plan of plans) if (isSound) isSound = await run(plan());
    const executed = isSound ? await executedQuery(users) : [];
    await pause(BETWEEN_MS);
    const memoryBytes = memory([process.pid, ...local.pids()]);
    await users.stop();
    const side = await world.traffic.goesTo(AbortSignal.timeout(10_000));
    const client = await local.administrator(side);
    const found = [...executed, ...(await proofs(client, local.secretKey))];
    found.push(await searchFinds(client, users), await pausesCarried(world));
    const ledger = await judgeLedger(client, users.ledger, before);
    await client.end();
    if (isSound) acts.push(await runAct(removalPlan("finish", world), undefined, options, started));
    const { acknowledged, reads } = users.counts();
    return {
      startedAt,
      environment: await environment(local, options),
      acts,
      proofs: found,
      ledger,
      users: { acknowledged, reads },
      memoryBytes,
      failed: acts.find(({ outcome }) => outcome !== "done"),
    };
  } finally {
    options.onProgress("removing everything");
    await local.remove();
  }
}

async function runAct(
  plan: Plan,
  users: Users | undefined,
  options: RehearsalOptions,
  originMs: number,
): Promise<ActRecord> {
  const startedMs = performance.now();
  const steps = new Map<string, StepRecord>();
  const outcome = await runPlan(plan, {
    clock: systemClock,
    journal: options.journal,
    lock: options.lock,
    run: randomUUID(),
    stop: options.stop,
    onEvent: (event) => {
      record(event, plan, steps, originMs);
      options.onEvent(plan.act, event);
    },
  });
  const durationMs = performance.now() - startedMs;
  // A gap ends with the first write after it.
  await pause(50);
  return {
    act: plan.act,
    outcome: outcome.outcome,
    reason: outcome.reason,
    durationMs,
    steps: [...steps.values()],
    warnings: outcome.warnings.map(({ step, message }) => `${step}: ${message}`),
    engineOutageMs: outcome.writeOutageMs,
    users: users && {
      writeGap: users.longestGap("writes", startedMs),
      readGap: users.longestGap("reads", startedMs),
      failedReads: users.failedReads(startedMs),
    },
  };
}

function record(event: Event, plan: Plan, steps: Map<string, StepRecord>, originMs: number): void {
  if (!("step" in event) || event.kind === "progress" || event.kind === "warning") return;
  const step = plan.steps.find(({ id }) => id === event.step);
  if (step === undefined) return;
  const known = steps.get(step.id) ?? {
    id: step.id,
    title: step.title,
    inWindow: step.inWindow ?? false,
    plannedMs: step.estimateMs,
    startedMs: performance.now() - originMs,
    durationMs: 0,
    outcome: "failed" as const,
    evidence: {},
  };
  if (event.kind === "step-done") {
    const { durationMs, skipped, evidence } = event;
    steps.set(step.id, { ...known, durationMs, evidence, outcome: skipped ? "skipped" : "done" });
  } else if (event.kind === "undone") steps.set(step.id, { ...known, outcome: "undone" });
  else if (event.kind === "step-failed")
    steps.set(step.id, { ...known, durationMs: event.durationMs });
  else steps.set(step.id, known);
}

/** What the data is before users touch it, and what of it they may touch. */
async function lookAtData(local: LocalWorld) {
  const client = await local.administrator("source");
  const before = await failureCounts(client);
  const { rows } = await client.query<{ id: number }>(
    "SELECT id FROM query_results r WHERE NOT EXISTS (SELECT FROM queries q WHERE q.latest_query_data_id = r.id) ORDER BY id LIMIT 2000",
  );
  await client.end();
  const ids = [...before.keys()].sort((one, other) => one - other);
  const half = Math.floor(ids.length / 2);
  const touchable = {
    queryIds: ids.slice(0, half),
    archiveIds: ids.slice(half),
    resultIds: rows.map(({ id }) => id),
  };
  return [before, touchable] as const;
}

/** The only check that sees a sick queue. */
async function executedQuery(users: Users): Promise<Proof[]> {
  const start = performance.now();
  const what = "a query is executed, from the API through queue and worker to its end";
  try {
    await users.executeQuery(20_000);
    return [{ what, holds: true, found: `in ${Math.round(performance.now() - start)} ms` }];
  } catch (error) {
    return [{ what, holds: false, found: (error as Error).message }];
  }
}

/** The last edit was made on the side that users are on now; the trigger must have made it searchable. */
async function searchFinds(
  client: Awaited<ReturnType<LocalWorld["administrator"]>>,
  users: Users,
): Promise<Proof> {
  const last = users.ledger.findLast(
    ({ write, state }) => write.kind === "edit" && state === "acknowledged",
  );
  const token = last !== undefined && "token" in last.write ? last.write.token : "";
  const { found } = await oneRow<{ found: number }>(
    client,
    "SELECT count(*)::int AS found FROM queries WHERE search_vector @@ to_tsquery('simple', $1)",
    [token],
  );
  return {
    what: "search finds what was written after the switch",
    holds: found === 1,
    found: `${found} of 1 queries`,
  };
}

/** Pauses of data sources are in Redis alone. */
async function pausesCarried({ source, target }: World): Promise<Proof> {
  const signal = AbortSignal.timeout(10_000);
  const [from, to] = [await source.queue.state(signal), await target.queue.state(signal)];
  const paused = [...from.keys()].filter((key) => key.startsWith("ds:"));
  return {
    what: "paused data sources are paused on both sides",
    holds: paused.length > 0 && paused.every((key) => to.has(key)),
    found: paused.join(", "),
  };
}

async function environment(
  local: LocalWorld,
  { schema, megabytes, seed, times }: RehearsalOptions,
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
    PostgreSQL: versions.join(" → "),
    "Redash schema": schema,
    "source's size": `${megabytes} MB (seed ${seed})`,
    switches: String(2 * times + 1),
    machine: `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB, ${process.platform} ${process.arch}`,
    Node: process.version,
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

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
