/** Stands in for Redash's scheduler: enqueues what is due. Two of them would enqueue everything twice. */
import { randomBytes } from "node:crypto";
import { enqueue, redis } from "./rq";
import { sleep, standIn } from "./standIn";

interface Config {
  readonly redisUrl: string;
  readonly intervalMs: number;
}

standIn<Config>(async ({ redisUrl, intervalMs }, onStop) => {
  const client = redis(redisUrl);
  let stopping = false;
  const schedule = async () => {
    while (!stopping) {
      const token = randomBytes(16).toString("hex");
      await enqueue(client, "scheduled_queries", { kind: "execute_query", token });
      await sleep(intervalMs);
    }
  };
  await client.ping();
  const running = schedule();
  onStop(async () => {
    stopping = true;
    await running;
    client.disconnect();
  });
  return {};
});
