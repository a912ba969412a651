import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { closeConnections, type Database } from "../../database/database";
import type { Part, Side, SideName, Traffic, Workload, World } from "../../ports";
import { RqQueue } from "../../queue/rqQueue";
import { pgDump } from "../pgDump";
import { binary } from "./binary";
import { freePort } from "./freePort";
import { type PostgresServer, startPostgres } from "./postgresServer";
import { fill } from "./redash/data";
import { makeSchema, type RedashSchema } from "./redash/schema";
import { type StandIn, startStandIn } from "./standInProcess";
import { startValkey, type ValkeyServer } from "./valkeyServer";

export interface LocalWorldOptions {
  /** Version of Redash whose schema the source has. @default 25.8.0 */
  readonly schema?: RedashSchema;
  /** About how large the source's database is. */
  readonly megabytes: number;
  /** The same number makes the same data. @default 1 */
  readonly seed?: number;
  /** Told how far the start is. */
  readonly onProgress?: (message: string) => void;
}

/** A whole move on this machine: two PostgreSQL servers, two Valkeys, Redash's processes, a load balancer. */
export interface LocalWorld {
  readonly world: World;
  /** Where users knock: the load balancer. */
  readonly url: string;
  readonly servers: Readonly<Record<SideName, PostgresServer>>;
  readonly queues: Readonly<Record<SideName, ValkeyServer>>;
  /** REDASH_SECRET_KEY of both sides. */
  readonly secretKey: string;
  /** A connection that may do anything, for looking afterwards. */
  readonly administrator: (side: SideName) => Promise<pg.Client>;
  /** Memory of everything but PostgreSQL, in bytes. */
  readonly pids: () => number[];
  /** Ends every process and removes every file. */
  readonly remove: () => Promise<void>;
}

const POSTGRES_SETTINGS = {
  wal_level: "logical",
  max_replication_slots: "10",
  max_wal_senders: "10",
  // A rehearsal need not wait for the launcher's pause between two starts of a worker.
  wal_retrieve_retry_interval: "100ms",
  shared_buffers: "256MB",
  max_wal_size: "2GB",
};
const APPLICATION = "redash";
const DATABASE = "redash";
const SOURCE_QUEUES = ["queries", "scheduled_queries", "schemas", "periodic", "emails", "default"];

/** Starts it: the source lives, the target has healthy servers and nothing else. */
export async function startLocalWorld(options: LocalWorldOptions): Promise<LocalWorld> {
  const { schema = "25.8.0", megabytes, seed = 1, onProgress = () => undefined } = options;
  const ends: (() => Promise<unknown>)[] = [];
  const remove = async () => {
    for (const end of ends.reverse()) await end().catch(() => undefined);
    ends.length = 0;
  };
  const kept = async <T>(made: Promise<T>, end: (it: T) => Promise<unknown>): Promise<T> => {
    const it = await made;
    ends.push(() => end(it));
    return it;
  };
  try {
    onProgress("starting PostgreSQL 13 and 17, and two Valkeys");
    const postgres = (major: 13 | 17) =>
      kept(startPostgres({ major, settings: POSTGRES_SETTINGS }), (it) => it.remove());
    const valkey = () => kept(startValkey(), (it) => it.remove());
    const [source, target, sourceQueue, targetQueue] = await allOrNothing(
      postgres(13),
      postgres(17),
      valkey(),
      valkey(),
    );
    const servers = { source, target };
    const queues = { source: sourceQueue, target: targetQueue };
    const password = randomBytes(24).toString("hex");
    const secretKey = randomBytes(24).toString("hex");
    const connected = async (config: pg.ClientConfig) => {
      const client = new pg.Client(config);
      client.on("error", () => undefined);
      await client.connect();
      return client;
    };
    for (const server of [source, target]) {
      const client = await connected(server.connection);
      await client.query(`CREATE ROLE ${APPLICATION} LOGIN PASSWORD '${password}'`);
      await client.query(`CREATE DATABASE ${DATABASE} OWNER ${APPLICATION}`);
      await client.end();
    }
    const application = (side: SideName): pg.ClientConfig => ({
      host: "127.0.0.1",
      port: servers[side].port,
      database: DATABASE,
      user: APPLICATION,
      password,
    });
    onProgress(`filling the source with about ${megabytes} MB`);
    const owner = await connected(application("source"));
    await makeSchema(owner, schema);
    await fill(owner, { schema, megabytes, seed, secretKey });
    await owner.end();

    await pauseDataSource(sourceQueue.url);
    onProgress("starting Redash's processes and the load balancer");
    const processes = {
      source: new LocalProcesses(application("source"), sourceQueue.url),
      target: new LocalProcesses(application("target"), targetQueue.url),
    };
    ends.push(() => Promise.all([processes.source.end(), processes.target.end()]));
    const never = new AbortController().signal;
    const ports = {
      source: await processes.source.startServer(),
      target: await processes.target.startServer(),
    };
    await processes.source.start("workers", never);
    await processes.source.start("scheduler", never);
    const front = await kept(
      startStandIn<{ port: number; controlPort: number }>("front", {
        targets: ports,
        goesTo: "source",
        healthIntervalMs: 200,
      }),
      (it) => it.stop(),
    );
    const side = (name: SideName): Side => {
      const queue = new RqQueue(queues[name].url);
      ends.push(() => {
        queue.close();
        return Promise.resolve();
      });
      return { name, database: database(name, servers[name]), workload: processes[name], queue };
    };
    const world: World = {
      source: side("source"),
      target: side("target"),
      traffic: frontTraffic(front.ready.controlPort),
      schema: pgDump(() => binary("pgDump"), {
        host: "127.0.0.1",
        port: source.port,
        database: DATABASE,
        user: source.connection.user,
        password: source.connection.password,
      }),
    };
    ends.push(() =>
      Promise.all([
        closeConnections(world.source.database),
        closeConnections(world.target.database),
      ]),
    );
    return {
      world,
      url: `http://127.0.0.1:${front.ready.port}`,
      servers,
      queues,
      secretKey,
      administrator: (name) => connected({ ...servers[name].connection, database: DATABASE }),
      pids: () =>
        [
          front.pid,
          sourceQueue.pid(),
          targetQueue.pid(),
          ...processes.source.pids(),
          ...processes.target.pids(),
        ].filter((pid) => pid !== undefined),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Waits for every one, so that what a failure leaves behind can be removed. @throws the first failure */
async function allOrNothing<T extends unknown[]>(
  ...all: { [Index in keyof T]: Promise<T[Index]> }
): Promise<T> {
  await Promise.allSettled(all);
  return Promise.all(all);
}

/** What is in Redis alone, and must not be forgotten: a data source that somebody has paused. */
async function pauseDataSource(url: string): Promise<void> {
  const client = new Redis(url);
  await client.set("ds:2:pause", "maintenance of the warehouse");
  await client.sadd("data_sources:schema:blacklist", "3");
  client.disconnect();
}

const database = (side: SideName, { connection, port }: PostgresServer): Database => ({
  side,
  connection: { ...connection, database: DATABASE },
  replicationConnection: `host=127.0.0.1 port=${port} dbname=${DATABASE} user=${connection.user} password=${connection.password}`,
  applicationRole: APPLICATION,
});

/** Redash's processes of one side, each a process of the operating system. */
class LocalProcesses implements Workload {
  private readonly running = new Map<Part, StandIn<unknown>[]>();
  private serverPort = 0;

  constructor(
    private readonly application: pg.ClientConfig,
    private readonly redisUrl: string,
  ) {}

  /** @returns its port, which it keeps when it is started again */
  async startServer(): Promise<number> {
    this.serverPort = await freePort();
    await this.start("servers", new AbortController().signal);
    return this.serverPort;
  }

  state = (part: Part): Promise<{ running: number; wanted: number }> =>
    Promise.resolve({
      running: this.alive(part).length,
      wanted: part === "servers" ? 1 : 0,
    });

  start = async (part: Part, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (this.alive(part).length > 0) return;
    const { application: database, redisUrl } = this;
    const made =
      part === "servers"
        ? startStandIn("server", { database, redisUrl, port: this.serverPort })
        : part === "workers"
          ? startStandIn("worker", { database, redisUrl, queues: SOURCE_QUEUES, queryMs: 20 })
          : startStandIn("scheduler", { redisUrl, intervalMs: 250 });
    this.running.set(part, [await made]);
  };

  stop = async (part: Part, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    await Promise.all(this.alive(part).map((it) => it.stop()));
    this.running.delete(part);
  };

  pids(): number[] {
    return [...this.running.values()].flat().map(({ pid }) => pid);
  }

  async end(): Promise<void> {
    await Promise.all([...this.running.values()].flat().map((it) => it.stop()));
  }

  private alive(part: Part): StandIn<unknown>[] {
    return (this.running.get(part) ?? []).filter((it) => it.isRunning());
  }
}

function frontTraffic(controlPort: number): Traffic {
  const ask = async (method: string, path: string, signal: AbortSignal) => {
    const answer = await fetch(`http://127.0.0.1:${controlPort}/${path}`, { method, signal });
    if (!answer.ok) throw new Error(`the load balancer answered ${answer.status}`);
    return (await answer.json()) as { goesTo: SideName; healthy: Record<string, boolean> };
  };
  return {
    goesTo: async (signal) => (await ask("GET", "state", signal)).goesTo,
    flipTo: async (side, signal) => {
      const { goesTo } = await ask("PUT", `weight/${side}`, signal);
      if (goesTo !== side) throw new Error(`traffic goes to the ${goesTo}`);
    },
    healthyTargets: async (side, signal) =>
      (await ask("GET", "state", signal)).healthy[side] === true ? 1 : 0,
  };
}
