import { Redis } from "ioredis";
import type { Backlog, Queue, QueueServer, QueueValue } from "../ports";

/** What Redash keeps in Redis alone (facts: `ds:<id>:pause`, `data_sources:schema:blacklist`, `sq:executed_at`). */
export const KEPT = ["ds:*:pause", "data_sources:schema:blacklist", "sq:executed_at"];
export const SUSPENDED = "rq:suspended";

/** @param info what INFO answers: ElastiCache refuses CONFIG */
export function queueServer(info: string): QueueServer {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
  const limit = Number(field("maxmemory"));
  return {
    version: field("valkey_version") || field("redis_version"),
    isCluster: field("cluster_enabled") === "1",
    evictionPolicy: field("maxmemory_policy"),
    usedBytes: Number(field("used_memory")),
    limitBytes: limit > 0 ? limit : undefined,
  };
}

/** A Redis or Valkey with RQ's queues in it. */
export class RqQueue implements Queue {
  private readonly client: Redis;

  /** @param url `redis://` or `rediss://`, with the password. Never logged */
  constructor(url: string) {
    this.client = new Redis(url, {
      lazyConnect: true,
      maxRetriesPerRequest: 3,
      commandTimeout: 10_000,
      connectTimeout: 10_000,
    });
    // Each command fails by itself; without a listener the process would end.
    this.client.on("error", () => undefined);
  }

  close(): void {
    this.client.disconnect();
  }

  backlog = async (signal: AbortSignal): Promise<Backlog> => {
    signal.throwIfAborted();
    const queues = (await this.client.smembers("rq:queues")).map((key) =>
      key.replace(/^rq:queue:/, ""),
    );
    const running = new Set<string>();
    const waiting: Record<string, number> = {};
    for (const queue of queues) {
      waiting[queue] = await this.client.llen(`rq:queue:${queue}`);
      for (const job of await this.client.zrange(`rq:wip:${queue}`, "0", "-1")) running.add(job);
    }
    // Between BLPOP and the registry a job is in no list: only its worker knows of it.
    for (const worker of await this.client.smembers("rq:workers")) {
      const [state, job] = await this.client.hmget(worker, "state", "current_job");
      if (state === "busy") running.add(job ?? worker);
    }
    return { running: [...running].sort(), waiting };
  };

  server = async (signal: AbortSignal): Promise<QueueServer> => {
    signal.throwIfAborted();
    return queueServer(await this.client.info());
  };

  consumers = async (signal: AbortSignal): Promise<Readonly<Record<string, number>>> => {
    signal.throwIfAborted();
    const found: Record<string, number> = {};
    for (const worker of await this.client.smembers("rq:workers")) {
      // The entry of a worker that died without a word expires; the set keeps its name.
      const queues = await this.client.hget(worker, "queues");
      for (const queue of queues?.split(",") ?? []) found[queue] = (found[queue] ?? 0) + 1;
    }
    return found;
  };

  suspend = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    await this.client.set(SUSPENDED, "1");
  };

  resume = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    await this.client.del(SUSPENDED);
  };

  isSuspended = async (signal: AbortSignal): Promise<boolean> => {
    signal.throwIfAborted();
    return (await this.client.exists(SUSPENDED)) === 1;
  };

  state = async (signal: AbortSignal): Promise<ReadonlyMap<string, QueueValue>> => {
    const found = new Map<string, QueueValue>();
    for (const key of await this.keptKeys(signal)) {
      const value = await this.value(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  };

  restore = async (state: ReadonlyMap<string, QueueValue>, signal: AbortSignal): Promise<void> => {
    const old = (await this.keptKeys(signal)).filter((key) => !state.has(key));
    await this.put(new Map([...old.map((key) => [key, undefined] as const), ...state]), signal);
  };

  put = async (
    keys: ReadonlyMap<string, QueueValue | undefined>,
    signal: AbortSignal,
  ): Promise<void> => {
    signal.throwIfAborted();
    const all = this.client.multi();
    for (const [key, value] of keys) {
      all.del(key);
      if (value === undefined) continue;
      if (value.kind === "string") all.set(key, value.value);
      else if (value.kind === "set") all.sadd(key, ...value.members);
      else all.hset(key, value.fields);
      if (value.ttlMs !== undefined) all.pexpire(key, value.ttlMs);
    }
    const results = await all.exec();
    const failed = results?.find(([error]) => error !== null);
    if (failed?.[0]) throw failed[0];
  };

  private async keptKeys(signal: AbortSignal): Promise<string[]> {
    const keys = new Set<string>();
    for (const pattern of KEPT) {
      let cursor = "0";
      do {
        signal.throwIfAborted();
        const [next, page] = await this.client.scan(cursor, "MATCH", pattern, "COUNT", 1000);
        for (const key of page) keys.add(key);
        cursor = next;
      } while (cursor !== "0");
    }
    return [...keys].sort();
  }

  private async value(key: string): Promise<QueueValue | undefined> {
    const left = await this.client.pttl(key);
    const ttlMs = left < 0 ? undefined : left;
    const type = await this.client.type(key);
    switch (type) {
      case "string":
        return { kind: "string", value: (await this.client.get(key)) ?? "", ttlMs };
      case "set":
        return { kind: "set", members: (await this.client.smembers(key)).sort(), ttlMs };
      case "hash":
        return { kind: "hash", fields: await this.client.hgetall(key), ttlMs };
      case "none":
        // It has expired meanwhile.
        return undefined;
      default:
        throw new Error(`${key} is a ${type}; Redash has no such key`);
    }
  }
}
