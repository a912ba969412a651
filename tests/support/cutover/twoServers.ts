import pg from "pg";
import { pgDump } from "../../../cutover/adapters/pgDump";
import { binary } from "../../../cutover/adapters/local/binary";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { makeRdsMaster } from "../../../cutover/adapters/local/rdsMaster";
import { closeConnections, type Database } from "../../../cutover/database/database";
import type { Queue, Side, SideName, Workload, World } from "../../../cutover/ports";

const SETTINGS = {
  wal_level: "logical",
  max_replication_slots: "10",
  max_wal_senders: "10",
  // A test need not wait for the launcher's pause between two starts of a worker.
  wal_retrieve_retry_interval: "100ms",
  // Only a machine that loses its power would miss it.
  fsync: "off",
};
const ROLE = "redash";
const PASSWORD = "application";
const MASTER = { name: "redash_master", password: "master" };
/** REDASH_SECRET_KEY of both sides. */
export const SECRET_KEY = "a key of sixteen bytes or more";

/** A source (13) with an application's role, a target (17) with RDS's master user and no such role, and everything else of a move in memory. */
export interface TwoServers {
  readonly world: World;
  /** Where traffic goes. */
  readonly goesTo: () => SideName;
  /** A connection of the application. */
  readonly application: (side: SideName) => Promise<pg.Client>;
  /** A connection that may do anything. */
  readonly administrator: (side: SideName) => Promise<pg.Client>;
  readonly servers: Readonly<Record<SideName, PostgresServer>>;
  readonly remove: () => Promise<void>;
}

export async function twoServers(): Promise<TwoServers> {
  const [source, target] = await Promise.all([
    startPostgres({ major: 13, settings: SETTINGS }),
    startPostgres({ major: 17, settings: SETTINGS }),
  ]);
  const servers = { source, target };
  const clients: pg.Client[] = [];
  const connected = async (config: pg.ClientConfig) => {
    const client = new pg.Client(config);
    client.on("error", () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  const old = await connected(source.connection);
  await old.query(`CREATE DATABASE redash`);
  await old.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${PASSWORD}'`);
  const fresh = await connected({ ...target.connection, database: "template1" });
  await makeRdsMaster(fresh, MASTER);
  await fresh.query(`CREATE DATABASE redash OWNER ${MASTER.name}`);
  await fresh.end();
  const database = (side: SideName): Database => {
    const { user, password } =
      side === "source" ? source.connection : { user: MASTER.name, password: MASTER.password };
    return {
      side,
      connection: { ...servers[side].connection, user, password, database: "redash" },
      replicationConnection: `host=127.0.0.1 port=${servers[side].port} dbname=redash user=${user} password=${password}`,
      applicationRole: ROLE,
      ...(side === "target" && { applicationPassword: () => Promise.resolve(PASSWORD) }),
    };
  };
  let goesTo: SideName = "source";
  const side = (name: SideName): Side => ({
    name,
    database: database(name),
    workload: memoryWorkload(name === "source" ? 1 : 0),
    queue: memoryQueue(),
    storage: () => Promise.resolve({ freeBytes: 1e12, totalBytes: 2e12 }),
    secretKey: () => Promise.resolve(SECRET_KEY),
  });
  const world: World = {
    source: side("source"),
    target: side("target"),
    traffic: {
      goesTo: () => Promise.resolve(goesTo),
      flipTo: (to) => {
        goesTo = to;
        return Promise.resolve();
      },
      healthyTargets: () => Promise.resolve(1),
    },
    application: { executeQuery: () => Promise.resolve() },
    transport: { kind: "logical" },
    schema: pgDump(() => binary("pgDump"), {
      host: "127.0.0.1",
      port: source.port,
      database: "redash",
      user: "postgres",
      password: source.connection.password,
    }),
  };
  return {
    world,
    servers,
    goesTo: () => goesTo,
    application: (name) =>
      connected({
        host: "127.0.0.1",
        port: servers[name].port,
        database: "redash",
        user: ROLE,
        password: PASSWORD,
      }),
    administrator: (name) => connected({ ...servers[name].connection, database: "redash" }),
    remove: async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await Promise.all([
        closeConnections(world.source.database),
        closeConnections(world.target.database),
      ]);
      await Promise.all([source.remove(), target.remove()]);
    },
  };
}

function memoryWorkload(schedulers: number): Workload {
  const running: Record<string, number> = { servers: 1, workers: 1, scheduler: schedulers };
  const set = (part: string, count: number) => {
    running[part] = count;
    return Promise.resolve();
  };
  return {
    state: (part) =>
      Promise.resolve({ running: running[part] ?? 0, wanted: part === "servers" ? 1 : 0 }),
    start: (part) => set(part, 1),
    stop: (part) => set(part, 0),
    version: () => Promise.resolve("25.8.0"),
  };
}

function memoryQueue(): Queue {
  let suspended = false;
  const set = (value: boolean) => {
    suspended = value;
    return Promise.resolve();
  };
  return {
    server: () =>
      Promise.resolve({
        version: "9.1.0",
        isCluster: false,
        evictionPolicy: "noeviction",
        usedBytes: 1e6,
        limitBytes: undefined,
      }),
    consumers: () => Promise.resolve({}),
    backlog: () => Promise.resolve({ running: [], waiting: {} }),
    suspend: () => set(true),
    resume: () => set(false),
    isSuspended: () => Promise.resolve(suspended),
    state: () => Promise.resolve(new Map()),
    restore: () => Promise.resolve(),
    put: () => Promise.resolve(),
  };
}
