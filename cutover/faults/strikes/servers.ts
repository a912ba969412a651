import type { SideName } from "../../ports";
import { becomes, over, pause, type Strike } from "../strike";

/** How long a server is away, besides the time of its start: a host that reboots its container. */
const AWAY_MS = 300;
/** How long a step may be at work when its server ends. */
const AT_WORK_MS = 20;

/** Every other time right at the beginning of the step, else while it is at work. */
export const databaseKilled =
  (side: SideName): Strike =>
  async ({ local, goOn, fault }) => {
    const server = local.servers[side];
    const [before, start] = [server.pid(), performance.now()];
    if (fault.draw >= 0.5) {
      goOn();
      await pause((fault.draw - 0.5) * 2 * AT_WORK_MS);
    }
    await server.stop("immediate");
    goOn();
    await pause(AWAY_MS);
    await server.start();
    const awayMs = Math.round(performance.now() - start);
    return over(
      { before: before ?? 0, after: server.pid() ?? 0, awayMs },
      // Users' connections are made anew, one after the other.
      { outageMs: awayMs + RECONNECT_MS },
    );
  };

const RECONNECT_MS = 1000;

/** It comes back empty: suspension, registrations of workers and waiting jobs are gone with it. */
export const queueKilled =
  (side: SideName): Strike =>
  async ({ local, goOn, fault }) => {
    const [queue, processes] = [local.queues[side], local.processes[side]];
    const before = queue.pid() ?? 0;
    await queue.kill();
    if (fault.draw >= 0.5) goOn();
    await pause(AWAY_MS);
    await queue.start();
    const after = queue.pid() ?? 0;
    return async () => {
      // Whoever supervises workers starts those again that have lost their registration.
      if (processes.isRunning("workers")) {
        await processes.stop("workers");
        await processes.start("workers");
      }
      return { evidence: { before, after }, outageMs: 0 };
    };
  };

/** What holds a connection of replication, on whichever side sends at that moment. */
const CUT = `SELECT count(pg_terminate_backend(pid))::int AS cut FROM pg_stat_replication
  WHERE application_name NOT LIKE 'pg\\_basebackup%'`;
/** How long to look for one: a step may be making it. */
const LOOK_MS = 3000;

export const replicationCut: Strike = async ({ local, goOn }) => {
  const clients = [await local.administrator("source"), await local.administrator("target")];
  try {
    let cut = 0;
    const isCut = async () => {
      for (const client of clients) {
        const { rows } = await client.query<{ cut: number }>(CUT);
        cut += rows[0]?.cut ?? 0;
      }
      return cut > 0;
    };
    if (!(await becomes(isCut, 100))) {
      goOn();
      await becomes(isCut, LOOK_MS);
    }
    return over({ cut }, cut > 0 ? {} : { missed: "there was no connection to cut" });
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
};

const SLOW_MS = { delay: 50, length: 3000 };

/** Every question of the move takes longer, also those of replication that come by the same way. */
export const networkSlow: Strike = ({ ways, move }) => {
  const all = Object.values(ways);
  for (const way of all) way.delayMs = SLOW_MS.delay;
  const fast = () => {
    for (const way of all) way.delayMs = 0;
  };
  const timer = setTimeout(fast, SLOW_MS.length);
  void move.ended.then(() => {
    clearTimeout(timer);
    fast();
  });
  return Promise.resolve(over({ delayMs: SLOW_MS.delay }));
};
