/** Stands in for an RQ worker: takes jobs unless the queue is suspended, runs them, and says so as RQ does. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { jobKey, queueKey, redis, SUSPENDED, wipKey, workerKey } from "./rq";
import { sleep, standIn } from "./standIn";
import { write } from "./write";

interface Config {
  readonly database: pg.PoolConfig;
  readonly redisUrl: string;
  readonly queues: readonly string[];
  /** How long a query runs on its data source. */
  readonly queryMs: number;
}

standIn<Config>(async ({ database, redisUrl, queues, queryMs }, onStop) => {
  const pool = new pg.Pool({ max: 2, ...database });
  // A session that the fence ends is told so by an event, besides the error of its query.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const client = redis(redisUrl);
  const name = workerKey(randomUUID());
  let stopping = false;
  let current: Promise<void> = Promise.resolve();

  const run = async (queue: string, id: string) => {
    await client
      .multi()
      .zadd(wipKey(queue), Date.now() / 1000 + 600, id)
      .hset(jobKey(id), "status", "started")
      .hset(name, { state: "busy", current_job: id })
      .exec();
    let status = "finished";
    try {
      const { token } = JSON.parse((await client.hget(jobKey(id), "data")) ?? "{}") as {
        token: string;
      };
      await sleep(queryMs);
      const connection = await pool.connect();
      try {
        await connection.query("BEGIN");
        await write(connection, { kind: "result", token, queryId: 1 });
        await connection.query("COMMIT");
      } finally {
        connection.release(true);
      }
    } catch {
      // As Redash has it: the job fails with an empty error.
      status = "failed";
    }
    await client
      .multi()
      .hset(jobKey(id), { status, result: status })
      .zrem(wipKey(queue), id)
      .hdel(name, "current_job")
      .hset(name, "state", "idle")
      .exec();
  };
  const work = async () => {
    while (!stopping) {
      await client.hset(name, "last_heartbeat", new Date().toISOString());
      if ((await client.exists(SUSPENDED)) === 1) {
        await client.hset(name, "state", "suspended");
        await sleep(20);
        continue;
      }
      // An idle worker that waits here takes one more job after the queue was suspended.
      const taken = await client.blpop(...queues.map(queueKey), 0.2);
      if (taken !== null) await run(taken[0].replace("rq:queue:", ""), taken[1]);
    }
  };
  await client
    .multi()
    .sadd("rq:workers", name)
    .hset(name, { state: "idle", queues: queues.join(",") })
    .exec();
  current = work();
  onStop(async () => {
    stopping = true;
    await current;
    await client.multi().srem("rq:workers", name).del(name).exec();
    client.disconnect();
    await pool.end();
  });
  return {};
});
