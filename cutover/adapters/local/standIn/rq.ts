/** Redis keys as RQ has them, as far as draining, suspending and a job's way through a queue are concerned. */
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";

export const SUSPENDED = "rq:suspended";
export const QUEUES = "rq:queues";
export const queueKey = (name: string) => `rq:queue:${name}`;
export const wipKey = (name: string) => `rq:wip:${name}`;
export const jobKey = (id: string) => `rq:job:${id}`;
export const workerKey = (id: string) => `rq:worker:${id}`;

/** A connection that comes back by itself. */
export function redis(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
  return client;
}

/** Puts a job into a queue, in one transaction of several keys: what cluster mode refuses. */
export async function enqueue(client: Redis, queue: string, data: object): Promise<string> {
  const id = randomUUID();
  await client
    .multi()
    .sadd(QUEUES, queueKey(queue))
    .hset(jobKey(id), { status: "queued", origin: queue, data: JSON.stringify(data) })
    .expire(jobKey(id), 600)
    .rpush(queueKey(queue), id)
    .exec();
  return id;
}
