import { statfs } from "node:fs/promises";
import { closeConnections, type Database } from "../../database/database";
import type {
  Part,
  ReplicationTask,
  Side,
  SideName,
  TaskStatistics,
  Traffic,
  Workload,
  World,
} from "../../ports";
import { RqQueue } from "../../queue/rqQueue";
import { redashApi } from "../../redash/api";
import { pgDump } from "../pgDump";
import { binary } from "./binary";
import type { LocalSideDescription, LocalWorldDescription } from "./description";

/** A data source that every rehearsal has. */
const DATA_SOURCE_ID = 1;

/** The world that another process has started on this machine. Nothing is asked of it before it is needed. */
export function connectLocalWorld(description: LocalWorldDescription): {
  readonly world: World;
  readonly close: () => Promise<void>;
} {
  const { source, target, front, processesUrl, task } = description;
  const queues = { source: new RqQueue(source.redisUrl), target: new RqQueue(target.redisUrl) };
  const side = (name: SideName): Side => ({
    name,
    database: database(name, description[name]),
    storage: async () => {
      const { bavail, bsize, blocks } = await statfs(description[name].dataDirectory);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
    workload: workload(`${processesUrl}/${name}`, description[name].serverUrl),
    queue: queues[name],
    secretKey: () => Promise.resolve(description[name].secretKey),
  });
  const world: World = {
    source: side("source"),
    target: side("target"),
    traffic: traffic(front.controlUrl),
    schema: pgDump(() => binary("pgDump"), source.database),
    application: redashApi({ url: front.url, dataSourceId: DATA_SOURCE_ID }),
    transport:
      task === undefined ? { kind: "logical" } : { kind: "dms", task: replicationTask(task) },
  };
  return {
    world,
    close: async () => {
      for (const queue of Object.values(queues)) queue.close();
      await closeConnections(world.source.database);
      await closeConnections(world.target.database);
    },
  };
}

const database = (
  side: SideName,
  { database: connection, applicationRole, applicationPassword }: LocalSideDescription,
): Database => ({
  side,
  connection,
  replicationConnection: `host=${connection.host} port=${connection.port} dbname=${connection.database} user=${connection.user} password=${connection.password}`,
  applicationRole,
  ...(applicationPassword !== undefined && {
    applicationPassword: () => Promise.resolve(applicationPassword),
  }),
});

/** Asks a process of this machine. @throws Error with its words if it does not do it */
async function ask<Answer>(method: string, url: string, signal: AbortSignal): Promise<Answer> {
  const answer = await fetch(url, { method, signal });
  if (!answer.ok) {
    const words = (await answer.text()).slice(0, 500);
    throw new Error(`${new URL(url).pathname} answered ${answer.status}${words && `: ${words}`}`);
  }
  return (await answer.json()) as Answer;
}

function workload(url: string, serverUrl: string): Workload {
  const running = async (method: string, path: string, signal: AbortSignal) =>
    (await ask<{ running: number }>(method, `${url}/${path}`, signal)).running;
  return {
    state: async (part: Part, signal) => ({
      running: await running("GET", part, signal),
      wanted: part === "servers" ? 1 : 0,
    }),
    start: async (part, signal) => {
      if ((await running("PUT", `${part}/started`, signal)) === 0)
        throw new Error(`${part} started, but not running any more`);
    },
    stop: async (part, signal) => {
      if ((await running("PUT", `${part}/stopped`, signal)) > 0)
        throw new Error(`${part} stopped, but running again`);
    },
    version: async (signal) =>
      (await ask<{ version: string }>("GET", `${serverUrl}/status.json`, signal)).version,
  };
}

function traffic(controlUrl: string): Traffic {
  const state = (method: string, path: string, signal: AbortSignal) =>
    ask<{ goesTo: SideName; healthy: Record<string, boolean> }>(
      method,
      `${controlUrl}/${path}`,
      signal,
    );
  return {
    goesTo: async (signal) => (await state("GET", "state", signal)).goesTo,
    flipTo: async (side, signal) => {
      const { goesTo } = await state("PUT", `weight/${side}`, signal);
      if (goesTo !== side) throw new Error(`traffic goes to the ${goesTo}`);
    },
    healthyTargets: async (side, signal) =>
      (await state("GET", "state", signal)).healthy[side] === true ? 1 : 0,
  };
}

const replicationTask = ({
  controlUrl,
  sourceRole,
  sourceSlot,
}: NonNullable<LocalWorldDescription["task"]>): ReplicationTask => ({
  sourceRole,
  sourceSlot: () => Promise.resolve(sourceSlot),
  start: async (signal) => {
    await ask("PUT", `${controlUrl}/started`, signal);
  },
  statistics: (signal) => ask<TaskStatistics>("GET", `${controlUrl}/statistics`, signal),
  stop: async (signal) => {
    await ask("PUT", `${controlUrl}/stopped`, signal);
  },
  remove: async (signal) => {
    await ask("PUT", `${controlUrl}/removed`, signal);
  },
});
