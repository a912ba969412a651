import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { after, afterEach, before, describe, it } from "mocha";
import pg from "pg";
import { freePort } from "../../../cutover/adapters/local/freePort";
import { startValkey } from "../../../cutover/adapters/local/valkeyServer";
import { Refusal } from "../../../cutover/engine/refusal";
import { type LocalWorld, startLocalWorld } from "../../../cutover/adapters/local/world";
import { closeConnections, type Database } from "../../../cutover/database/database";
import { systemClock, until } from "../../../cutover/engine/clock";
import { runPlan } from "../../../cutover/engine/engine";
import type { Plan } from "../../../cutover/engine/step";
import type { Side, World } from "../../../cutover/ports";
import type { PreflightContext } from "../../../cutover/preflight/facts/facts";
import { reachFacts } from "../../../cutover/preflight/facts/reach";
import { preflight } from "../../../cutover/preflight/preflight";
import { readOnly } from "../../../cutover/preflight/readOnly";
import { RqQueue } from "../../../cutover/queue/rqQueue";
import { Fernet } from "../../../cutover/redash/fernet";
import { preparePlan } from "../../../cutover/steps/prepare";
import { removalPlan } from "../../../cutover/steps/remove";
import { replicatePlan } from "../../../cutover/steps/replicate";
import { verifyPlan } from "../../../cutover/steps/verify";
import { contentOf } from "../../support/cutover/content";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";

const CONTEXT: PreflightContext = {
  interrupted: undefined,
  lockHolder: undefined,
  isPrepared: false,
  writeOutageBudgetMs: 5000,
};
const never = new AbortController().signal;

/** What a rehearsal's data has on purpose. */
const ATHENA =
  "data source 4 (Source 4): it has no credentials of its own and uses the instance profile of the source's machine";

/** Check → verdict and what was found, of all that did not pass. */
async function findings(world: World, context = CONTEXT): Promise<Record<string, string>> {
  const { results } = await preflight(world, context, never);
  return Object.fromEntries(
    results
      .filter(({ verdict }) => verdict !== "pass")
      .map(({ id, verdict, found }) => [id, `${verdict}: ${found}`]),
  );
}
const ATHENA_ONLY = { "data-sources-movable": `warn: ${ATHENA}` };

describe("preflight, in a world of real servers", function () {
  this.timeout(120_000);
  let local: LocalWorld;
  let world: World;
  let source: pg.Client;
  let target: pg.Client;
  let sourceRedis: Redis;
  let targetRedis: Redis;
  const heals: (() => Promise<unknown>)[] = [];
  /** Breaks something until the end of the test. */
  const broken = async (client: pg.Client, breakIt: string, heal: string) => {
    heals.push(() => client.query(heal));
    await client.query(breakIt);
  };
  const withTarget = (changes: Partial<Side>): World => ({
    ...world,
    target: { ...world.target, ...changes },
  });

  before(async () => {
    local = await startLocalWorld({ megabytes: 8 });
    ({ world } = local);
    source = await local.administrator("source");
    target = await local.administrator("target");
    sourceRedis = new Redis(local.queues.source.url);
    targetRedis = new Redis(local.queues.target.url);
  });
  afterEach(async () => {
    for (const heal of heals.reverse()) await heal();
    heals.length = 0;
  });
  after(async () => {
    sourceRedis.disconnect();
    targetRedis.disconnect();
    await source.end();
    await target.end();
    await local.remove();
  });

  it("finds nothing but what is there, with either transport", async () => {
    assert.deepEqual(await findings(world), ATHENA_ONLY);
    const task = { sourceRole: "dms" } as never;
    assert.deepEqual(await findings({ ...world, transport: { kind: "dms", task } }), ATHENA_ONLY);
  });

  it("changes nothing on either side, and leaves no secret in logs and report", async () => {
    await local.processes.source.stop("scheduler");
    heals.push(() => local.processes.source.start("scheduler"));
    const isIdle = async () => {
      const { running, waiting } = await world.source.queue.backlog(never);
      return running.length + Object.values(waiting).reduce((sum, it) => sum + it, 0) === 0;
    };
    await until(isIdle, { clock: systemClock, signal: AbortSignal.timeout(30_000) });
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

  it("names what the source has and a Redash has not", async () => {
    await broken(
      source,
      `CREATE TABLE keyless (n int);
       CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY);
       CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
       CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
       CREATE VIEW report AS SELECT id FROM queries;
       CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM queries;
       CREATE RULE quiet AS ON DELETE TO scratch DO INSTEAD NOTHING;
       CREATE SCHEMA finance; CREATE TABLE finance.invoices (id int);
       SELECT lo_create(4711);
       CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere;
       CREATE FOREIGN TABLE far (id int) SERVER elsewhere;
       CREATE EXTENSION citext;
       ALTER TABLE alerts REPLICA IDENTITY NOTHING;
       ALTER TABLE widgets ALTER COLUMN text TYPE varchar;
       ALTER TABLE queries DISABLE TRIGGER queries_search_vector_trigger;
       CREATE FUNCTION finance.audit() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
       CREATE EVENT TRIGGER audit_ddl ON ddl_command_end EXECUTE FUNCTION finance.audit()`,
      `DROP EVENT TRIGGER audit_ddl;
       ALTER TABLE queries ENABLE TRIGGER queries_search_vector_trigger;
       ALTER TABLE widgets ALTER COLUMN text TYPE text;
       ALTER TABLE alerts REPLICA IDENTITY DEFAULT;
       DROP EXTENSION citext; DROP FOREIGN DATA WRAPPER nowhere CASCADE; SELECT lo_unlink(4711);
       DROP SCHEMA finance CASCADE; DROP MATERIALIZED VIEW totals; DROP VIEW report;
       DROP TABLE keyless, scratch, parts`,
    );
    assert.deepEqual(await findings(world), {
      ...ATHENA_ONLY,
      "tables-have-keys": "fail: keyless",
      "replica-identities": "fail: alerts has NOTHING",
      "no-unlogged-tables": "fail: scratch",
      "no-shared-rows": "fail: parts, parts_1",
      "no-foreign-tables": "fail: far",
      "no-views": "warn: report",
      "no-materialized-views": "fail: totals",
      "no-rules": "warn: quiet on scratch",
      "no-other-schemas": "warn: finance",
      "no-large-objects": "warn: 1 large objects",
      "no-event-triggers": "warn: audit_ddl",
      "target-extensions": "fail: the target lacks citext",
      "triggers-fire": "fail: queries_search_vector_trigger is D",
      "schema-known":
        "warn: compared with 25.8.0: table keyless is not Redash's, table parts_1 is not Redash's, table scratch is not Redash's, widgets.text is character varying, not text",
    });
  });

  it("names rows that would stop the move, and data sources without their secrets", async () => {
    const token = new Fernet(local.description.source.secretKey).encrypt(
      JSON.stringify({ host: "postgres", password: "never-to-be-seen" }),
      Buffer.alloc(16),
      0,
    );
    heals.push(() => source.query("DELETE FROM data_sources WHERE name = 'Its own'"));
    await source.query(
      `INSERT INTO data_sources (org_id, name, type, encrypted_options, queue_name, scheduled_queue_name, created_at)
       VALUES (1, 'Its own', 'pg', $1, 'slow', 'scheduled_queries', now())`,
      [token],
    );
    await broken(
      source,
      `BEGIN; SET LOCAL session_replication_role = replica;
       UPDATE widgets SET dashboard_id = dashboard_id + 10000 WHERE id IN (1, 2); COMMIT;
       SELECT setval('changes_id_seq', 5), setval('favorites_id_seq', 2147480000);
       INSERT INTO alembic_version VALUES ('9e8c841d1a30')`,
      `UPDATE widgets SET dashboard_id = dashboard_id - 10000 WHERE id IN (1, 2);
       SELECT setval('changes_id_seq', max(id)) FROM changes; SELECT setval('favorites_id_seq', max(id)) FROM favorites;
       DELETE FROM alembic_version WHERE version_num = '9e8c841d1a30'`,
    );
    assert.deepEqual(await findings(world), {
      "data-sources-movable": `warn: ${ATHENA}; data source 7 (Its own): it names a host that only the source's machine knows`,
      "target-queues-consumed": "fail: no worker listens to slow",
      "foreign-keys-hold": "fail: widgets_dashboard_id_fkey: 2 rows without a parent",
      "sequences-ahead": "fail: changes_id_seq",
      "sequences-left": "fail: favorites_id_seq has used 99 %",
      "redash-schema": "fail: alembic_version has 2 rows: 9e8c841d1a30, db0aca1ebd32",
    });
  });

  it("names what holds replication up on the source, and what would pass the fence", async () => {
    await broken(
      source,
      `SELECT pg_create_logical_replication_slot('redash_move', 'pgoutput');
       SELECT pg_create_physical_replication_slot('forgotten');
       CREATE PUBLICATION redash_move; CREATE SCHEMA redash_move; CREATE SCHEMA awsdms;
       ALTER ROLE redash IN DATABASE redash SET default_transaction_read_only = off;
       ALTER ROLE postgres IN DATABASE redash SET statement_timeout = '30s'`,
      `ALTER ROLE postgres IN DATABASE redash RESET statement_timeout;
       ALTER ROLE redash IN DATABASE redash RESET default_transaction_read_only;
       DROP SCHEMA awsdms; DROP SCHEMA redash_move; DROP PUBLICATION redash_move;
       SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots`,
    );
    const open = await local.administrator("source");
    heals.push(() => open.end());
    await open.query("BEGIN");
    const { rows } = await open.query<{ pid: number }>(
      "SELECT pg_backend_pid() AS pid, txid_current()",
    );
    await source.query(
      "SELECT pg_sleep_until(xact_start + interval '5 s') FROM pg_stat_activity WHERE pid = $1",
      [rows[0]!.pid],
    );
    // Sessions keep the settings that they began with.
    await closeConnections(world.source.database);
    heals.push(() => closeConnections(world.source.database));
    const { "source-open-transactions": transaction = "", ...others } = await findings(world);
    assert.match(
      transaction,
      new RegExp(`^warn: one of postgres has been open for \\d+ s \\(process ${rows[0]!.pid}\\)$`),
    );
    assert.deepEqual(others, {
      ...ATHENA_ONLY,
      "source-no-leftovers":
        "fail: slot redash_move, publication redash_move, schema redash_move, SCHEMA awsdms",
      "source-idle-slots": "warn: forgotten keeps 0 bytes",
      "source-fence-holds": "fail: redash has default_transaction_read_only=off in this database",
      "source-no-timeouts": "fail: statement_timeout is 30000 ms",
    });
  });

  it("names what is on the target already, and who reads along on the source", async () => {
    await broken(target, "CREATE VIEW report AS SELECT 1 AS n", "DROP VIEW report");
    await broken(target, "CREATE ROLE redash", "DROP ROLE redash");
    await broken(source, "CREATE ROLE bi SUPERUSER LOGIN PASSWORD 'bi'", "DROP ROLE bi");
    const reader = new pg.Client({
      ...world.source.database.connection,
      user: "bi",
      password: "bi",
    });
    await reader.connect();
    heals.push(() => reader.end());
    assert.deepEqual(await findings(world), {
      ...ATHENA_ONLY,
      "source-other-roles": "warn: bi is connected",
      "target-empty": "fail: schema public has report",
      "target-application-role": "fail: redash may not log in",
    });
  });

  it("advises what empties the target, and leaves extensions, grants and owner of its schema", async () => {
    const schema = async () => {
      const { rows } = await target.query<object>(
        `SELECT nspowner, nspacl::text, (SELECT count(*)::int FROM pg_extension WHERE extnamespace = n.oid) AS extensions
           FROM pg_namespace n WHERE nspname = 'public'`,
      );
      return rows;
    };
    await broken(
      target,
      "CREATE EXTENSION citext; GRANT CREATE ON SCHEMA public TO pg_monitor",
      "DROP EXTENSION citext; REVOKE CREATE ON SCHEMA public FROM pg_monitor",
    );
    await target.query(
      `CREATE TABLE "Notes" (id serial PRIMARY KEY); CREATE VIEW report AS SELECT id FROM "Notes";
       CREATE MATERIALIZED VIEW sums AS SELECT count(*) FROM report; CREATE SEQUENCE numbers;
       CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TYPE mood AS ENUM ('good'); CREATE DOMAIN name_of AS text;
       CREATE FUNCTION helper(int) RETURNS int LANGUAGE sql AS 'SELECT $1'`,
    );
    const before = await schema();
    const { results } = await preflight(world, CONTEXT, never);
    const result = results.find(({ id }) => id === "target-empty");
    assert.ok(result?.verdict === "fail");
    const advice = "make sure that nobody needs it, then on the target: ";
    assert.ok(result.fix.startsWith(advice), result.fix);
    const sql = result.fix.slice(advice.length);
    await target.query(sql);
    assert.deepEqual(await findings(world), ATHENA_ONLY);
    assert.deepEqual(await schema(), before);
  });

  it("tells what a moving role without the rights of a superuser lacks, and passes it with them", async () => {
    await broken(
      target,
      "CREATE ROLE mover LOGIN PASSWORD 'mover'",
      "DROP OWNED BY mover; DROP ROLE mover",
    );
    const database: Database = {
      ...world.target.database,
      connection: { ...world.target.database.connection, user: "mover", password: "mover" },
    };
    heals.push(() => closeConnections(database));
    assert.deepEqual(await findings(withTarget({ database })), {
      ...ATHENA_ONLY,
      "target-role": "fail: mover may not replicate",
      "target-application-role": "fail: there is no role redash, and mover may not make it",
      "target-reaches-source": "fail: permission denied to create subscription",
      "target-may-set-origins": "fail: mover may not",
    });
    await target.query(
      "GRANT EXECUTE ON FUNCTION pg_replication_origin_advance(text, pg_lsn) TO mover; ALTER ROLE mover REPLICATION CREATEROLE; GRANT pg_create_subscription TO mover; GRANT CREATE ON DATABASE redash TO mover",
    );
    assert.deepEqual(await findings(withTarget({ database })), ATHENA_ONLY);
    await broken(target, "CREATE ROLE redash LOGIN", "DROP ROLE redash");
    const closed = "fail: mover cannot act as redash";
    for (const options of ["", "WITH SET FALSE", "WITH SET TRUE, INHERIT FALSE"]) {
      if (options !== "") await target.query(`GRANT redash TO mover ${options}`);
      assert.deepEqual(await findings(withTarget({ database })), {
        ...ATHENA_ONLY,
        "target-application-role": closed,
      });
    }
    await target.query("GRANT redash TO mover WITH SET TRUE, INHERIT TRUE");
    assert.deepEqual(await findings(withTarget({ database })), ATHENA_ONLY);
  });

  it("does not take for quiet a source whose sessions it cannot see", async () => {
    await broken(
      source,
      "CREATE ROLE mover LOGIN PASSWORD 'mover'; GRANT redash TO mover",
      "DROP OWNED BY mover; DROP ROLE mover",
    );
    const database: Database = {
      ...world.source.database,
      connection: { ...world.source.database.connection, user: "mover", password: "mover" },
    };
    heals.push(() => closeConnections(database));
    const blind =
      "unknown: mover does not see what other roles do; GRANT pg_read_all_stats TO mover";
    assert.deepEqual(await findings({ ...world, source: { ...world.source, database } }), {
      ...ATHENA_ONLY,
      "source-role": "fail: mover may not replicate",
      "source-may-set-origins": "fail: mover may not",
      "source-reaches-target": "fail: must be superuser to create subscriptions",
      "source-other-roles": blind,
      "source-open-transactions": blind,
      "source-prepared-transactions": blind,
    });
  });

  it("tells wrong keys, wrong passwords and servers that do not answer apart", async () => {
    const secretKey = () => Promise.resolve("another key of the same length");
    assert.deepEqual(await findings(withTarget({ secretKey })), {
      ...ATHENA_ONLY,
      "target-key-decrypts":
        "fail: data source 1, data source 2, data source 3, data source 4, data source 5",
    });
    const port = await freePort();
    const database: Database = {
      ...world.target.database,
      connection: { ...world.target.database.connection, port },
      replicationConnection: `${world.target.database.replicationConnection}x`,
    };
    const refused = `connect ECONNREFUSED 127.0.0.1:${port}`;
    const all = Object.entries(await findings(withTarget({ database })));
    assert.deepEqual(Object.fromEntries(all.filter(([, it]) => !it.startsWith("unknown"))), {
      ...ATHENA_ONLY,
      "target-reachable": `fail: ${refused}`,
      "source-reaches-target":
        'fail: could not connect to the publisher: FATAL: password authentication failed for user "redash_master"',
    });
    const unknown = all.filter(([, it]) => it.startsWith("unknown"));
    assert.deepEqual([...new Set(unknown.map(([, it]) => it))], [`unknown: ${refused}`]);
    assert.ok(unknown.some(([id]) => id === "target-empty"));
  });

  it("lets no connection into a server's log, whatever is wrong with it and whatever is logged", async () => {
    for (const client of [source, target]) {
      for (const setting of ["log_statement = 'all'", "log_min_duration_statement = 0"])
        await client.query(`ALTER SYSTEM SET ${setting}`);
      await client.query("SELECT pg_reload_conf()");
      heals.push(async () => {
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
    heals.push(async () => {
      queue.close();
      await cluster.remove();
    });
    assert.deepEqual(await findings(withTarget({ queue })), {
      ...ATHENA_ONLY,
      "target-queue-no-cluster": "fail: cluster_enabled is 1",
      "target-queues-consumed":
        "fail: no worker listens to periodic, emails, default, queries, scheduled_queries and 2 more",
    });
    heals.push(async () => {
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
    heals.push(async () => {
      await processes.target.stop("scheduler");
      await targetRedis.flushall();
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
    heals.push(
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
