import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { tableMappings, taskSettings } from "../../../redash/dms";
import { NOTES, PASSWORD, TaskServers } from "../../support/cutover/taskPair";

const SETTINGS = taskSettings({ lobMaxSizeKib: 64 });

describe("the stand-in for a task of DMS that fails, is stopped, killed or removed", function () {
  this.timeout(60_000);
  let servers: TaskServers;
  before(async () => {
    servers = await TaskServers.start();
  });
  afterEach(() => servers.removePairs());
  after(() => servers.remove());

  it("loads LOBs into columns that are NOT NULL, and fails there with the first change", async () => {
    const pair = await servers.pair(NOTES.replace("body text", "body text NOT NULL"));
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.streams();
    assert.deepEqual(await pair.rows("target", "SELECT body FROM notes"), [["a body"]]);
    await pair.source.query("INSERT INTO notes VALUES (2, 'two', 'a secret')");
    const { reason } = await pair.reaches("failed");
    assert.equal(
      reason,
      'INSERT on notes where id = 2: null value in column "body" of relation "notes" violates not-null constraint',
    );
    assert.deepEqual(await pair.exceptions(), [
      ["public", "notes", "INSERT on notes where id = 2", reason],
    ]);
    assert.deepEqual(await pair.rows("target", "SELECT id FROM notes"), [[1]]);
  });

  it("stops at a value that is larger than its limit, and says where", async () => {
    const pair = await servers.pair(NOTES);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', repeat('x', 32 * 1024))");
    await pair.streams();
    await pair.bothHave("SELECT length(body) FROM notes", [[32 * 1024]]);
    const words =
      "carry notes.body: a value is larger than LobMaxSize, 64 KiB; raise it and start over, or purge the row";
    await pair.source.query("INSERT INTO notes VALUES (2, 'two', repeat('x', 32 * 1024 + 1))");
    assert.equal((await pair.reaches("failed")).reason, words);

    const another = await servers.pair(NOTES);
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
    const pair = await servers.pair(
      `${NOTES}; CREATE TABLE files (id int PRIMARY KEY, bytes bytea)`,
      {
        settings: { ...SETTINGS, ErrorBehavior },
      },
    );
    const add = (id: number) =>
      pair.source.query(`
        INSERT INTO notes VALUES (${id}, 'x', repeat('x', 32 * 1024 - 1) || '🦉');
        INSERT INTO files VALUES (${id}, decode(repeat('ab', 64 * 1024 + 1), 'hex'))`);
    await add(1);
    await pair.streams();
    await add(2);
    await pair.arrived();
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

  it("fails at a table with LOBs and without a primary key", async () => {
    const pair = await servers.pair("CREATE TABLE loose (body text)");
    await pair.put("started");
    assert.equal(
      (await pair.reaches("failed")).reason,
      "load loose: it has LOB columns and no primary key, by which they are looked up",
    );
  });

  it("suspends such tables if that is the policy, and carries the others", async () => {
    const ErrorBehavior = { ...SETTINGS.ErrorBehavior, TableErrorPolicy: "SUSPEND_TABLE" } as const;
    const pair = await servers.pair(
      `${NOTES}; CREATE TABLE loose (body text); CREATE TABLE bare (n int); ALTER TABLE bare REPLICA IDENTITY FULL`,
      { settings: { ...SETTINGS, ErrorBehavior } },
    );
    await pair.source.query("INSERT INTO loose VALUES ('x'); INSERT INTO bare VALUES (1)");
    await pair.streams();
    await pair.source.query("INSERT INTO loose VALUES ('y')");
    await pair.source.query("INSERT INTO bare VALUES (2)");
    await pair.source.query("UPDATE bare SET n = 3 WHERE n = 2");
    await pair.source.query("INSERT INTO bare VALUES (4)");
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.arrived();
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

  it("does not empty a table that it loads: a row that is there already is an error", async () => {
    const pair = await servers.pair(NOTES);
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
    const pair = await servers.pair(NOTES);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.streams();
    await pair.target.query("DELETE FROM notes");
    await pair.source.query(
      "BEGIN; INSERT INTO notes VALUES (2, 'two', ''); UPDATE notes SET title = 'x' WHERE id = 1; COMMIT",
    );
    const { reason } = await pair.reaches("failed");
    assert.equal(reason, "UPDATE on notes where id = 1: the target has no such row");
    assert.deepEqual(await pair.exceptions(), [
      ["public", "notes", "UPDATE on notes where id = 1", reason],
    ]);
    assert.deepEqual(await pair.rows("target", "SELECT * FROM notes"), []);

    await pair.target.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.streams();
    await pair.arrived();
    await pair.bothHave("SELECT id, title FROM notes ORDER BY id", [
      [1, "x"],
      [2, "two"],
    ]);
  });

  it("fails if its mappings select no table, and leaves no slot", async () => {
    const pair = await servers.pair(NOTES, {
      mappings: { rules: tableMappings().rules.filter((it) => it["rule-action"] === "exclude") },
    });
    await pair.put("started");
    assert.equal(
      (await pair.reaches("failed")).reason,
      "the table mappings select no table of the source",
    );
    assert.deepEqual(await pair.rows("source", "SELECT slot_name FROM pg_replication_slots"), []);
  });

  it("neither loses nor doubles a change however often it is killed", async () => {
    const pair = await servers.pair(
      "CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL, note text)",
    );
    await pair.source.query("INSERT INTO accounts SELECT i, 0, '' FROM generate_series(1, 10) i");
    await pair.streams();
    let writes = 0;
    for (let kill = 0; kill < 4; kill++) {
      for (let write = 0; write < 30; write++, writes++) {
        await pair.source.query(
          `BEGIN; UPDATE accounts SET balance = balance + 1, note = '${writes}' WHERE id <= 10; INSERT INTO accounts VALUES (${100 + writes}, 1, 'x'); COMMIT`,
        );
      }
      await pair.killAndStart();
    }
    await pair.arrived();
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
    const pair = await servers.pair(NOTES);
    await pair.streams();
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.arrived();
    await pair.source.query(
      "ALTER ROLE dms NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dms'",
    );
    await pair.source.query("INSERT INTO notes VALUES (2, 'two', 'a body')");
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal((await pair.statistics()).state, "streaming");
    assert.deepEqual(await pair.rows("target", "SELECT id FROM notes"), [[1]]);
    await pair.source.query("ALTER ROLE dms LOGIN");
    await pair.arrived();
    await pair.bothHave("SELECT id, body FROM notes ORDER BY id", [
      [1, "a body"],
      [2, "a body"],
    ]);
    assert.equal((await pair.statistics()).reason, "");
  });

  it("applies nothing once it is stopped, keeps its slot, and goes on where it stopped", async () => {
    const pair = await servers.pair(NOTES);
    await pair.streams();
    await pair.put("stopped");
    assert.equal((await pair.statistics()).state, "stopped");
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(await pair.rows("target", "SELECT id FROM notes"), []);
    assert.deepEqual(
      await pair.rows("source", "SELECT slot_name, plugin FROM pg_replication_slots"),
      [["redash_move_dms", "test_decoding"]],
    );
    await pair.streams();
    await pair.put("started");
    await pair.arrived();
    await pair.bothHave("SELECT id, body FROM notes", [[1, "a body"]]);
  });

  it("finds its rows again when it is stopped during the load and started: nothing empties the table", async () => {
    const pair = await servers.pair(NOTES);
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
    const pair = await servers.pair(NOTES);
    await pair.source.query("INSERT INTO notes VALUES (1, 'one', 'a body')");
    await pair.streams();
    await pair.put("removed");
    assert.deepEqual(await pair.rows("source", "SELECT slot_name FROM pg_replication_slots"), []);
    assert.deepEqual(
      await pair.rows("target", "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'awsdms%'"),
      [],
    );
    assert.deepEqual(await pair.statistics(), { state: "ready", reason: "", tables: [] });
    await pair.put("removed");
    await pair.target.query("TRUNCATE notes, redash_move.marker");
    await pair.streams();
    await pair.bothHave("SELECT id, body FROM notes", [[1, "a body"]]);
  });

  it("says what is wrong without a secret: no login at all, and a request that nobody knows", async () => {
    const pair = await servers.pair(NOTES);
    await pair.streams();
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
