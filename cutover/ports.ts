import type pg from "pg";
import type { Phase } from "../redash/phase";
import type { Database } from "./database/database";
import { subscriptionExists } from "./database/replication";
import type { CheckResult } from "./preflight/check";
import type { Facts } from "./preflight/facts/facts";

/** The two ends of a move. */
export type SideName = "source" | "target";

/** A part of Redash that is started and stopped by itself. */
export type Part = "scheduler" | "workers" | "servers";

/** The processes of one side. Starting what runs and stopping what does not are no errors. */
export interface Workload {
  /** How many run and are well, of how many there should be. */
  readonly state: (
    part: Part,
    signal: AbortSignal,
  ) => Promise<{ readonly running: number; readonly wanted: number }>;
  /** Returns when they run. */
  readonly start: (part: Part, signal: AbortSignal) => Promise<void>;
  /** Returns when none runs any more. */
  readonly stop: (part: Part, signal: AbortSignal) => Promise<void>;
  /** Version of Redash that the servers run, such as `25.8.0`. */
  readonly version: (signal: AbortSignal) => Promise<string>;
}

/** What is in the queues of one side. */
export interface Backlog {
  /** Jobs at work. */
  readonly running: readonly string[];
  /** Queue → jobs that wait. */
  readonly waiting: Readonly<Record<string, number>>;
}

/** What a Redis or Valkey says of itself. */
export interface QueueServer {
  readonly version: string;
  /** Whether cluster mode is on, with which RQ fails. */
  readonly isCluster: boolean;
  /** `maxmemory-policy`; anything but `noeviction` throws jobs away. */
  readonly evictionPolicy: string;
  readonly usedBytes: number;
  /** Undefined if there is none. */
  readonly limitBytes: number | undefined;
}

/** The Redis or Valkey of one side. */
export interface Queue {
  readonly server: (signal: AbortSignal) => Promise<QueueServer>;
  /** Queue → workers that listen to it, suspended ones too. */
  readonly consumers: (signal: AbortSignal) => Promise<Readonly<Record<string, number>>>;
  readonly backlog: (signal: AbortSignal) => Promise<Backlog>;
  /** Workers take no further job (RQ's `rq:suspended`). */
  readonly suspend: (signal: AbortSignal) => Promise<void>;
  readonly resume: (signal: AbortSignal) => Promise<void>;
  readonly isSuspended: (signal: AbortSignal) => Promise<boolean>;
  /**
   * What Redash keeps in Redis alone and must not forget: paused data sources (`ds:*:pause`), the schema blacklist,
   * last-run times.
   */
  readonly state: (signal: AbortSignal) => Promise<ReadonlyMap<string, QueueValue>>;
  /** Makes the keys of this kind as they are in `state`: others of them are removed. */
  readonly restore: (state: ReadonlyMap<string, QueueValue>, signal: AbortSignal) => Promise<void>;
  /** Makes single keys of `state` what is given, all at once, and leaves the others; undefined removes one. */
  readonly put: (
    keys: ReadonlyMap<string, QueueValue | undefined>,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** A value in Redis. Not DUMP's: an older server refuses what a newer one has dumped, and the way back leads there. */
export type QueueValue = (
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "set"; readonly members: readonly string[] }
  | { readonly kind: "hash"; readonly fields: Readonly<Record<string, string>> }
) & {
  /** Milliseconds to live; undefined for ever. */
  readonly ttlMs: number | undefined;
};

/** The load balancer. Exactly one side has all the weight. */
export interface Traffic {
  readonly goesTo: (signal: AbortSignal) => Promise<SideName>;
  /** Returns when it has been read back. */
  readonly flipTo: (side: SideName, signal: AbortSignal) => Promise<void>;
  /** Targets of a side that the load balancer finds healthy. */
  readonly healthyTargets: (side: SideName, signal: AbortSignal) => Promise<number>;
}

/** The source's schema, as `pg_dump --schema-only` writes it: no owners, no privileges. */
export interface SchemaDump {
  readonly section: (name: "pre-data" | "post-data", signal: AbortSignal) => Promise<string>;
}

/** The disk of a database. */
export interface Storage {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** How rows reach the target before the first switch. */
export const TRANSPORTS = ["logical", "dms"] as const;

/** One end of a move. */
export interface Side {
  readonly name: SideName;
  readonly database: Database;
  readonly storage: (signal: AbortSignal) => Promise<Storage>;
  readonly workload: Workload;
  readonly queue: Queue;
  /** REDASH_SECRET_KEY: what credentials of data sources are encrypted with. Never logged. */
  readonly secretKey: (signal: AbortSignal) => Promise<string>;
}

/** Redash as people use it, through the load balancer. */
export interface Application {
  /**
   * Has a query executed and waits for its end: the only check that sees a sick queue.
   * @throws Error if it fails
   */
  readonly executeQuery: (signal: AbortSignal) => Promise<void>;
}

/** A table of a replication task. */
export interface TaskTable {
  readonly name: string;
  readonly state: "waiting" | "loading" | "completed" | "error";
  readonly loadedRows: number;
  /** Rows that could not be loaded or applied. */
  readonly errorRows: number;
  /** Values that were cut to the limit. */
  readonly truncatedValues: number;
  /** Changes applied since the load. */
  readonly changes: number;
}

export interface TaskStatistics {
  /** `streaming`: the load is over, changes are applied as they come. */
  readonly state: "ready" | "loading" | "streaming" | "stopped" | "failed";
  /** Why it failed; empty otherwise. */
  readonly reason: string;
  readonly tables: readonly TaskTable[];
}

/** A task of AWS DMS: full load, then changes, of every table but those that are carried (redash/dms.ts). */
export interface ReplicationTask {
  /** Role by which it reads the source; without login it is cut off at once, with login it goes on by itself. */
  readonly sourceRole: string;
  /**
   * Name of its replication slot.
   * @param source a connection to the source, whose slots tell it
   * @throws Error if there is none, or several that could be its own
   */
  readonly sourceSlot: (source: pg.Client) => Promise<string>;
  /** Starts the load, or goes on where it stopped; nothing if it runs. */
  readonly start: (signal: AbortSignal) => Promise<void>;
  readonly statistics: (signal: AbortSignal) => Promise<TaskStatistics>;
  /** Returns when it applies nothing any more; its slot is kept. */
  readonly stop: (signal: AbortSignal) => Promise<void>;
  /** Stops it; leaves no slot on the source and no control table on the target. */
  readonly remove: (signal: AbortSignal) => Promise<void>;
}

/** How rows reach the target before the first switch. The way back is PostgreSQL's own replication in both. */
export type Transport =
  | { readonly kind: "logical" }
  | {
      readonly kind: "dms";
      readonly task: ReplicationTask;
    };

/** Where the program reads how far the move has come, before it changes anything. */
export interface PhaseRecord {
  /** Returns when the program would see it. */
  readonly record: (phase: Phase, signal: AbortSignal) => Promise<void>;
}

/** Everything that a move needs of the world. Adapters make one of processes on this machine, or of AWS. */
export interface World {
  readonly source: Side;
  readonly target: Side;
  readonly traffic: Traffic;
  readonly schema: SchemaDump;
  readonly application: Application;
  readonly transport: Transport;
  /** Absent where there is no program: on this machine. */
  readonly phase?: PhaseRecord;
  /**
   * What preflight checks besides, of where the world is. Changes nothing in it.
   * @throws the signal's reason if it aborts
   * @default nothing: on this machine
   */
  readonly checks?: (facts: Facts, signal: AbortSignal) => Promise<readonly CheckResult[]>;
}

/** Names of what the move makes in the databases. */
export const FORWARD = "redash_move";
export const BACK = "redash_move_back";
/** Slot by which changes are found since the last verification, on the side that takes writes. */
export const CHANGES = "redash_move_changes";

/**
 * Whether rows reach the target by a replication task. After a first switch both ways are PostgreSQL's own: then the
 * target has a subscription.
 */
export const isTaskForward = async (world: World, target: pg.Client): Promise<boolean> =>
  world.transport.kind === "dms" && !(await subscriptionExists(target, FORWARD));

/** Replication from a side to the other. */
export const directionFrom = (world: World, side: SideName) =>
  side === "source"
    ? { name: FORWARD, publisher: world.source.database, subscriber: world.target.database }
    : { name: BACK, publisher: world.target.database, subscriber: world.source.database };
