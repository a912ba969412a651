import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { startValkey } from "../../../cutover/adapters/local/valkeyServer";
import { type LocalWorld, startLocalWorld } from "../../../cutover/adapters/local/world";
import { systemClock, until } from "../../../cutover/engine/clock";
import { runPlan } from "../../../cutover/engine/engine";
import { Refusal } from "../../../cutover/engine/refusal";
import type { Plan } from "../../../cutover/engine/step";
import type { World } from "../../../cutover/ports";
import { reachFacts } from "../../../cutover/preflight/facts/reach";
import { preflight } from "../../../cutover/preflight/preflight";
import { readOnly } from "../../../cutover/preflight/readOnly";
import { RqQueue } from "../../../cutover/queue/rqQueue";
import { preparePlan } from "../../../cutover/steps/prepare";
import { removalPlan } from "../../../cutover/steps/remove";
import { replicatePlan } from "../../../cutover/steps/replicate";
import { verifyPlan } from "../../../cutover/steps/verify";
import { BreakableWorld } from "../../support/cutover/breakableWorld";
import { contentOf } from "../../support/cutover/content";
import { ATHENA_ONLY, CONTEXT, findings } from "../../support/cutover/findings";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";

const never = new AbortController().signal;

describe("preflight, in a world of real servers", function () {
  this.timeout(120_000);
  let breakable: BreakableWorld;
  let local: LocalWorld;
  let world: World;
  before(async () => {
    breakable = await BreakableWorld.start();
    ({ local, world } = breakable);
  });
  afterEach(() => breakable.heal());
  after(() => breakable.remove());

  it("finds nothing but what is there, with either transport", async () => {
    assert.deepEqual(await findings(world), ATHENA_ONLY);
    const task = { sourceRole: "dms" } as never;
    assert.deepEqual(await findings({ ...world, transport: { kind: "dms", task } }), ATHENA_ONLY);
  });

  it("changes nothing on either side, and leaves no secret in logs and report", async () => {
    await local.processes.source.stop("scheduler");
    breakable.healBy(() => local.processes.source.start("scheduler"));
    const isIdle = async () => {
      const { running, waiting } = await world.source.queue.backlog(never);
      return running.length + Object.values(waiting).reduce((sum, it) => sum + it, 0) === 0;
    };
    await until(isIdle, { clock: systemClock, signal: AbortSignal.timeout(30_000) });
    const { source, target, sourceRedis, targetRedis } = breakable;
    const content = async () => [
      await contentOf(source, sourceRedis),
      await contentOf(target, targetRedis),
    ];
    const before = await content();
    const report = JSON.stringify(await preflight(world, CONTEXT, never));
    assert.deepEqual(await content(), before);
    for (const side of ["source", "target"] as const) {
      const { database, secretKey } = local.description[side];
      const log = readFileSync(join(local.servers[side].directory, "postgres.log"), "utf8");
      for (const secret of [database.password, secretKey, "pässwörd-1", "db1.internal"]) {
        assert.ok(!log.includes(secret));
        assert.ok(!report.includes(secret));
      }
    }
  });

  it("reads within transactions in which the server itself refuses to write", async () => {
    await assert.rejects(
      readOnly(world.source.database, 1000, never, (client) =>
        client.query("DELETE FROM favorites"),
      ),
      /cannot execute DELETE in a read-only transaction/,
    );
  });

  it("lets no connection into a server's log, whatever is wrong with it and whatever is logged", async () => {
    for (const client of [breakable.source, breakable.target]) {
      for (const setting of ["log_statement = 'all'", "log_min_duration_statement = 0"])
        await client.query(`ALTER SYSTEM SET ${setting}`);
      await client.query("SELECT pg_reload_conf()");
      breakable.healBy(async () => {
        await client.query("ALTER SYSTEM RESET ALL");
        await client.query("SELECT pg_reload_conf()");
      });
    }
    for (const [from, to] of [
      [world.source, world.target],
      [world.target, world.source],
    ] as const) {
      const tried = async (replicationConnection: string) =>
        reachFacts(from.database, { ...to.database, replicationConnection }, 5000, never);
      const { replicationConnection } = to.database;
      assert.deepEqual(await tried(replicationConnection), { isReached: true, words: "" });
      assert.deepEqual(await tried(`${replicationConnection} never-to-be-seen`), {
        isReached: false,
        words: "the connection is not written as libpq wants it",
      });
      const { words } = await tried(`${replicationConnection}-never-to-be-seen`);
      const user = to.name === "source" ? "postgres" : "redash_master";
      assert.match(words, new RegExp(`password authentication failed for user "${user}"$`));
    }
    for (const side of ["source", "target"] as const) {
      const log = readFileSync(join(local.servers[side].directory, "postgres.log"), "utf8");
      assert.match(log, /password authentication failed/);
      assert.match(log, /LOG: {2}statement: COPY redash_move_given FROM STDIN/);
      assert.doesNotMatch(log, /password=|never-to-be-seen/);
    }
  });

  it("finds cluster mode, a policy that evicts, somebody's jobs and a suspended queue", async () => {
    const cluster = await startValkey({ clusterMode: true });
    const queue = new RqQueue(cluster.url);
    breakable.healBy(async () => {
      queue.close();
      await cluster.remove();
    });
    assert.deepEqual(await findings(breakable.withTarget({ queue })), {
      ...ATHENA_ONLY,
      "target-queue-no-cluster": "fail: cluster_enabled is 1",
      "target-queues-consumed":
        "fail: no worker listens to periodic, emails, default, queries, scheduled_queries and 2 more",
    });
    const { targetRedis } = breakable;
    breakable.healBy(async () => {
      await targetRedis.config("SET", "maxmemory-policy", "noeviction");
      await targetRedis.srem("rq:queues", "rq:queue:other");
      await targetRedis.del("rq:queue:other");
      await world.source.queue.resume(never);
    });
    await targetRedis.config("SET", "maxmemory-policy", "volatile-lru");
    await targetRedis.sadd("rq:queues", "rq:queue:other");
    await targetRedis.rpush("rq:queue:other", "a job of yesterday");
    await world.source.queue.suspend(never);
    assert.deepEqual(await findings(world), {
      ...ATHENA_ONLY,
      "target-queue-keeps-jobs": "fail: maxmemory-policy is volatile-lru",
      "target-queue-empty": "fail: 0 jobs at work, 1 waiting: 1 in other",
      "source-queue-open": "fail: the key rq:suspended is set",
    });
  });

  it("finds a scheduler on the target, none on the source, workers that are missing, and traffic that has gone", async () => {
    const { processes } = local;
    breakable.healBy(async () => {
      await processes.target.stop("scheduler");
      await breakable.targetRedis.flushall();
      await processes.target.start("workers");
      await processes.source.start("scheduler");
      await world.traffic.flipTo("source", never);
    });
    await processes.target.stop("workers");
    await processes.target.start("scheduler");
    await processes.source.stop("scheduler");
    await world.traffic.flipTo("target", never);
    const { "target-queue-empty": jobs = "", ...others } = await findings(world);
    assert.match(jobs, /^fail: 0 jobs at work, \d+ waiting: \d+ in scheduled_queries$/);
    assert.deepEqual(others, {
      ...ATHENA_ONLY,
      "target-queues-consumed":
        "fail: no worker listens to periodic, emails, default, queries, scheduled_queries and 2 more",
      "traffic-to-source": "fail: to the target",
      "source-scheduler-runs": "warn: 0 running",
      "target-workers-run": "fail: 0 of 1 running",
      "target-scheduler-stopped": "fail: 1 running",
    });
  });

  it("finds a server of the target that is gone", async () => {
    const isHealthy = (count: number) =>
      until(async () => (await world.traffic.healthyTargets("target", never)) === count, {
        clock: systemClock,
        signal: AbortSignal.timeout(30_000),
      });
    breakable.healBy(
      () => isHealthy(1),
      () => local.processes.target.start("servers"),
    );
    await local.processes.target.stop("servers");
    await isHealthy(0);
    const { port } = new URL(local.description.target.serverUrl);
    assert.deepEqual(await findings(world), {
      ...ATHENA_ONLY,
      "target-healthy": "fail: no healthy target",
      "target-servers-run": "fail: 0 of 1 running",
      "releases-equal": `unknown: fetch failed: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it("takes what a move has made for its own, and for leftovers where no journal knows of it", async () => {
    const done = async (plan: Plan) => {
      const { outcome, reason } = await runPlan(plan, {
        clock: systemClock,
        journal: new MemoryJournal(),
        lock: new MemoryLock(),
        run: plan.act,
      });
      assert.equal(outcome, "done", reason);
    };
    await done(preparePlan(world));
    await done(replicatePlan(world, 60_000));
    await done(verifyPlan(world, 60_000));
    assert.deepEqual(await findings(world, { ...CONTEXT, isPrepared: true }), ATHENA_ONLY);
    assert.deepEqual(await findings(world), {
      ...ATHENA_ONLY,
      "source-no-leftovers":
        "fail: slot redash_move, slot redash_move_changes, publication redash_move, schema redash_move",
      "target-no-leftovers": "fail: subscription redash_move, schema redash_move",
      "target-empty":
        "fail: schema public has access_permissions, alembic_version, alert_subscriptions, alerts, api_keys and 45 more",
    });
    await done(removalPlan("abort", world, { longDeadlineMs: 60_000 }));
  });

  it("has the checks of where the world is last, and is refused by one of them", async () => {
    const here = {
      id: "zone-open",
      title: "The zone is open",
      verdict: "fail",
      found: "it is closed",
      fix: "open it",
    } as const;
    let given: unknown;
    const { outcome, results } = await preflight(
      {
        ...world,
        checks: ({ source }) => {
          given = source.redash;
          return Promise.resolve([here]);
        },
      },
      CONTEXT,
      never,
    );
    assert.equal(outcome, "refused");
    assert.deepEqual(results.at(-1), here);
    assert.deepEqual(given, { isKnown: true, value: "25.8.0" });
  });

  it("ends at once when it is asked to", async () => {
    await assert.rejects(
      preflight(world, CONTEXT, AbortSignal.abort(new Error("Ctrl-C"))),
      new Refusal("preflight ended early, Ctrl-C; nothing was changed"),
    );
  });

  it("is content again when everything is healed", async () => {
    assert.deepEqual(await findings(world), ATHENA_ONLY);
  });
});

describe("preflight, with an old Redash", function () {
  this.timeout(120_000);
  it("finds nothing but what is there in a 10.1.0", async () => {
    const local = await startLocalWorld({ megabytes: 8, schema: "10.1.0" });
    try {
      assert.deepEqual(await findings(local.world), ATHENA_ONLY);
    } finally {
      await local.remove();
    }
  });
});
