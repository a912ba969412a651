import assert from "node:assert/strict";
import type pg from "pg";
import { after, afterEach, before, describe, it } from "mocha";
import { write } from "../../../cutover/adapters/local/standIn/write";
import { fill } from "../../../cutover/adapters/local/redash/data";
import { makeSchema, REDASH_SCHEMAS } from "../../../cutover/adapters/local/redash/schema";
import { awaitMarker, writeMarker } from "../../../cutover/database/marker";
import { systemClock } from "../../../cutover/engine/clock";
import { lobMaxSizeKib, tableMappings, taskSettings } from "../../../redash/dms";
import { LOB_TYPES } from "../../../redash/dmsTypes";
import { PASSWORD, type TaskPair, TaskServers } from "../../support/cutover/taskPair";

const SETTINGS = taskSettings({ lobMaxSizeKib: 64 });
const NOTES = "CREATE TABLE notes (id int PRIMARY KEY, title varchar(20) NOT NULL, body text)";

describe("the stand-in for a task of DMS, between a real PostgreSQL 13 and 17", function () {
  this.timeout(60_000);
  let servers: TaskServers;
  const pairs: TaskPair[] = [];
  const paired = async (...of: Parameters<TaskServers["pair"]>) => {
    const pair = await servers.pair(...of);
    pairs.push(pair);
    return pair;
  };
  before(async () => {
    servers = await TaskServers.start();
  });
  afterEach(async () => {
    for (const pair of pairs.splice(0)) {
      const slots = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots";
      await pair.put("removed").catch(() => undefined);
      await pair.source.query(slots);
      await pair.end();
    }
  });
  after(() => servers.remove());

  const started = async (pair: TaskPair) => {
    await pair.put("started");
    await pair.reaches("streaming");
  };
  /** Waits until all that was committed on the source has arrived. */
  const arrived = async ({ source, target }: TaskPair): Promise<void> => {
    const signal = AbortSignal.timeout(30_000);
    await awaitMarker(target, await writeMarker(source), { clock: systemClock, signal });
  };
  const both = async (pair: TaskPair, sql: string, rows: unknown[]) => {
    assert.deepEqual(await pair.rows("source", sql), rows);
    assert.deepEqual(await pair.rows("target", sql), rows);
  };

  for (const schema of REDASH_SCHEMAS) {
    it(`carries a Redash ${schema}, and then its writes, but neither queries nor sequences`, async () => {
      const pair = await paired((client) => makeSchema(client, schema), {
        settings: taskSettings({ lobMaxSizeKib: lobMaxSizeKib(2_000_000) }),
      });
      const { source, target } = pair;
      await fill(source, { schema, megabytes: 8, seed: 1, secretKey: "a key" });
      await target.query("TRUNCATE alembic_version");
      await relax(target);
      const catalog = await objects(target);
      await started(pair);
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
      await arrived(pair);
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
    const pair = await paired(NOTES);
    assert.deepEqual(await pair.statistics(), { state: "ready", reason: "", tables: [] });
  });

  it("brings no marker before what was committed before it, LOBs included", async () => {
    const pair = await paired(NOTES);
    await started(pair);
    for (let id = 1; id <= 20; id++) {
      await pair.source.query(`INSERT INTO notes VALUES (${id}, 'a title', 'body ${id}')`);
      await arrived(pair);
      const newest = "SELECT id, body FROM notes ORDER BY id DESC LIMIT 1";
      assert.deepEqual(await pair.rows("target", newest), [[id, `body ${id}`]]);
    }
  });

  it("writes a row without its LOBs first, and brings them by a second step", async () => {
    const pair = await paired(NOTES);
    await log(pair.target);
    await started(pair);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await arrived(pair);
    assert.deepEqual(await pair.rows("target", "SELECT what, body FROM log ORDER BY n"), [
      ["INSERT", null],
      ["UPDATE", "a body"],
    ]);
  });

  it("leaves the LOBs of a row that is gone when they are looked up, until its deletion follows", async () => {
    const pair = await paired(NOTES);
    await log(pair.target);
    await started(pair);
    await pair.put("stopped");
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.source.query("DELETE FROM notes");
    await started(pair);
    await arrived(pair);
    assert.deepEqual(await pair.rows("target", "SELECT what, body FROM log ORDER BY n"), [
      ["INSERT", null],
      ["DELETE", null],
    ]);
    await both(pair, "SELECT * FROM notes", []);
  });

  it("waits for a commit that is in the WAL and not yet seen by others, and then brings its LOBs", async () => {
    const pair = await paired(NOTES);
    await started(pair);
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
    await arrived(pair);
    await both(pair, "SELECT * FROM notes", [[1, "one", "a body"]]);
  });

  it("looks up a large value that an update left as it was", async () => {
    const pair = await paired(`${NOTES}; ALTER TABLE notes ALTER body SET STORAGE EXTERNAL`);
    await started(pair);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', repeat('é', 5000))");
    await pair.source.query("UPDATE notes SET title = 'two'");
    await arrived(pair);
    await both(pair, "SELECT title, body FROM notes", [["two", "é".repeat(5000)]]);
  });

  it("loads LOBs into columns that are NOT NULL, and fails there with the first change", async () => {
    const pair = await paired(NOTES.replace("body text", "body text NOT NULL"));
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await started(pair);
    assert.deepEqual(await pair.rows("target", "SELECT body FROM notes"), [["a body"]]);
    await pair.source.query("INSERT INTO notes VALUES (2, 'two', 'a secret')");
    const { reason } = await pair.reaches("failed");
    assert.equal(
      reason,
      'INSERT on notes where id = 2: null value in column "body" of relation "notes" violates not-null constraint',
    );
    assert.deepEqual(await exceptions(pair), [
      ["public", "notes", "INSERT on notes where id = 2", reason],
    ]);
    assert.deepEqual(await pair.rows("target", "SELECT id FROM notes"), [[1]]);
  });

  it("stops at a value that is larger than its limit, and says where", async () => {
    const pair = await paired(NOTES);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', repeat('x', 32 * 1024))");
    await started(pair);
    await both(pair, "SELECT length(body) FROM notes", [[32 * 1024]]);
    const words =
      "carry notes.body: a value is larger than LobMaxSize, 64 KiB; raise it and start over, or purge the row";
    await pair.source.query("INSERT INTO notes VALUES (2, 'two', repeat('x', 32 * 1024 + 1))");
    assert.equal((await pair.reaches("failed")).reason, words);

    const another = await paired(NOTES);
    await another.source.query("INSERT INTO notes VALUES (1, 'one', repeat('x', 32 * 1024 + 1))");
    await another.put("started");
    const { reason, tables } = await another.reaches("failed");
    assert.equal(reason, words);
    assert.equal(tables.find(({ name }) => name === "notes")?.state, "error");
  });

  it("cuts such a value off and counts it if the policy is only to log", async () => {
    const ErrorBehavior = {
      ...SETTINGS.ErrorBehavior,
      DataTruncationErrorPolicy: "LOG_ERROR",
    } as const;
    const pair = await paired(`${NOTES}; CREATE TABLE files (id int PRIMARY KEY, bytes bytea)`, {
      settings: { ...SETTINGS, ErrorBehavior },
    });
    const add = (id: number) =>
      pair.source.query(`
        INSERT INTO notes VALUES (${id}, 'x', repeat('x', 32 * 1024 - 1) || '🦉');
        INSERT INTO files VALUES (${id}, decode(repeat('ab', 64 * 1024 + 1), 'hex'))`);
    await add(1);
    await started(pair);
    await add(2);
    await arrived(pair);
    // Four bytes that do not fit are left out as a whole.
    const lengths = "SELECT length(body), length(bytes) FROM notes JOIN files USING (id)";
    assert.deepEqual(await pair.rows("target", lengths), [
      [32 * 1024 - 1, 64 * 1024],
      [32 * 1024 - 1, 64 * 1024],
    ]);
    const { tables } = await pair.statistics();
    assert.deepEqual(
      tables.map(({ name, truncatedValues }) => [name, truncatedValues]),
      [
        ["files", 2],
        ["notes", 2],
        ["redash_move.marker", 0],
      ],
    );
  });

  it("leaves a tsvector NULL, and fires no trigger that would make it", async () => {
    const pair = await paired((client) => makeSchema(client, "25.8.0"), {
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
    await started(pair);
    await pair.source.query("UPDATE queries SET name = 'another' WHERE id <= 10");
    await arrived(pair);
    const counts =
      "SELECT count(*)::int, count(search_vector)::int, count(*) FILTER (WHERE name = 'another')::int FROM queries";
    assert.deepEqual(await pair.rows("source", counts), [[400, 400, 10]]);
    assert.deepEqual(await pair.rows("target", counts), [[400, 0, 10]]);
  });

  it("fails at a table with LOBs and without a primary key", async () => {
    const pair = await paired("CREATE TABLE loose (body text)");
    await pair.put("started");
    assert.equal(
      (await pair.reaches("failed")).reason,
      "load loose: it has LOB columns and no primary key, by which they are looked up",
    );
  });

  it("suspends such tables if that is the policy, and carries the others", async () => {
    const ErrorBehavior = { ...SETTINGS.ErrorBehavior, TableErrorPolicy: "SUSPEND_TABLE" } as const;
    const pair = await paired(
      `${NOTES}; CREATE TABLE loose (body text); CREATE TABLE bare (n int); ALTER TABLE bare REPLICA IDENTITY FULL`,
      { settings: { ...SETTINGS, ErrorBehavior } },
    );
    await pair.source.query("INSERT INTO loose VALUES ('x'); INSERT INTO bare VALUES (1)");
    await started(pair);
    await pair.source.query("INSERT INTO loose VALUES ('y')");
    await pair.source.query("INSERT INTO bare VALUES (2)");
    await pair.source.query("UPDATE bare SET n = 3 WHERE n = 2");
    await pair.source.query("INSERT INTO bare VALUES (4)");
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await arrived(pair);
    assert.deepEqual(await pair.rows("target", "SELECT body FROM loose"), []);
    assert.deepEqual(await pair.rows("target", "SELECT n FROM bare ORDER BY n"), [[1], [2]]);
    assert.deepEqual(await pair.rows("target", "SELECT body FROM notes"), [["a body"]]);
    const { tables } = await pair.statistics();
    assert.deepEqual(
      tables.map(({ name, state }) => [name, state]),
      [
        ["bare", "error"],
        ["loose", "error"],
        ["notes", "completed"],
        ["redash_move.marker", "completed"],
      ],
    );
  });

  it("replicates no truncation", async () => {
    const pair = await paired(NOTES);
    await started(pair);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.source.query("TRUNCATE notes");
    await arrived(pair);
    assert.deepEqual(await pair.rows("target", "SELECT id, title FROM notes"), [[1, "one"]]);
  });

  it("ignores the change of a primary key", async () => {
    const pair = await paired(NOTES);
    await started(pair);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.source.query("UPDATE notes SET id = 2, title = 'two'");
    await arrived(pair);
    assert.deepEqual(await pair.rows("target", "SELECT id, title FROM notes"), [[1, "one"]]);
    assert.deepEqual(await exceptions(pair), []);
  });

  it("does not empty a table that it loads: a row that is there already is an error", async () => {
    const pair = await paired(NOTES);
    await pair.source.query(
      "INSERT INTO notes SELECT i, 'new', 'new' FROM generate_series(1, 9) i",
    );
    await pair.target.query("INSERT INTO notes VALUES (7, 'old', 'old')");
    await pair.put("started");
    const { reason, tables } = await pair.reaches("failed");
    assert.equal(reason, 'load notes: duplicate key value violates unique constraint "notes_pkey"');
    assert.deepEqual(
      tables.filter(({ name }) => name === "notes"),
      [
        {
          name: "notes",
          state: "error",
          loadedRows: 0,
          errorRows: 9,
          truncatedValues: 0,
          changes: 0,
        },
      ],
    );
    assert.deepEqual(await pair.rows("target", "SELECT * FROM notes"), [[7, "old", "old"]]);
  });

  it("fails at a change whose row is not there, and applies nothing of its transaction", async () => {
    const pair = await paired(NOTES);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await started(pair);
    await pair.target.query("DELETE FROM notes");
    await pair.source.query(
      "BEGIN; INSERT INTO notes VALUES (2, 'two', ''); UPDATE notes SET title = 'x' WHERE id = 1; COMMIT",
    );
    const { reason } = await pair.reaches("failed");
    assert.equal(reason, "UPDATE on notes where id = 1: the target has no such row");
    assert.deepEqual(await exceptions(pair), [
      ["public", "notes", "UPDATE on notes where id = 1", reason],
    ]);
    assert.deepEqual(await pair.rows("target", "SELECT * FROM notes"), []);

    await pair.target.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await started(pair);
    await arrived(pair);
    await both(pair, "SELECT id, title FROM notes ORDER BY id", [
      [1, "x"],
      [2, "two"],
    ]);
  });

  it("fails if its mappings select no table, and leaves no slot", async () => {
    const pair = await paired(NOTES, {
      mappings: { rules: tableMappings().rules.filter((it) => it["rule-action"] === "exclude") },
    });
    await pair.put("started");
    assert.equal(
      (await pair.reaches("failed")).reason,
      "the table mappings select no table of the source",
    );
    assert.deepEqual(await pair.rows("source", "SELECT slot_name FROM pg_replication_slots"), []);
  });

  it("applies changes made during the load once, whatever the moment of each table's snapshot", async () => {
    const pair = await paired(
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
    await arrived(pair);
    const sums =
      "SELECT (SELECT sum(balance)::int FROM accounts), (SELECT count(*)::int FROM notes), (SELECT md5(string_agg(id || body, ',' ORDER BY id)) FROM notes)";
    const [[balance, count, hash]] = (await pair.rows("source", sums)) as [
      [number, number, string],
    ];
    assert.deepEqual([balance, count], [writes, 5000]);
    assert.deepEqual(await pair.rows("target", sums), [[balance, count, hash]]);
  });

  it("waits at its start for transactions that are open, and carries what they write", async () => {
    const pair = await paired(NOTES);
    const { source } = pair;
    await source.query("BEGIN; INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.put("started");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(await pair.statistics(), { state: "loading", reason: "", tables: [] });
    await source.query("COMMIT");
    await pair.reaches("streaming");
    await both(pair, "SELECT id, body FROM notes", [[1, "a body"]]);
  });

  it("neither loses nor doubles a change however often it is killed", async () => {
    const pair = await paired(
      "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL, note text)",
    );
    await pair.source.query("INSERT INTO accounts SELECT i, 0, '' FROM generate_series(1, 10) i");
    await started(pair);
    let writes = 0;
    for (let kill = 0; kill < 4; kill++) {
      for (let write = 0; write < 30; write++, writes++) {
        await pair.source.query(
          `BEGIN; UPDATE accounts SET balance = balance + 1, note = '${writes}' WHERE id <= 10; INSERT INTO accounts VALUES (${100 + writes}, 1, 'x'); COMMIT`,
        );
      }
      await pair.killAndStart();
    }
    await arrived(pair);
    const all =
      "SELECT count(*)::int, sum(balance)::int, md5(string_agg(a::text, ',' ORDER BY id)) FROM accounts a";
    assert.deepEqual(await pair.rows("target", all), await pair.rows("source", all));
    const { tables } = await pair.statistics();
    assert.deepEqual(
      tables.filter(({ name }) => name === "accounts"),
      [
        {
          name: "accounts",
          state: "completed",
          loadedRows: 10,
          errorRows: 0,
          truncatedValues: 0,
          changes: 11 * writes,
        },
      ],
    );
  });

  it("streams on without applying anything while its role may not log in, and catches up after", async () => {
    const pair = await paired(NOTES);
    await started(pair);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await arrived(pair);
    await pair.source.query(
      "ALTER ROLE dms NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dms'",
    );
    await pair.source.query("INSERT INTO notes VALUES (2, 'two', 'a body')");
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal((await pair.statistics()).state, "streaming");
    assert.deepEqual(await pair.rows("target", "SELECT id FROM notes"), [[1]]);
    await pair.source.query("ALTER ROLE dms LOGIN");
    await arrived(pair);
    await both(pair, "SELECT id, body FROM notes ORDER BY id", [
      [1, "a body"],
      [2, "a body"],
    ]);
    assert.equal((await pair.statistics()).reason, "");
  });

  it("applies nothing once it is stopped, keeps its slot, and goes on where it stopped", async () => {
    const pair = await paired(NOTES);
    await started(pair);
    await pair.put("stopped");
    assert.equal((await pair.statistics()).state, "stopped");
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(await pair.rows("target", "SELECT id FROM notes"), []);
    assert.deepEqual(
      await pair.rows("source", "SELECT slot_name, plugin FROM pg_replication_slots"),
      [["redash_move_dms", "test_decoding"]],
    );
    await started(pair);
    await pair.put("started");
    await arrived(pair);
    await both(pair, "SELECT id, body FROM notes", [[1, "a body"]]);
  });

  it("finds its rows again when it is stopped during the load and started: nothing empties the table", async () => {
    const pair = await paired(NOTES);
    await pair.source.query(
      "INSERT INTO notes SELECT i, 'x', repeat('x', 5000) FROM generate_series(1, 20000) i",
    );
    await pair.put("started");
    await pair.until(
      async () =>
        ((await pair.statistics()).tables.find(({ name }) => name === "notes")?.loadedRows ?? 0) >
        0,
    );
    await pair.put("stopped");
    const loaded = (await pair.statistics()).tables.find(({ name }) => name === "notes");
    assert.equal(loaded?.state, "loading");
    assert.deepEqual(await pair.rows("target", "SELECT count(*)::int FROM notes"), [
      [loaded.loadedRows],
    ]);
    await pair.put("started");
    assert.equal(
      (await pair.reaches("failed")).reason,
      'load notes: duplicate key value violates unique constraint "notes_pkey"',
    );
  });

  it("leaves no slot on the source and no control table on the target when it is removed, and can start over", async () => {
    const pair = await paired(NOTES);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await started(pair);
    await pair.put("removed");
    assert.deepEqual(await pair.rows("source", "SELECT slot_name FROM pg_replication_slots"), []);
    assert.deepEqual(
      await pair.rows("target", "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'awsdms%'"),
      [],
    );
    assert.deepEqual(await pair.statistics(), { state: "ready", reason: "", tables: [] });
    await pair.put("removed");
    await pair.target.query("TRUNCATE notes, redash_move.marker");
    await started(pair);
    await both(pair, "SELECT id, body FROM notes", [[1, "a body"]]);
  });

  it("says what is wrong without a secret: no login at all, and a request that nobody knows", async () => {
    const pair = await paired(NOTES);
    await started(pair);
    await pair.put("stopped");
    await pair.source.query("ALTER ROLE dms NOLOGIN");
    const answer = await pair.ask("PUT", "removed");
    assert.equal(answer.status, 500);
    assert.equal(await answer.text(), 'role "dms" is not permitted to log in');
    await pair.source.query("ALTER ROLE dms LOGIN PASSWORD 'another'");
    await pair.put("started");
    const { reason } = await pair.reaches("failed");
    assert.equal(reason, 'password authentication failed for user "dms"');
    assert.ok(!JSON.stringify(await pair.statistics()).includes(PASSWORD));
    await pair.source.query(`ALTER ROLE dms PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
    const unknown = await pair.ask("GET", "secrets");
    assert.deepEqual([unknown.status, await unknown.text()], [500, "no such path"]);
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

const exceptions = (pair: TaskPair) =>
  pair.rows(
    "target",
    `SELECT "TABLE_OWNER", "TABLE_NAME", "STATEMENT", "ERROR" FROM awsdms.awsdms_apply_exceptions`,
  );
