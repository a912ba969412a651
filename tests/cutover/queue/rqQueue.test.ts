import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { after, before, beforeEach, describe, it } from "mocha";
import { startValkey, type ValkeyServer } from "../../../cutover/adapters/local/valkeyServer";
import { RqQueue } from "../../../cutover/queue/rqQueue";
import { REDIS_SERVERS } from "../../support/redisServers";

const never = new AbortController().signal;

for (const { name, version, program } of REDIS_SERVERS)
  describe(`RQ's queues in a real ${name}`, function () {
    this.timeout(60_000);
    let servers: ValkeyServer[];
    let queues: RqQueue[];
    let client: Redis;
    before(async () => {
      const options = { program: await program() };
      servers = await Promise.all([startValkey(options), startValkey(options)]);
      queues = servers.map(({ url }) => new RqQueue(url));
      client = new Redis(servers[0]!.url);
    });
    beforeEach(async () => {
      await client.flushall();
    });
    after(async () => {
      client.disconnect();
      for (const queue of queues) queue.close();
      await Promise.all(servers.map((server) => server.remove()));
    });

    it("says which version it is, and how much it holds", async () => {
      const { usedBytes, ...server } = await queues[0]!.server(never);
      assert.ok(server.version.startsWith(version), server.version);
      assert.ok(usedBytes > 100_000);
      assert.deepEqual(
        [server.isCluster, server.evictionPolicy, server.limitBytes],
        [false, "noeviction", undefined],
      );
    });

    it("counts what waits and names what is at work, also between the list and the registry", async () => {
      const [queue] = queues;
      assert.deepEqual(await queue!.backlog(never), { running: [], waiting: {} });
      await client.sadd("rq:queues", "rq:queue:queries", "rq:queue:emails");
      await client.rpush("rq:queue:queries", "one", "two");
      await client.zadd("rq:wip:queries", 1, "three");
      await client.sadd("rq:workers", "rq:worker:a", "rq:worker:b");
      await client.hset("rq:worker:a", { state: "busy", current_job: "four" });
      await client.hset("rq:worker:b", { state: "idle" });
      assert.deepEqual(await queue!.backlog(never), {
        running: ["four", "three"],
        waiting: { queries: 2, emails: 0 },
      });
    });

    it("suspends and resumes as RQ does, each twice without harm", async () => {
      const [queue] = queues;
      assert.equal(await queue!.isSuspended(never), false);
      await queue!.suspend(never);
      await queue!.suspend(never);
      assert.equal(await client.exists("rq:suspended"), 1);
      assert.equal(await queue!.isSuspended(never), true);
      await queue!.resume(never);
      await queue!.resume(never);
      assert.equal(await queue!.isSuspended(never), false);
    });

    it("carries pauses, the blacklist and last-run times with their time to live, and nothing else", async () => {
      const [from, to] = queues;
      await client.set("ds:2:pause", "maintenance", "EX", 100);
      await client.sadd("data_sources:schema:blacklist", "3", "4");
      await client.hset("sq:executed_at", { "7": "1767225600.5" });
      await client.set("query_hash_job:1:abc", "a lock that must not be carried");
      await client.set("data_source:schema:1", "a cache");
      const other = new Redis(servers[1]!.url);
      await other.set("ds:9:pause", "of yesterday");
      await other.set("rq:suspended", "1");
      await to!.restore(await from!.state(never), never);
      await to!.restore(await from!.state(never), never);
      assert.deepEqual((await other.keys("*")).sort(), [
        "data_sources:schema:blacklist",
        "ds:2:pause",
        "rq:suspended",
        "sq:executed_at",
      ]);
      assert.equal(await other.get("ds:2:pause"), "maintenance");
      assert.ok((await other.pttl("ds:2:pause")) > 90_000);
      assert.deepEqual((await other.smembers("data_sources:schema:blacklist")).sort(), ["3", "4"]);
      assert.deepEqual(await other.hgetall("sq:executed_at"), { "7": "1767225600.5" });
      other.disconnect();
    });

    it("makes single keys what is given, and leaves the others", async () => {
      const [queue] = queues;
      await client.set("ds:1:pause", "stays");
      await client.set("ds:2:pause", "goes", "EX", 100);
      await client.set("ds:3:pause", "changes", "EX", 100);
      await queue!.put(
        new Map([
          ["ds:2:pause", undefined],
          ["ds:3:pause", { kind: "string", value: "changed", ttlMs: undefined }],
        ]),
        never,
      );
      assert.deepEqual(
        await queue!.state(never),
        new Map([
          ["ds:1:pause", { kind: "string", value: "stays", ttlMs: undefined }],
          ["ds:3:pause", { kind: "string", value: "changed", ttlMs: undefined }],
        ]),
      );
    });

    it("says so when a key is of a kind that Redash does not make", async () => {
      await client.rpush("ds:1:pause", "a list");
      await assert.rejects(queues[0]!.state(never), /ds:1:pause is a list; Redash has no such key/);
    });

    it("gives up at once when it is told to stop", async () => {
      await assert.rejects(queues[0]!.backlog(AbortSignal.abort(new Error("stop"))), /stop/);
    });
  });
