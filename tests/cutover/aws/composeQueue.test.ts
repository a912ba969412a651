import assert from "node:assert/strict";
import { SSMClient } from "@aws-sdk/client-ssm";
import { Redis } from "ioredis";
import { after, before, beforeEach, describe, it } from "mocha";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { composeQueue } from "../../../cutover/adapters/aws/composeQueue";
import { HostCommand } from "../../../cutover/adapters/aws/hostCommand";
import { systemClock } from "../../../cutover/engine/clock";
import type { Queue, QueueValue } from "../../../cutover/ports";
import { RqQueue } from "../../../cutover/queue/rqQueue";
import { hostDocument } from "../../../redash/hostDocument";
import { hostScript, MOVE_PARTS } from "../../../redash/hostScript";
import { Moto } from "../../support/aws/moto";
import { SsmHost } from "../../support/aws/ssmHost";
import { type ComposeHost, composeHost, readHostPart } from "../../support/host/composeHost";
import { REDIS_SERVERS } from "../../support/redisServers";

const never = new AbortController().signal;

for (const { name, version, program } of REDIS_SERVERS)
  describe(`the queues of the source's host with ${name}, through redis-cli in its container`, function () {
    this.timeout(120_000);
    let host: ComposeHost;
    let queue: Queue;
    let direct: RqQueue;
    let client: Redis;
    let moto: Moto;
    let ssm: SsmHost;
    let aws: SSMClient;
    before(async () => {
      const redisServer = await program();
      [moto, host] = await Promise.all([Moto.start(), composeHost({ redisServer })]);
      const { mainSteps } = hostDocument(hostScript(MOVE_PARTS, readHostPart));
      ssm = await SsmHost.start(moto, host, { source: mainSteps[0]!.inputs.runCommand });
      aws = new SSMClient(clientConfig(ssm.options));
      const command = new HostCommand({
        client: aws,
        instanceId: "i-0123456789abcdef0",
        by: { documentName: "source" },
        // What a command takes on AWS need not be waited for here.
        clock: { ...systemClock, sleep: (_, signal) => systemClock.sleep(10, signal) },
      });
      queue = composeQueue(command, {});
      direct = new RqQueue(host.queue.url);
      client = new Redis(host.queue.url);
    });
    after(async () => {
      client.disconnect();
      direct.close();
      aws.destroy();
      await ssm.stop();
      await Promise.all([moto.stop(), host.remove()]);
    });
    beforeEach(() => client.flushall());

    it("say the same as a connection of one's own", async () => {
      assert.deepEqual(await queue.backlog(never), { running: [], waiting: {} });
      assert.deepEqual(await queue.consumers(never), {});
      await client.sadd("rq:queues", "rq:queue:queries", "rq:queue:emails");
      await client.rpush("rq:queue:queries", "one", "two");
      await client.zadd("rq:wip:queries", 1, "three");
      await client.sadd("rq:workers", "rq:worker:a", "rq:worker:b", "rq:worker:gone");
      await client.hset("rq:worker:a", { state: "busy", current_job: "four", queues: "queries" });
      await client.hset("rq:worker:b", { state: "busy", queues: "queries,emails" });
      assert.deepEqual(await queue.backlog(never), {
        running: ["four", "rq:worker:b", "three"],
        waiting: { queries: 2, emails: 0 },
      });
      assert.deepEqual(await queue.backlog(never), await direct.backlog(never));
      assert.deepEqual(await queue.consumers(never), { queries: 2, emails: 1 });
      const { usedBytes, ...server } = await queue.server(never);
      assert.ok(usedBytes > 100_000);
      assert.ok(server.version.startsWith(version), server.version);
      assert.deepEqual(
        { ...server, usedBytes: 0 },
        { ...(await direct.server(never)), usedBytes: 0 },
      );
    });

    it("are suspended and resumed, each twice without harm", async () => {
      for (let time = 0; time < 2; time++) await queue.suspend(never);
      assert.equal(await direct.isSuspended(never), true);
      assert.equal(await queue.isSuspended(never), true);
      for (let time = 0; time < 2; time++) await queue.resume(never);
      assert.equal(await direct.isSuspended(never), false);
      assert.equal(await queue.isSuspended(never), false);
    });

    it("carry what Redash keeps in Redis alone, there and back, whatever is in it", async () => {
      const reason = `"quotes", 'quotes', \\ back, ${"ü".repeat(20)} and\na line`;
      await client.set("ds:2:pause", reason, "EX", 100);
      await client.sadd("data_sources:schema:blacklist", "4", "3");
      const fields = Object.fromEntries(
        Array.from({ length: 3000 }, (_, id) => [String(id), `1767225600.${id}`]),
      );
      await client.hset("sq:executed_at", fields);
      await client.set("query_hash_job:1:abc", "a lock that must not be carried");
      const state = await queue.state(never);
      const without = (values: ReadonlyMap<string, QueueValue>) =>
        [...values].map(([key, value]) => [key, { ...value, ttlMs: value.ttlMs !== undefined }]);
      assert.deepEqual(without(state), without(await direct.state(never)));

      await client.flushall();
      await client.set("ds:9:pause", "of yesterday");
      await client.hset("sq:executed_at", { "99999": "of yesterday" });
      ssm.parameters.length = 0;
      for (let time = 0; time < 2; time++) await queue.restore(state, never);
      assert.deepEqual((await client.keys("*")).sort(), [...state.keys()]);
      assert.equal(await client.get("ds:2:pause"), reason);
      assert.ok((await client.pttl("ds:2:pause")) > 60_000);
      assert.deepEqual((await client.smembers("data_sources:schema:blacklist")).sort(), ["3", "4"]);
      assert.deepEqual(await client.hgetall("sq:executed_at"), fields);
      const lengths = ssm.parameters.map(({ payload }) => payload?.[0]?.length ?? 0);
      assert.equal(lengths.length, 12);
      assert.ok(Math.max(...lengths) < 28_000);
    });

    it("forget what is not in the state, also if that is empty", async () => {
      await client.set("ds:9:pause", "of yesterday");
      await queue.restore(new Map(), never);
      assert.equal(await client.exists("ds:9:pause"), 0);
    });

    it("say so when a key is of a kind that Redash does not make", async () => {
      await client.rpush("ds:1:pause", "a list");
      await assert.rejects(queue.state(never), {
        message: "ds:1:pause is a list; Redash has no such key",
      });
    });

    it("are reached by the login of Redash's URL, also by one that an old Redis, or a new one, does not know whole", async () => {
      const server = host.docker.container("server");
      const { environment } = server;
      const reachedBy = async (login: string) => {
        server.environment = [
          ...environment.filter((it) => !it.startsWith("REDASH_REDIS_URL=")),
          `REDASH_REDIS_URL=redis://${login}@redis:6379/0`,
        ];
        try {
          return await queue.isSuspended(never);
        } finally {
          server.environment = environment;
        }
      };
      await client.set("rq:suspended", "1");
      const { password } = new URL(host.queue.url);
      for (const user of ["", "default", "redash"])
        assert.equal(await reachedBy(`${user}:${password}`), true, user);
      await assert.rejects(reachedBy(`:${password}x`), /Redis refuses: .*NOAUTH/);
      // Before 6 there are no users.
      if ((await queue.server(never)).version.startsWith("5.")) return;
      await client.call("ACL", "SETUSER", "its@own", "on", '>pass "word', "~*", "+@all");
      assert.equal(await reachedBy("its%40own:pass%20%22word"), true);
      await client.call("ACL", "SETUSER", "its@own", "-@all");
      await assert.rejects(reachedBy("its%40own:pass%20%22word"), /Redis refuses: .*NOPERM/);
    });

    it("say what Redis says against it", async () => {
      await client.set("rq:workers", "no set");
      await assert.rejects(queue.consumers(never), /Redis refuses: .*WRONGTYPE/);
    });
  });
