import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { Refusal } from "../../engine/refusal";
import type { SideName, World } from "../../ports";
import { lobMaxSizeKib, tableMappings, taskSettings } from "../../../redash/dms";
import { connectLocalWorld } from "./connect";
import type { LocalWorldDescription } from "./description";
import { Endings } from "./endings";
import { type PostgresServer, startPostgres } from "./postgresServer";
import { Processes, serveProcesses } from "./processes";
import { makeRdsMaster } from "./rdsMaster";
import { fill } from "./redash/data";
import { makeSchema, type RedashSchema, versionOf } from "./redash/schema";
import { startStandIn } from "./standInProcess";
import { startValkey, type ValkeyServer } from "./valkeyServer";

export interface LocalWorldOptions {
  /** Version of Redash whose schema the source has. @default 25.8.0 */
  readonly schema?: RedashSchema;
  /** About how large the source's database is. */
  readonly megabytes: number;
  /** The same number makes the same data. @default 1 */
  readonly seed?: number;
  /** How rows reach the target. @default logical */
  readonly transport?: World["transport"]["kind"];
  /** Aborted by Ctrl-C: then it is not started. */
  readonly stop?: AbortSignal;
  /** Told how far the start is. */
  readonly onProgress?: (message: string) => void;
}

/** A whole move on this machine: two PostgreSQL servers, two Valkeys, Redash's processes, a load balancer. */
export interface LocalWorld {
  readonly world: World;
  /** How another process finds it. */
  readonly description: LocalWorldDescription;
  readonly processes: Readonly<Record<SideName, Processes>>;
  readonly servers: Readonly<Record<SideName, PostgresServer>>;
  readonly queues: Readonly<Record<SideName, ValkeyServer>>;
  /** A connection that may do anything, for looking afterwards. */
  readonly administrator: (side: SideName) => Promise<pg.Client>;
  /** A connection of the application's role, as somebody has it who types SQL by hand. */
  readonly application: (side: SideName, limits?: pg.ClientConfig) => Promise<pg.Client>;
  /** Every process but PostgreSQL's. */
  readonly pids: () => number[];
  /** Ends every process and removes every file. @throws Error that names what could not be, after everything else was */
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
const TASK_ROLE = "dms";
const TASK_SLOT = "redash_move_dms";
const MASTER = "redash_master";
const DATABASE = "redash";

/**
 * Starts it: the source lives; the target has healthy servers, workers without work, and no scheduler.
 * @throws Refusal if a part of it cannot be started, or if it is stopped; then nothing is left of the others
 */
export async function startLocalWorld(options: LocalWorldOptions): Promise<LocalWorld> {
  const { schema = "25.8.0", megabytes, seed = 1, stop, onProgress = () => undefined } = options;
  const isTask = options.transport === "dms";
  const endings = new Endings("world");
  const remove = () => endings.all();
  const kept = async <T>(made: Promise<T>, end: (it: T) => Promise<unknown>): Promise<T> => {
    const it = await made;
    endings.add(() => end(it));
    return it;
  };
  try {
    const unlessStopped = stoppable(stop);
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
    const masterPassword = randomBytes(24).toString("hex");
    const secretKey = randomBytes(24).toString("hex");
    const connected = async (config: pg.ClientConfig) => {
      const client = new pg.Client(config);
      client.on("error", () => undefined);
      await client.connect();
      return client;
    };
    const old = await connected(source.connection);
    await old.query(`CREATE ROLE ${APPLICATION} LOGIN PASSWORD '${password}'`);
    await old.query(`CREATE DATABASE ${DATABASE} OWNER ${APPLICATION}`);
    if (isTask) await old.query(`CREATE ROLE ${TASK_ROLE} SUPERUSER LOGIN PASSWORD '${password}'`);
    await old.end();
    const fresh = await connected({ ...target.connection, database: "template1" });
    await makeRdsMaster(fresh, { name: MASTER, password: masterPassword });
    await fresh.query(`CREATE DATABASE ${DATABASE} OWNER ${MASTER}`);
    await fresh.end();
    const application = (side: SideName): pg.ClientConfig => ({
      host: "127.0.0.1",
      port: servers[side].port,
      database: DATABASE,
      user: APPLICATION,
      password,
    });
    stop?.throwIfAborted();
    onProgress(`filling the source with about ${megabytes} MB`);
    const owner = await connected(application("source"));
    // Minutes for a large one. What is left of it ends with its server.
    await unlessStopped(
      makeSchema(owner, schema).then(() => fill(owner, { schema, megabytes, seed, secretKey })),
    );
    const { rows: largest } = await owner.query<{ bytes: number }>(
      "SELECT max(octet_length(data)) AS bytes FROM query_results",
    );
    await owner.end();

    await pauseDataSource(sourceQueue.url);
    onProgress("starting Redash's processes and the load balancer");
    const processes = {
      source: new Processes({
        database: application("source"),
        redisUrl: sourceQueue.url,
        version: versionOf(schema),
      }),
      target: new Processes({
        database: application("target"),
        redisUrl: targetQueue.url,
        version: versionOf(schema),
      }),
    };
    endings.add(() => Promise.all([processes.source.end(), processes.target.end()]));
    const { source: here, target: there } = processes;
    await allOrNothing(
      here.start("servers"),
      here.start("workers"),
      here.start("scheduler"),
      there.start("servers"),
      there.start("workers"),
    );
    const serverUrls = { source: await here.serverUrl(), target: await there.serverUrl() };
    const front = await kept(
      startStandIn<{ port: number; controlPort: number }>("front", {
        targets: {
          source: Number(new URL(serverUrls.source).port),
          target: Number(new URL(serverUrls.target).port),
        },
        goesTo: "source",
        healthIntervalMs: 200,
      }),
      (it) => it.stop(),
    );
    const control = await kept(serveProcesses(processes), (it) => it.close());
    const as = (side: SideName, user: string, of: string) => ({
      host: "127.0.0.1",
      port: servers[side].port,
      database: DATABASE,
      user,
      password: of,
    });
    const task = isTask
      ? await kept(
          startStandIn<{ controlPort: number }>("task", {
            source: as("source", TASK_ROLE, password),
            target: as("target", MASTER, masterPassword),
            slot: TASK_SLOT,
            mappings: tableMappings(),
            settings: taskSettings({ lobMaxSizeKib: lobMaxSizeKib(largest[0]?.bytes ?? 0) }),
          }),
          (it) => it.stop(),
        )
      : undefined;
    const described = (side: SideName) => ({
      applicationRole: APPLICATION,
      dataDirectory: servers[side].directory,
      redisUrl: queues[side].url,
      serverUrl: serverUrls[side],
      secretKey,
    });
    const loopback = (port: number) => `http://127.0.0.1:${port}`;
    const description: LocalWorldDescription = {
      kind: "local",
      source: {
        ...described("source"),
        database: as("source", source.connection.user, source.connection.password),
      },
      target: {
        ...described("target"),
        database: as("target", MASTER, masterPassword),
        applicationPassword: password,
      },
      front: { url: loopback(front.ready.port), controlUrl: loopback(front.ready.controlPort) },
      processesUrl: control.url,
      ...(task && {
        task: {
          controlUrl: loopback(task.ready.controlPort),
          sourceRole: TASK_ROLE,
          sourceSlot: TASK_SLOT,
        },
      }),
    };
    const { world, close } = connectLocalWorld(description);
    endings.add(close);
    return {
      world,
      description,
      processes,
      servers,
      queues,
      administrator: (name) => connected({ ...servers[name].connection, database: DATABASE }),
      application: (name, limits) => connected({ ...application(name), ...limits }),
      pids: () =>
        [
          front.pid,
          task?.pid,
          sourceQueue.pid(),
          targetQueue.pid(),
          ...processes.source.pids(),
          ...processes.target.pids(),
        ].filter((pid) => pid !== undefined),
      remove,
    };
  } catch (error) {
    const { message } = error as Error;
    const why = stop?.aborted === true ? "was not started" : "cannot be started";
    const left = await remove().then(
      () => "",
      (failure: unknown) => `; ${(failure as Error).message}`,
    );
    throw new Refusal(`the world ${why}: ${message}${left}`, { cause: error });
  }
}

/** Waits for something, but not for its end once the signal aborts. @throws the signal's reason then */
function stoppable(stop: AbortSignal | undefined): <T>(work: Promise<T>) => Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    stop?.addEventListener("abort", () => {
      reject(stop.reason as Error);
    });
  });
  // It may abort when nothing is waited for.
  aborted.catch(() => undefined);
  return (work) => Promise.race([work, aborted]);
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
