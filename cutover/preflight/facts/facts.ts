import type pg from "pg";
import { decryption, foreignKeys, sequencesAhead, triggers } from "../../database/proof";
import { statements } from "../../database/schema";
import type { Side, World } from "../../ports";
import { ask, type Fact } from "../fact";
import { readOnly } from "../readOnly";
import { activityFacts } from "./activity";
import { catalogFacts } from "./catalog";
import { clockFacts } from "./clock";
import { alembicVersions, dataSourceQueues, largestValues, sequenceUse } from "./data";
import { boundDataSources } from "./dataSource";
import { reachFacts } from "./reach";
import { replicationFacts } from "./replication";
import { roleFacts } from "./role";
import { serverFacts } from "./server";

/** What the move itself knows, and no server. */
export interface PreflightContext {
  /** An act that was begun and has no end. */
  readonly interrupted: { readonly act: string; readonly sinceMs: number } | undefined;
  /** What keeps others from working at this move, in the words of the lock; undefined if it is free. */
  readonly lockHolder: string | undefined;
  /** Whether `prepare` is done, and neither `finish` nor `abort` since: then the move's own things are in their places. */
  readonly isPrepared: boolean;
  /** Longest write outage of a switch, in milliseconds. */
  readonly writeOutageBudgetMs: number;
}

/** Everything that preflight's checks judge. Plain values, so that each check can be shown what it must refuse. */
export type Facts = Awaited<ReturnType<typeof gatherFacts>>;
export type SideFacts = Facts["source"];

/** How long an answer may take, and one that goes through whole tables. */
const LIMIT_MS = 15_000;
/**
 * What only the machine of a side can say: by SSM each answer takes seconds, and its agent works at five of these at a
 * time (amazon-ssm-agent's README, `CommandWorkersLimit`), so the last ones wait for the first.
 */
export const HOST_LIMIT_MS = 90_000;
const LONG_LIMIT_MS = 300_000;

/**
 * Asks both sides everything at the same time, and changes nothing.
 * @throws the signal's reason if it aborts
 */
export async function gatherFacts(world: World, context: PreflightContext, signal: AbortSignal) {
  const { source, target, traffic, schema, transport } = world;
  const asked = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<Fact<T>> =>
    ask(LIMIT_MS, signal, work);
  const ofHost = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<Fact<T>> =>
    ask(HOST_LIMIT_MS, signal, work);
  const rows = <T>(side: Side, limitMs: number, work: (client: pg.Client) => Promise<T>) =>
    ask(limitMs, signal, (its) => readOnly(side.database, limitMs, its, work));
  const ofSource = <T>(work: (client: pg.Client) => Promise<T>) =>
    rows(source, LONG_LIMIT_MS, work);
  const sideFacts = (side: Side, other: Side) =>
    all({
      /** Name of the application's role if the move makes it. */
      roleToMake: Promise.resolve(
        side.database.applicationPassword && side.database.applicationRole,
      ),
      server: rows(side, LIMIT_MS, serverFacts),
      role: rows(side, LIMIT_MS, (client) => roleFacts(client, side.database.applicationRole)),
      replication: rows(side, LIMIT_MS, replicationFacts),
      catalog: rows(side, LIMIT_MS, catalogFacts),
      activity: rows(side, LIMIT_MS, activityFacts),
      reachesOther: asked((its) => reachFacts(side.database, other.database, LIMIT_MS, its)),
      storage: ofHost(side.storage),
      queue: ofHost(side.queue.server),
      consumers: ofHost(side.queue.consumers),
      backlog: ofHost(side.queue.backlog),
      isSuspended: ofHost(side.queue.isSuspended),
      servers: ofHost((its) => side.workload.state("servers", its)),
      workers: ofHost((its) => side.workload.state("workers", its)),
      scheduler: ofHost((its) => side.workload.state("scheduler", its)),
      redash: ofHost(side.workload.version),
    });
  const credentialsBy = async (side: Side, limit: AbortSignal) => {
    const key = await side.secretKey(limit);
    return readOnly(source.database, LIMIT_MS, limit, (client) => decryption(client, key));
  };
  const [sourceFacts, targetFacts, data, trafficFacts] = await Promise.all([
    sideFacts(source, target),
    sideFacts(target, source),
    all({
      alembic: ofSource(alembicVersions),
      sequences: ofSource(sequenceUse),
      sequencesAhead: ofSource(sequencesAhead),
      foreignKeys: ofSource(foreignKeys),
      triggers: ofSource(triggers),
      largestValues: ofSource((client) => largestValues(client, transport.kind)),
      queues: ofSource(dataSourceQueues),
      bySourceKey: asked((its) => credentialsBy(source, its)),
      byTargetKey: asked((its) => credentialsBy(target, its)),
      boundDataSources: asked(async (its) => {
        const key = await source.secretKey(its);
        return readOnly(source.database, LIMIT_MS, its, (client) => boundDataSources(client, key));
      }),
      schemaStatements: ofHost(
        async (its) =>
          statements(await schema.section("pre-data", its)).length +
          statements(await schema.section("post-data", its)).length,
      ),
    }),
    all({
      goesTo: asked(traffic.goesTo),
      healthySources: asked((its) => traffic.healthyTargets("source", its)),
      healthyTargets: asked((its) => traffic.healthyTargets("target", its)),
    }),
  ]);
  // Last and one after the other: nothing else may make an answer late.
  const ways = {
    source: await rows(source, LIMIT_MS, clockFacts),
    target: await rows(target, LIMIT_MS, clockFacts),
    balancerMs: await asked(async (its) => {
      const start = performance.now();
      await traffic.goesTo(its);
      return performance.now() - start;
    }),
  };
  return {
    transport: transport.kind,
    /** Role by which AWS DMS reads the source. */
    taskRole: transport.kind === "dms" ? transport.task.sourceRole : undefined,
    context,
    source: sourceFacts,
    target: targetFacts,
    data,
    traffic: trafficFacts,
    ways,
  };
}

/** Waits for every member. */
async function all<T extends Record<string, Promise<unknown>>>(
  asked: T,
): Promise<{ [Name in keyof T]: Awaited<T[Name]> }> {
  const values = await Promise.all(
    Object.entries(asked).map(async ([name, fact]) => [name, await fact] as const),
  );
  return Object.fromEntries(values) as { [Name in keyof T]: Awaited<T[Name]> };
}
