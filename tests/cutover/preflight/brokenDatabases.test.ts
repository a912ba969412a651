import assert from "node:assert/strict";
import pg from "pg";
import { after, afterEach, before, describe, it } from "mocha";
import { freePort } from "../../../cutover/adapters/local/freePort";
import { closeConnections, type Database } from "../../../cutover/database/database";
import type { Side, World } from "../../../cutover/ports";
import { preflight } from "../../../cutover/preflight/preflight";
import { Fernet } from "../../../cutover/redash/fernet";
import { BreakableWorld } from "../../support/cutover/breakableWorld";
import { ATHENA, ATHENA_ONLY, CONTEXT, findings } from "../../support/cutover/findings";

describe("preflight, of real databases in which something is wrong", function () {
  this.timeout(120_000);
  let breakable: BreakableWorld;
  let world: World;
  let source: pg.Client;
  let target: pg.Client;
  before(async () => {
    breakable = await BreakableWorld.start();
    ({ world, source, target } = breakable);
  });
  afterEach(() => breakable.heal());
  after(() => breakable.remove());

  /** A side's database as the role `mover` has it, until the end of the test. */
  const asMover = ({ database }: Side): Database => {
    const connection = { ...database.connection, user: "mover", password: "mover" };
    const mover = { ...database, connection };
    breakable.healBy(() => closeConnections(mover));
    return mover;
  };

  it("names what the source has and a Redash has not", async () => {
    await breakable.broken(
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
    const token = new Fernet(breakable.local.description.source.secretKey).encrypt(
      JSON.stringify({ host: "postgres", password: "never-to-be-seen" }),
      Buffer.alloc(16),
      0,
    );
    breakable.healBy(() => source.query("DELETE FROM data_sources WHERE name = 'Its own'"));
    await source.query(
      `INSERT INTO data_sources (org_id, name, type, encrypted_options, queue_name, scheduled_queue_name, created_at)
       VALUES (1, 'Its own', 'pg', $1, 'slow', 'scheduled_queries', now())`,
      [token],
    );
    await breakable.broken(
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
    await breakable.broken(
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
    const open = await breakable.local.administrator("source");
    breakable.healBy(() => open.end());
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
    breakable.healBy(() => closeConnections(world.source.database));
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
    await breakable.broken(target, "CREATE VIEW report AS SELECT 1 AS n", "DROP VIEW report");
    await breakable.broken(target, "CREATE ROLE redash", "DROP ROLE redash");
    await breakable.broken(source, "CREATE ROLE bi SUPERUSER LOGIN PASSWORD 'bi'", "DROP ROLE bi");
    const reader = new pg.Client({
      ...world.source.database.connection,
      user: "bi",
      password: "bi",
    });
    await reader.connect();
    breakable.healBy(() => reader.end());
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
    await breakable.broken(
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
    const { results } = await preflight(world, CONTEXT, new AbortController().signal);
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
    await breakable.broken(
      target,
      "CREATE ROLE mover LOGIN PASSWORD 'mover'",
      "DROP OWNED BY mover; DROP ROLE mover",
    );
    const database = asMover(world.target);
    assert.deepEqual(await findings(breakable.withTarget({ database })), {
      ...ATHENA_ONLY,
      "target-role": "fail: mover may not replicate",
      "target-application-role": "fail: there is no role redash, and mover may not make it",
      "target-reaches-source": "fail: permission denied to create subscription",
      "target-may-set-origins": "fail: mover may not",
    });
    await target.query(
      "GRANT EXECUTE ON FUNCTION pg_replication_origin_advance(text, pg_lsn) TO mover; ALTER ROLE mover REPLICATION CREATEROLE; GRANT pg_create_subscription TO mover; GRANT CREATE ON DATABASE redash TO mover",
    );
    assert.deepEqual(await findings(breakable.withTarget({ database })), ATHENA_ONLY);
    await breakable.broken(target, "CREATE ROLE redash LOGIN", "DROP ROLE redash");
    const closed = "fail: mover cannot act as redash";
    for (const options of ["", "WITH SET FALSE", "WITH SET TRUE, INHERIT FALSE"]) {
      if (options !== "") await target.query(`GRANT redash TO mover ${options}`);
      assert.deepEqual(await findings(breakable.withTarget({ database })), {
        ...ATHENA_ONLY,
        "target-application-role": closed,
      });
    }
    await target.query("GRANT redash TO mover WITH SET TRUE, INHERIT TRUE");
    assert.deepEqual(await findings(breakable.withTarget({ database })), ATHENA_ONLY);
  });

  it("does not take for quiet a source whose sessions it cannot see", async () => {
    await breakable.broken(
      source,
      "CREATE ROLE mover LOGIN PASSWORD 'mover'; GRANT redash TO mover",
      "DROP OWNED BY mover; DROP ROLE mover",
    );
    const database = asMover(world.source);
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
    assert.deepEqual(await findings(breakable.withTarget({ secretKey })), {
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
    const all = Object.entries(await findings(breakable.withTarget({ database })));
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
});
