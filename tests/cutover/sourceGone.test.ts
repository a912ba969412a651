import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { type Clock, systemClock } from "../../cutover/engine/clock";
import { Move } from "../../cutover/move";
import type { ReplicationTask, World } from "../../cutover/ports";
import { planOf } from "../../cutover/steps/acts";
import { MemoryLock } from "../support/cutover/memory";
import { LIMITS, Pair } from "../support/cutover/pair";

/** Ten times as fast, or a test would wait as long as the engine does for a server that may come back. */
const FAST: Clock = { ...systemClock, monotonicMs: () => performance.now() * 10 };

/** What is there of the move on the target. */
const LEFT = `SELECT ((SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)
  + (SELECT count(*) FROM pg_subscription) + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'redash%'))::int AS left`;

describe("a move whose source is gone", function () {
  this.timeout(120_000);
  let pair: Pair;
  before(async () => {
    pair = await Pair.start();
    await pair.done("cutover");
  });
  after(() => pair.end());

  it("is finished on the target alone, when it is said so", async () => {
    const { world } = pair.servers;
    const { source } = world;
    const { connection } = source.database;
    const gone: World = {
      ...world,
      source: {
        ...source,
        database: { ...source.database, connection: { ...connection, port: 1 } },
      },
    };
    const refused = await pair.run(planOf("finish", gone, LIMITS), { clock: FAST });
    assert.equal(refused.outcome, "needs-person");
    assert.match(refused.reason, /^target-replication-removed failed: .*ECONNREFUSED/);

    const { outcome, reason } = await pair.run(
      planOf("finish", gone, { ...LIMITS, sourceGone: true }),
    );
    assert.equal(outcome, "done", reason);
    assert.deepEqual(await pair.administrated("target", LEFT), [{ left: 0 }]);
  });

  it("loses what AWS DMS has left on the target, and says what only the source knew", async () => {
    await pair.administrated(
      "target",
      `
      CREATE SCHEMA awsdms AUTHORIZATION redash_master; CREATE TABLE public.awsdms_apply_exceptions (id int);
      ALTER TABLE public.awsdms_apply_exceptions OWNER TO redash_master;
      ALTER TABLE favorites ADD CONSTRAINT redash_move_not_null_user_id CHECK (user_id IS NOT NULL) NOT VALID,
        ADD CONSTRAINT late FOREIGN KEY (query_id) REFERENCES queries NOT VALID`,
    );
    const task = {} as ReplicationTask;
    const { outcome, reason, warnings } = await pair.run(
      planOf(
        "finish",
        { ...pair.servers.world, transport: { kind: "dms", task } },
        { ...LIMITS, sourceGone: true },
      ),
    );
    assert.equal(outcome, "done", reason);
    assert.deepEqual(
      warnings.map(({ step }) => step),
      ["target-foreign-keys-validated"],
    );
    assert.match(warnings[0]!.message, /compare them with those of a fresh Redash of this version/);
    const left = await pair.administrated(
      "target",
      `SELECT conname::text AS name FROM pg_constraint WHERE NOT convalidated OR conname LIKE 'redash_move%'
       UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'awsdms%'
       UNION ALL SELECT relname::text FROM pg_class WHERE relname LIKE 'awsdms%'`,
    );
    assert.deepEqual(left, []);
  });
});

describe("a cutover whose source goes right after the flip", function () {
  this.timeout(120_000);
  let pair: Pair;
  before(async () => {
    pair = await Pair.start();
  });
  after(() => pair.end());

  it("needs a person, and is ended by finish on the target alone, with everything that users need", async () => {
    const move = (sourceGone: boolean) =>
      new Move({
        ...LIMITS,
        sourceGone,
        world: pair.servers.world,
        journal: pair.journal,
        lock: new MemoryLock(),
        clock: FAST,
      });
    const { target } = pair.servers.world;
    const signal = AbortSignal.timeout(60_000);
    const { outcome, reason } = await pair.run(pair.plan("cutover"), {
      clock: FAST,
      before: async ({ id }) => {
        if (id === "target-queue-opened") await pair.servers.servers.source.stop("immediate");
      },
    });
    assert.equal(outcome, "needs-person", reason);
    assert.match(reason, /ECONNREFUSED/);
    await target.workload.stop("scheduler", signal);
    const run = { resume: false, stop: signal, onEvent: () => undefined };
    await assert.rejects(move(false).perform("finish", run), /finish is out of order/);

    const { verdict, text } = await move(true).perform("finish", run);
    assert.equal(verdict, "done", text);
    assert.match(text, /the move is complete$/);
    assert.equal((await target.workload.state("scheduler", signal)).running, 1);
    assert.equal(await target.queue.isSuspended(signal), false);
    assert.deepEqual(await pair.administrated("target", LEFT), [{ left: 0 }]);
  });
});
