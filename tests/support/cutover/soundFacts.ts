import { catalogOf } from "../../../cutover/adapters/local/redash/schema";
import type { Fact } from "../../../cutover/preflight/fact";
import type { Facts, SideFacts } from "../../../cutover/preflight/facts/facts";
import { QUEUES } from "../../../redash/processes";

/** The same value, to be changed in a test. */
export type Draft<T> = T extends object ? { -readonly [Name in keyof T]: Draft<T[Name]> } : T;

const is = <T>(value: T): Fact<T> => ({ isKnown: true, value });

/** What preflight finds where nothing is wrong: a 25.8.0 on a docker-compose host, and its new home. */
export const soundFacts = (transport: Facts["transport"]): Draft<Facts> =>
  structuredClone({
    transport,
    taskRole: transport === "dms" ? "dms" : undefined,
    context: {
      interrupted: undefined,
      lockHolder: undefined,
      isPrepared: false,
      writeOutageBudgetMs: 5000,
    },
    source: side("source"),
    target: side("target"),
    data: {
      alembic: is(["db0aca1ebd32"]),
      sequences: is([
        { name: "events_id_seq", lastValue: 1_000_000, limit: 2_147_483_647 },
        { name: "queries_id_seq", lastValue: 500, limit: 2_147_483_647 },
      ]),
      sequencesAhead: is({ what: "sequences", holds: true, found: "19 sequences" }),
      foreignKeys: is({ what: "foreign keys", holds: true, found: "35 foreign keys" }),
      triggers: is({ what: "triggers", holds: true, found: "1 triggers, origin" }),
      largestValues: is([
        { table: "query_results", column: "data", bytes: 20_000_000 },
        { table: "queries", column: "query", bytes: 9000 },
      ]),
      queues: is(["big_queries", "queries", "scheduled_queries"]),
      bySourceKey: is({ what: "credentials", holds: true, found: "9 credentials" }),
      byTargetKey: is({ what: "credentials", holds: true, found: "9 credentials" }),
      boundDataSources: is([]),
      schemaStatements: is(187),
    },
    traffic: { goesTo: is("source"), healthySources: is(1), healthyTargets: is(2) },
    ways: {
      source: is({ roundTripMs: 1, aheadMs: 100 }),
      target: is({ roundTripMs: 2, aheadMs: -100 }),
      balancerMs: is(10),
    },
  } satisfies Facts) as Draft<Facts>;

const side = (name: "source" | "target"): SideFacts => ({
  server: is({
    database: "redash",
    version: name === "source" ? "13.23" : "17.10",
    major: name === "source" ? 13 : 17,
    isStandby: false,
    systemId: name,
    encoding: "UTF8",
    collation: "C.UTF-8",
    databaseBytes: name === "source" ? 20e9 : 8e6,
    freeConnections: 80,
    settings: {
      wal_level: "logical",
      max_replication_slots: "10",
      max_wal_senders: "10",
      max_slot_wal_keep_size: "-1",
      wal_sender_timeout: "60000",
      idle_in_transaction_session_timeout: "0",
      statement_timeout: "0",
      lock_timeout: "0",
      max_logical_replication_workers: "4",
      max_sync_workers_per_subscription: "2",
      max_worker_processes: "8",
      session_replication_role: "origin",
    },
  }),
  roleToMake: undefined,
  role: is({
    name: "mover",
    isSuperuser: name === "source",
    mayReplicate: true,
    maySubscribe: true,
    mayAdvanceOrigins: true,
    mayMakeRoles: true,
    mayPassTriggers: true,
    application: {
      name: "redash",
      mayLogIn: true,
      isOpenToMover: true,
      settings: [],
      settingsHere: [],
    },
  }),
  replication: is({
    slots: [],
    senders: 0,
    origins: 0,
    publications: [],
    subscriptions: [],
    hasMoveSchema: false,
    dmsObjects: [],
    dmsSlots: [],
  }),
  catalog: is({
    tables: name === "source" ? tables() : [],
    partitionedTables: [],
    foreignTables: [],
    views: [],
    materializedViews: [],
    sequences: name === "source" ? ["events_id_seq", "queries_id_seq"] : [],
    functions: name === "source" ? ["queries_search_vector_update"] : [],
    types: [],
    rules: [],
    otherSchemas: [],
    largeObjects: 0,
    extensions: ["plpgsql"],
    availableExtensions: ["pg_trgm", "plpgsql"],
    eventTriggers: [],
  }),
  activity: is({
    transactions: [{ pid: 7, role: "redash", ageMs: 20, hasWritten: true }],
    prepared: [],
    connectedRoles: ["mover", "redash"],
  }),
  reachesOther: is({ isReached: true, words: "" }),
  storage: is({ freeBytes: 60e9, totalBytes: 100e9 }),
  queue: is({
    version: "8.1.0",
    isCluster: false,
    evictionPolicy: "noeviction",
    usedBytes: 10e6,
    limitBytes: 1e9,
  }),
  consumers: is(Object.fromEntries([...QUEUES, "big_queries"].map((queue) => [queue, 1]))),
  backlog: is({ running: [], waiting: { queries: 0 } }),
  isSuspended: is(false),
  servers: is({ running: 1, wanted: 1 }),
  workers: is({ running: 1, wanted: 1 }),
  scheduler: is({
    running: name === "source" ? 1 : 0,
    wanted: name === "source" ? 1 : 0,
  }),
  redash: is("25.8.0"),
});

/** Those of a fresh 25.8.0, as a real one has them. */
const tables = () =>
  Object.entries(catalogOf("25.8.0").tables).map(([name, { columns }]) => ({
    name,
    isUnlogged: false,
    isInherited: false,
    key: "usable" as const,
    replicaIdentity: "d",
    columns: Object.entries(columns).map(([column, definition]) => {
      const type = definition.replace(/ (?:not null|default ).*$/, "");
      return { name: column, type, typeName: type, typeKind: "b", typeCategory: "U" };
    }),
  }));
