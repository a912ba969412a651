import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { after, before, beforeEach, describe, it } from "mocha";
import { startValkey, type ValkeyServer } from "../../../cutover/adapters/local/valkeyServer";
import { withClient } from "../../../cutover/database/database";
import { createMarkerTable } from "../../../cutover/database/marker";
import type { Evidence, Step } from "../../../cutover/engine/step";
import type { Side } from "../../../cutover/ports";
import { RqQueue } from "../../../cutover/queue/rqQueue";
import { pausesCarried } from "../../../cutover/steps/proof";
import { leftBehindNamed, oldJobsNamed, queueStateCarried } from "../../../cutover/steps/queue";
import { running } from "../../support/cutover/running";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

describe("what is left behind in the old queue, in two real Valkeys", function () {
  this.timeout(60_000);
  let servers: TwoServers;
  let valkeys: ValkeyServer[];
  let queues: RqQueue[];
  let source: Side;
  let target: Side;
  let here: Redis;
  let there: Redis;
  before(async () => {
    servers = await twoServers();
    valkeys = await Promise.all([startValkey(), startValkey()]);
    queues = valkeys.map(({ url }) => new RqQueue(url));
    source = { ...servers.world.source, queue: queues[0]! };
    target = { ...servers.world.target, queue: queues[1]! };
    [here, there] = valkeys.map(({ url }) => new Redis(url)) as [Redis, Redis];
    for (const client of [here, there]) client.on("error", () => undefined);
    for (const side of ["source", "target"] as const)
      await withClient(
        servers.world[side].database,
        AbortSignal.timeout(10_000),
        createMarkerTable,
      );
  });
  after(async () => {
    here.disconnect();
    there.disconnect();
    for (const queue of queues) queue.close();
    await Promise.all(valkeys.map((it) => it.remove()));
    await servers.remove();
  });
  const apply = async (step: Step): Promise<{ evidence: Evidence; warnings: string[] }> => {
    const warnings: string[] = [];
    const evidence = await step.apply(
      running(20_000, { warn: (message) => warnings.push(message) }),
    );
    return { evidence, warnings };
  };
  beforeEach(async () => {
    await Promise.all([here.flushall(), there.flushall()]);
    await here.set("ds:1:pause", "stays", "EX", 100);
    await here.set("ds:2:pause", "is lifted in time");
    await here.set("ds:3:pause", "is lifted on the new side");
    await here.sadd("data_sources:schema:blacklist", "7", "8");
    await here.hset("sq:executed_at", { "1": "1767225600.5", "2": "1767225601.5" });
    await apply(queueStateCarried(source, target));
  });

  it("is nothing as a rule, also when a time to live has run on", async () => {
    await here.pexpire("ds:1:pause", 50_000);
    await there.set("ds:9:pause", "made on the new side");
    await there.hset("sq:executed_at", { "1": "1767225700.5" });
    assert.deepEqual(await apply(leftBehindNamed(source, target)), {
      evidence: { isRead: true, waiting: 0, carried: "" },
      warnings: [],
    });
    assert.equal(await there.get("ds:9:pause"), "made on the new side");
    assert.equal(await there.hget("sq:executed_at", "1"), "1767225700.5");
  });

  it("is named by queue if it is jobs", async () => {
    await here.sadd("rq:queues", "rq:queue:queries", "rq:queue:emails", "rq:queue:default");
    await here.rpush("rq:queue:queries", "one", "two", "three");
    await here.rpush("rq:queue:emails", "four");
    const { evidence, warnings } = await apply(leftBehindNamed(source, target));
    assert.equal(evidence["waiting"], 4);
    assert.deepEqual(warnings, [
      "these jobs are not run: 1 in emails, 3 in queries of the source; who waits for them must ask again",
    ]);
    assert.equal(await here.llen("rq:queue:queries"), 3);
  });

  it("is named again before users come back, when it would run, and stays", async () => {
    assert.deepEqual(await apply(oldJobsNamed(source)), { evidence: { waiting: 0 }, warnings: [] });
    await here.sadd("rq:queues", "rq:queue:queries", "rq:queue:emails");
    await here.rpush("rq:queue:queries", "one", "two");
    await here.rpush("rq:queue:emails", "three");
    assert.deepEqual(await apply(oldJobsNamed(source)), {
      evidence: { waiting: 3 },
      warnings: [
        "these jobs wait on the source since users left it, and run when its queue opens: 1 in emails, 2 in queries",
      ],
    });
    assert.deepEqual(await here.lrange("rq:queue:queries", 0, -1), ["one", "two"]);
  });

  it("is carried if it is a pause that came, changed or went after the others were carried", async () => {
    await here.set("ds:1:pause", "another reason", "EX", 100);
    await here.del("ds:2:pause");
    await here.set("ds:4:pause", "came late");
    await here.sadd("data_sources:schema:blacklist", "9");
    await there.set("ds:9:pause", "made on the new side");
    const step = leftBehindNamed(source, target);
    const carried = "data_sources:schema:blacklist, ds:1:pause, ds:2:pause, ds:4:pause";
    assert.deepEqual(await apply(step), {
      evidence: { isRead: true, waiting: 0, carried },
      warnings: [],
    });
    const { evidence, warnings } = await apply(step);
    assert.deepEqual([evidence["carried"], warnings], ["", []], "twice without harm");
    assert.deepEqual((await there.keys("ds:*")).sort(), [
      "ds:1:pause",
      "ds:3:pause",
      "ds:4:pause",
      "ds:9:pause",
    ]);
    assert.equal(await there.get("ds:1:pause"), "another reason");
    assert.ok((await there.pttl("ds:1:pause")) > 0);
    assert.deepEqual((await there.smembers("data_sources:schema:blacklist")).sort(), [
      "7",
      "8",
      "9",
    ]);
  });

  it("stays as the new side has it, and is named, if both have changed it", async () => {
    await here.set("ds:3:pause", "another reason");
    await there.del("ds:3:pause");
    const { evidence, warnings } = await apply(leftBehindNamed(source, target));
    assert.equal(evidence["carried"], "");
    assert.deepEqual(warnings, [
      "ds:3:pause was changed on both sides since it was carried: the target keeps its own; look which one is meant",
    ]);
    assert.equal(await there.exists("ds:3:pause"), 0);
  });

  it("is not brought back if the new side alone has lifted a pause", async () => {
    await there.del("ds:3:pause");
    assert.deepEqual((await apply(leftBehindNamed(source, target))).warnings, []);
    assert.equal(await there.exists("ds:3:pause"), 0);
  });

  it("is told apart from what users of the new side have paused and lifted since, which is no fault", async () => {
    const pauses = async () => {
      const warnings: string[] = [];
      const client = await servers.administrator("target");
      const { holds, found } = await pausesCarried(
        client,
        target,
        running(20_000, { warn: (message) => warnings.push(message) }),
      );
      await client.end();
      return { holds, found, warnings };
    };
    await here.del("ds:2:pause");
    await apply(leftBehindNamed(source, target));
    assert.deepEqual(await pauses(), { holds: true, found: "2 paused", warnings: [] });
    await there.del("ds:3:pause");
    await there.set("ds:1:pause", "for another reason");
    await there.set("ds:9:pause", "made on the new side");
    assert.deepEqual(await pauses(), {
      holds: true,
      found: "2 paused",
      warnings: [
        "pauses of data sources differ on the target from what was carried: ds:1:pause changed, ds:3:pause lifted, ds:9:pause set; nothing is wrong if users did it",
      ],
    });
  });

  it("is not carried to a queue that forgets it, and says so", async () => {
    const forgetful: Side = {
      ...target,
      queue: Object.assign(Object.create(target.queue) as RqQueue, {
        state: async (signal: AbortSignal) => {
          await there.del("ds:3:pause");
          return target.queue.state(signal);
        },
      }),
    };
    await assert.rejects(
      apply(queueStateCarried(source, forgetful)),
      new Error(
        "the queue of the target does not keep ds:3:pause: look whether it evicts keys (maxmemory-policy must be noeviction), and whether somebody else writes there",
      ),
    );
  });

  it("keeps nobody from going on if the old side does not answer, and says what that means", async () => {
    await valkeys[0]!.remove();
    const { evidence, warnings } = await apply(leftBehindNamed(source, target));
    assert.deepEqual(evidence, { isRead: false });
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      /^the queue of the source cannot be read \(.+\): jobs and pauses that came right before the flip are lost; users who miss a result must ask again$/,
    );
  });
});
