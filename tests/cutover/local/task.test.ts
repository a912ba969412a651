import assert from "node:assert/strict";
import type pg from "pg";
import { after, afterEach, before, describe, it } from "mocha";
import { write } from "../../../cutover/adapters/local/standIn/write";
import { fill } from "../../../cutover/adapters/local/redash/data";
import { makeSchema, REDASH_SCHEMAS } from "../../../cutover/adapters/local/redash/schema";
import { lobMaxSizeKib, tableMappings, taskSettings } from "../../../redash/dms";
import { LOB_TYPES } from "../../../redash/dmsTypes";
import { NOTES, TaskServers } from "../../support/cutover/taskPair";

describe("the stand-in for a task of DMS, between a real PostgreSQL 13 and 17", function () {
  this.timeout(60_000);
  let servers: TaskServers;
  before(async () => {
    servers = await TaskServers.start();
  });
  afterEach(() => servers.removePairs());
  after(() => servers.remove());

  for (const schema of REDASH_SCHEMAS) {
    it(`carries a Redash ${schema}, and then its writes, but neither queries nor sequences`, async () => {
      const pair = await servers.pair((client) => makeSchema(client, schema), {
        settings: taskSettings({ lobMaxSizeKib: lobMaxSizeKib(2_000_000) }),
      });
      const { source, target } = pair;
      await fill(source, { schema, megabytes: 8, seed: 1, secretKey: "a key" });
      await target.query("TRUNCATE alembic_version");
      await relax(target);
      const catalog = await objects(target);
      await pair.streams();
      const carried = await checksums(source);
      assert.equal(carried.length, 19);
      assert.deepEqual(await checksums(target), carried);

      const token = (index: number) => index.toString().padStart(32, "0");
      for (let index = 1; index <= 20; index++) {
        const queryId = index + 1;
        await write(source, { kind: "result", token: token(index), queryId });
        await write(source, { kind: "user", token: token(index) });
        await write(source, { kind: "edit", token: token(index), queryId });
        await write(source, { kind: "favorite", token: token(index) });
        await write(source, { kind: "archive", queryId });
      }
      await write(source, { kind: "cleanup", resultId: 402 });
      await source.query("UPDATE users SET details = '{\"a\": 1}'::jsonb, groups = '{1,NULL}'");
      await pair.arrived();
      assert.notDeepEqual(await checksums(source), carried);
      assert.deepEqual(await checksums(target), await checksums(source));

      assert.deepEqual(await pair.rows("target", "SELECT count(*)::int FROM queries"), [[0]]);
      const used = "SELECT count(last_value)::int FROM pg_sequences WHERE schemaname = 'public'";
      assert.deepEqual(await pair.rows("target", used), [[0]]);
      assert.deepEqual(await objects(target), catalog);
      const { tables } = await pair.statistics();
      assert.deepEqual(
        tables.map(({ name }) => name).sort(),
        [...carried.map((line) => line.split(" ")[0]), "redash_move.marker"].sort(),
      );
      for (const { name, state, errorRows, truncatedValues } of tables)
        assert.deepEqual(
          { name, state, errorRows, truncatedValues },
          { name, state: "completed", errorRows: 0, truncatedValues: 0 },
        );
      assert.equal(tables.find(({ name }) => name === "changes")?.loadedRows, 800);
      assert.equal(tables.find(({ name }) => name === "changes")?.changes, 20);
    });
  }

  it("is ready before it is started, and knows no table then", async () => {
    const pair = await servers.pair(NOTES);
    assert.deepEqual(await pair.statistics(), { state: "ready", reason: "", tables: [] });
  });

  it("brings no marker before what was committed before it, LOBs included", async () => {
    const pair = await servers.pair(NOTES);
    await pair.streams();
    for (let id = 1; id <= 20; id++) {
      await pair.source.query(`INSERT INTO notes VALUES (${id}, 'a title', 'body ${id}')`);
      await pair.arrived();
      const newest = "SELECT id, body FROM notes ORDER BY id DESC LIMIT 1";
      assert.deepEqual(await pair.rows("target", newest), [[id, `body ${id}`]]);
    }
  });

  it("writes a row without its LOBs first, and brings them by a second step", async () => {
    const pair = await servers.pair(NOTES);
    await log(pair.target);
    await pair.streams();
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.arrived();
    assert.deepEqual(await pair.rows("target", "SELECT what, body FROM log ORDER BY n"), [
      ["INSERT", null],
      ["UPDATE", "a body"],
    ]);
  });

  it("leaves the LOBs of a row that is gone when they are looked up, until its deletion follows", async () => {
    const pair = await servers.pair(NOTES);
    await log(pair.target);
    await pair.streams();
    await pair.put("stopped");
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.source.query("DELETE FROM notes");
    await pair.streams();
    await pair.arrived();
    assert.deepEqual(await pair.rows("target", "SELECT what, body FROM log ORDER BY n"), [
      ["INSERT", null],
      ["DELETE", null],
    ]);
    await pair.bothHave("SELECT * FROM notes", []);
  });

  it("waits for a commit that is in the WAL and not yet seen by others, and then brings its LOBs", async () => {
    const pair = await servers.pair(NOTES);
    await pair.streams();
    const administrator = await servers.connect("source");
    const setting = async (standbys: string) => {
      await administrator.query(`ALTER SYSTEM SET synchronous_standby_names = '${standbys}'`);
      await administrator.query("SELECT pg_reload_conf()");
    };
    const waiting = "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    // A commit waits for a standby after it is written, and before anybody sees it.
    await setting("nobody");
    const waits = async (sessions: number) =>
      (await administrator.query(waiting)).rowCount === sessions;
    const probe = await servers.connect("source");
    let inserted: Promise<unknown> | undefined;
    let probed: Promise<unknown> = Promise.resolve();
    try {
      // The setting is in force a moment after it was read: as long as a commit of no meaning returns, it is not.
      let isReturned = true;
      await pair.until(async () => {
        if (isReturned) {
          isReturned = false;
          probed = probe.query("SELECT pg_logical_emit_message(true, 'probe', '')").then(() => {
            isReturned = true;
          });
        }
        return waits(1);
      });
      inserted = pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
      await pair.until(() => waits(2));
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual(await pair.rows("target", "SELECT * FROM notes"), []);
    } finally {
      await setting("");
      await probed;
      await Promise.all([administrator.end(), probe.end()]);
    }
    await inserted;
    await pair.arrived();
    await pair.bothHave("SELECT * FROM notes", [[1, "one", "a body"]]);
  });

  it("looks up a large value that an update left as it was", async () => {
    const pair = await servers.pair(`${NOTES}; ALTER TABLE notes ALTER body SET STORAGE EXTERNAL`);
    await pair.streams();
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', repeat('é', 5000))");
    await pair.source.query("UPDATE notes SET title = 'two'");
    await pair.arrived();
    await pair.bothHave("SELECT title, body FROM notes", [["two", "é".repeat(5000)]]);
  });

  it("leaves a tsvector NULL, and fires no trigger that would make it", async () => {
    const pair = await servers.pair((client) => makeSchema(client, "25.8.0"), {
      mappings: {
        rules: tableMappings().rules.filter(
          (rule) => rule["object-locator"]["table-name"] !== "queries",
        ),
      },
      settings: taskSettings({ lobMaxSizeKib: lobMaxSizeKib(1_000_000) }),
    });
    await fill(pair.source, { schema: "25.8.0", megabytes: 4, seed: 1, secretKey: "a key" });
    await pair.target.query("TRUNCATE alembic_version");
    await relax(pair.target);
    await pair.streams();
    await pair.source.query("UPDATE queries SET name = 'another' WHERE id <= 10");
    await pair.arrived();
    const counts =
      "SELECT count(*)::int, count(search_vector)::int, count(*) FILTER (WHERE name = 'another')::int FROM queries";
    assert.deepEqual(await pair.rows("source", counts), [[400, 400, 10]]);
    assert.deepEqual(await pair.rows("target", counts), [[400, 0, 10]]);
  });

  it("replicates no truncation", async () => {
    const pair = await servers.pair(NOTES);
    await pair.streams();
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.source.query("TRUNCATE notes");
    await pair.arrived();
    assert.deepEqual(await pair.rows("target", "SELECT id, title FROM notes"), [[1, "one"]]);
  });

  it("ignores the change of a primary key", async () => {
    const pair = await servers.pair(NOTES);
    await pair.streams();
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.source.query("UPDATE notes SET id = 2, title = 'two'");
    await pair.arrived();
    assert.deepEqual(await pair.rows("target", "SELECT id, title FROM notes"), [[1, "one"]]);
    assert.deepEqual(await pair.exceptions(), []);
  });

  it("applies changes made during the load once, whatever the moment of each table's snapshot", async () => {
    const pair = await servers.pair(
      "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL); CREATE TABLE notes (id serial PRIMARY KEY, body text)",
    );
    await pair.source.query(`
      INSERT INTO accounts SELECT i, 0 FROM generate_series(1, 20) i;
      INSERT INTO notes (body) SELECT repeat('x', 2000) FROM generate_series(1, 5000)`);
    let stopped = false;
    let writes = 0;
    const writing = (async () => {
      for (; !stopped; writes++) {
        await pair.source.query(`
          BEGIN; UPDATE accounts SET balance = balance + 1 WHERE id = 1 + ${writes} % 20;
          INSERT INTO notes (body) VALUES ('${writes}'); DELETE FROM notes WHERE id = 10 + ${writes}; COMMIT`);
      }
    })();
    await pair.put("started");
    await pair.reaches("streaming");
    const duringLoad = writes;
    assert.ok(duringLoad > 0);
    await pair.until(() => Promise.resolve(writes >= duringLoad + 20));
    stopped = true;
    await writing;
    await pair.arrived();
    const sums =
      "SELECT (SELECT sum(balance)::int FROM accounts), (SELECT count(*)::int FROM notes), (SELECT md5(string_agg(id || body, ',' ORDER BY id)) FROM notes)";
    const [[balance, count, hash]] = (await pair.rows("source", sums)) as [
      [number, number, string],
    ];
    assert.deepEqual([balance, count], [writes, 5000]);
    assert.deepEqual(await pair.rows("target", sums), [[balance, count, hash]]);
  });

  it("waits at its start for transactions that are open, and carries what they write", async () => {
    const pair = await servers.pair(NOTES);
    const { source } = pair;
    await source.query("BEGIN; INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.put("started");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(await pair.statistics(), { state: "loading", reason: "", tables: [] });
    await source.query("COMMIT");
    await pair.reaches("streaming");
    await pair.bothHave("SELECT id, body FROM notes", [[1, "a body"]]);
  });
});

/** What the move does before it starts a task: LOBs arrive later than their rows. */
async function relax(target: pg.Client): Promise<void> {
  const { rows } = await target.query<{ statement: string }>(
    `SELECT format('ALTER TABLE %s ALTER %I DROP NOT NULL', a.attrelid::regclass, a.attname) AS statement
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
       JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attnum > 0 AND a.attnotnull AND (t.typname = ANY ($1) OR t.typtype::text = ANY ($2) OR t.typcategory::text = ANY ($3))`,
    [LOB_TYPES.names, LOB_TYPES.kinds, LOB_TYPES.categories],
  );
  assert.ok(rows.length > 10);
  for (const { statement } of rows) await target.query(statement);
}

/** Everything in the application's schema by its name. */
async function objects(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relkind::text || ' ' || relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
     UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
     UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** `table rows checksum` of every table but queries. */
async function checksums(client: pg.Client): Promise<string[]> {
  await client.query("SET TimeZone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1");
  const { rows } = await client.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'queries' ORDER BY 1",
  );
  const lines: string[] = [];
  for (const { name } of rows) {
    const { rows: sums } = await client.query<{ line: string }>(
      `SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS line FROM ${name} t`,
    );
    lines.push(`${name} ${sums[0]!.line}`);
  }
  return lines;
}

/** Writes down what sessions of replication do to the notes. */
async function log(target: pg.Client): Promise<void> {
  await target.query(`
    CREATE TABLE log (n serial, what text, body text);
    CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO log (what, body) VALUES (TG_OP, CASE WHEN TG_OP = 'DELETE' THEN OLD.body ELSE NEW.body END); RETURN NULL; END $$;
    CREATE TRIGGER log AFTER INSERT OR UPDATE OR DELETE ON notes FOR EACH ROW EXECUTE FUNCTION log();
    ALTER TABLE notes ENABLE REPLICA TRIGGER log`);
}
