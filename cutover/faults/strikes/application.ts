import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Redis } from "ioredis";
import { JournalFile } from "../../adapters/local/journalFile";
import type { LocalWorld } from "../../adapters/local/world";
import type { SideName } from "../../ports";
import type { LedgerEntry } from "../../rehearsal/users";
import { sidesOf } from "../kind";
import { becomes, over, pause, type Scene, type Strike } from "../strike";

/** How long a server may take to answer. */
const ANSWER_MS = 10_000;
const LIMITS = { connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS };

const FAVORITE =
  "INSERT INTO favorites (org_id, object_type, object_id, user_id, created_at, updated_at) VALUES (1, $1, 1, 1, now(), now())";
const token = () => randomBytes(16).toString("hex");
/** Longer than the fence has patience with a transaction. */
const HELD_MS = 3000;

/** It writes one row and stays open; where nobody can write, it holds a snapshot. Longer than the fence has patience. */
export const longTransaction: Strike = async ({ local, usersOn, wrote }) => {
  const client = await local.application(usersOn, LIMITS);
  const write = { kind: "favorite", token: token() } as const;
  await client.query("BEGIN");
  const isWriting = await client.query(FAVORITE, [write.token]).then(
    () => true,
    () => false,
  );
  if (!isWriting)
    await client.query("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM queries");
  const isCommitted = pause(HELD_MS)
    .then(() => client.query("COMMIT"))
    .then(
      () => true,
      () => false,
    );
  return async () => {
    const committed = await isCommitted;
    if (isWriting) wrote({ write, state: committed ? "acknowledged" : "unknown" });
    await client.end().catch(() => undefined);
    return { evidence: { isWriting, committed, heldMs: HELD_MS }, outageMs: 0 };
  };
};

const DEADLOCK = "40P01";

/**
 * The application writes `queries` before `changes`, and so does whoever applies its rows. This session locks the second
 * and then wants the first: the server ends one of them.
 */
export const deadlock: Strike = async ({ local, goOn }) => {
  const locked = await Promise.all(
    (["source", "target"] as const).map((side) => oppositeLocks(local, side)),
  );
  goOn();
  const start = performance.now();
  const held = locked.filter((it) => it !== undefined);
  const deadlocks = await Promise.all(held.map((it) => it.second()));
  return over(
    { sides: held.length, deadlocks: deadlocks.reduce((sum, it) => sum + it, 0) },
    { outageMs: Math.round(performance.now() - start) + FIRST_LOCK_MS },
  );
};

const FIRST_LOCK_MS = 2000;

async function oppositeLocks(local: LocalWorld, side: SideName) {
  const client = await local.administrator(side);
  const deadlocks = async () =>
    (
      await client.query<{ n: number }>(
        "SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()",
      )
    ).rows[0]?.n ?? 0;
  const before = await deadlocks();
  try {
    await client.query(
      `BEGIN; SET LOCAL lock_timeout = '${FIRST_LOCK_MS}ms'; LOCK TABLE changes IN ACCESS EXCLUSIVE MODE`,
    );
  } catch {
    // No such table yet, or somebody has it for longer.
    await client.end().catch(() => undefined);
    return undefined;
  }
  return {
    /** @returns how many deadlocks the server has ended */
    second: async (): Promise<number> => {
      // Until then somebody who has written `queries` waits for `changes`.
      await pause(150);
      const code = await client
        .query("LOCK TABLE queries IN ACCESS EXCLUSIVE MODE")
        .then(() => undefined)
        .catch((error: unknown) => (error as { code?: string }).code);
      await client.query("ROLLBACK").catch(() => undefined);
      // The other one may have been ended instead; the server counts a moment later.
      if (code !== DEADLOCK) await becomes(async () => (await deadlocks()) > before, 600);
      const after = await deadlocks().catch(() => before);
      await client.end().catch(() => undefined);
      return Math.max(after - before, code === DEADLOCK ? 1 : 0);
    },
  };
}

/** How many writes are tried. */
const BEHIND_FENCE = 3;

/**
 * What is acknowledged must be there in the end, whoever wrote it and however. What comes after replication was turned
 * stays on the side that users leave: if they do, it must be named.
 */
export const fenceIgnored: Strike = async ({ local, fault, state, wrote }) => {
  const { from, to } = sidesOf(fault.act);
  const client = await local.application(from, LIMITS);
  const entries: LedgerEntry[] = [];
  const sinceMs = Date.now();
  await client.query("SET default_transaction_read_only = off");
  for (let count = 0; count < BEHIND_FENCE; count++) {
    const write = { kind: "favorite", token: token() } as const;
    const isDone = await client.query(FAVORITE, [write.token]).then(
      () => true,
      () => false,
    );
    entries.push({ write, state: isDone ? "acknowledged" : "unknown" });
  }
  await client.end();
  const acknowledged = entries.filter((it) => it.state === "acknowledged").length;
  if (acknowledged === 0) return over({}, { missed: "nothing could be written behind the fence" });
  return async () => {
    const goesTo = await local.world.traffic.goesTo(AbortSignal.timeout(ANSWER_MS));
    const isLeft = fault.step === `traffic-to-${to}` && goesTo === to;
    if (!isLeft) for (const entry of entries) wrote(entry);
    const looked = (await new JournalFile(join(state, "journal.jsonl")).read()).findLast(
      (it) => it.kind === "step-done" && it.step === `${from}-late-writes-named`,
    );
    // Whoever was killed before it leaves the look to the next process.
    const named =
      looked?.kind === "step-done" && looked.atMs > sinceMs ? looked.evidence["rows"] : undefined;
    return {
      evidence: { acknowledged, isLeft, ...(named !== undefined && { named }) },
      outageMs: 0,
      ...(isLeft && named !== undefined && Number(named) < acknowledged
        ? { violation: `${acknowledged} writes past the fence, of which ${named} are named` }
        : {}),
    };
  };
};

const other = (side: SideName): SideName => (side === "source" ? "target" : "source");
const EMPTIED = ["queries", "scheduled_queries"];

/** It fills the queue of the side where users are not, and would run every schedule a second time. */
export const schedulerByHand: Strike = async ({ local, usersOn }) => {
  const side = other(usersOn);
  const processes = local.processes[side];
  if (processes.isRunning("scheduler"))
    return over({ side }, { missed: "a scheduler runs there already" });
  await processes.start("scheduler");
  return async () => {
    const now = await local.world.traffic.goesTo(AbortSignal.timeout(5000));
    const felt = { evidence: { side, isRunning: processes.isRunning("scheduler") }, outageMs: 0 };
    // Users are there by now, and this scheduler is theirs.
    if (now === side) return felt;
    await processes.stop("scheduler");
    const queue = new Redis(local.queues[side].url);
    await queue.del(...EMPTIED.map((name) => `rq:queue:${name}`));
    queue.disconnect();
    return felt;
  };
};

/** How long the load balancer may take to see it. */
const UNHEALTHY_MS = 3000;

export const receiverUnhealthy: Strike = async ({ local, fault }) => {
  const { to } = sidesOf(fault.act);
  const healthy = () => local.world.traffic.healthyTargets(to, AbortSignal.timeout(UNHEALTHY_MS));
  const start = performance.now();
  await local.processes[to].stop("servers");
  const isSeen = await becomes(async () => (await healthy()) === 0, UNHEALTHY_MS);
  return async () => {
    await local.processes[to].start("servers");
    await becomes(async () => (await healthy()) === 1, UNHEALTHY_MS);
    return {
      evidence: { isSeen },
      outageMs: Math.round(performance.now() - start),
      ...(isSeen ? {} : { missed: "the load balancer did not see it" }),
    };
  };
};

/** How long a job may be waited for. */
const JOB_MS = 4000;
/** Queries that are executed, so that there is one to be met. */
const QUERIES = 8;

export const workerKilled: Strike = async (scene) => {
  const { local, usersOn } = scene;
  const processes = local.processes[usersOn];
  if (!processes.isRunning("workers"))
    return over({}, { missed: `no worker runs on the ${usersOn}` });
  const queue = new Redis(local.queues[usersOn].url);
  try {
    return await killedInJob(scene, queue);
  } finally {
    queue.disconnect();
  }
};

async function killedInJob({ local, usersOn }: Scene, queue: Redis) {
  const processes = local.processes[usersOn];
  const jobs = async () => {
    const workers = await queue.smembers("rq:workers");
    const found = await Promise.all(workers.map((key) => queue.hget(key, "current_job")));
    return found.filter((job) => job !== null);
  };
  // Nobody takes away what a worker has left that was killed before.
  const before = await jobs();
  const taken = async () => (await jobs()).filter((job) => !before.includes(job));
  // Who waits for such a query is told that it failed.
  for (let count = 0; count < QUERIES; count++)
    void local.world.application.executeQuery(AbortSignal.timeout(JOB_MS)).catch(() => undefined);
  await becomes(async () => (await taken()).length > 0, JOB_MS);
  await processes.kill("workers");
  const [job] = await taken();
  // As whoever supervises it does.
  await processes.start("workers");
  return over({ job: job ?? "" }, job !== undefined ? {} : { missed: "no job was at work" });
}
