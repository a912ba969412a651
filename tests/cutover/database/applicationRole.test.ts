import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import pg from "pg";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { makeRdsMaster } from "../../../cutover/adapters/local/rdsMaster";
import {
  dropApplicationRole,
  makeApplicationRole,
} from "../../../cutover/database/applicationRole";
import type { Database } from "../../../cutover/database/database";
import { scramVerifier } from "../../../cutover/database/scram";
import { systemClock } from "../../../cutover/engine/clock";

const PASSWORD = "it's the application's \\ password";
const MASTER = { name: "redash_master", password: "the master's password" };

describe("the application's role, made by RDS's master user", () => {
  let server: PostgresServer;
  let administrator: pg.Client;
  let master: pg.Client;
  let target: Database;
  const { signal } = new AbortController();
  const running = { clock: systemClock, signal };
  const connect = async (user: string, password: string) => {
    const client = new pg.Client({ ...server.connection, database: "redash", user, password });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  const withPassword = (password: string): Database => ({
    ...target,
    applicationPassword: () => Promise.resolve(password),
  });
  const one = async (client: pg.Client, sql: string) => {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: "array" });
    return rows[0]?.[0];
  };
  const exists = () =>
    one(administrator, "SELECT count(*)::int FROM pg_roles WHERE rolname = 'redash'");

  before(async () => {
    server = await startPostgres({ major: 17, settings: { log_statement: "all" } });
    const first = new pg.Client({ ...server.connection, database: "template1" });
    await first.connect();
    await makeRdsMaster(first, MASTER);
    await first.query(`CREATE DATABASE redash OWNER ${MASTER.name}`);
    await first.end();
    administrator = await connect(server.connection.user, server.connection.password);
    master = await connect(MASTER.name, MASTER.password);
    target = {
      side: "target",
      connection: {
        ...server.connection,
        database: "redash",
        user: MASTER.name,
        password: MASTER.password,
      },
      replicationConnection: "",
      applicationRole: "redash",
    };
  });
  afterEach(async () => {
    await administrator.query("DROP TABLE IF EXISTS kept");
    if ((await exists()) === 1) await administrator.query("DROP OWNED BY redash; DROP ROLE redash");
  });
  after(async () => {
    await administrator.end();
    await master.end();
    await server.remove();
  });

  it("logs in with the application's password, which is in no log", async () => {
    assert.equal(await makeApplicationRole(master, withPassword(PASSWORD), signal), true);
    const application = await connect("redash", PASSWORD);
    assert.equal(await one(application, "SELECT current_user"), "redash");
    await application.end();
    const log = readFileSync(join(server.directory, "postgres.log"), "utf8");
    assert.match(log, /CREATE ROLE "redash" LOGIN PASSWORD/);
    for (const written of [PASSWORD, pg.escapeLiteral(PASSWORD), "the application"])
      assert.ok(!log.includes(written));
  });

  it("lets the master give it a table, and change, empty and index it afterwards", async () => {
    await makeApplicationRole(master, withPassword(PASSWORD), signal);
    await master.query(
      `GRANT CREATE ON SCHEMA public TO redash;
       CREATE TABLE kept (id int PRIMARY KEY); ALTER TABLE kept OWNER TO redash;
       INSERT INTO kept VALUES (1); CREATE INDEX ON kept (id); TRUNCATE kept;
       SET ROLE redash; RESET ROLE`,
    );
  });

  it("may be made again: the password is what the application has now", async () => {
    await makeApplicationRole(master, withPassword(PASSWORD), signal);
    assert.equal(await makeApplicationRole(master, withPassword("another one"), signal), true);
    await (await connect("redash", "another one")).end();
    await assert.rejects(connect("redash", PASSWORD), /password authentication failed/);
  });

  it("keeps the password of a role that somebody else has made, and says so if it is another one", async () => {
    await master.query("CREATE ROLE redash LOGIN PASSWORD 'theirs'");
    assert.equal(await makeApplicationRole(master, withPassword("theirs"), signal), false);
    await assert.rejects(makeApplicationRole(master, withPassword(PASSWORD), signal), {
      message:
        'the application could not log in on the target: password authentication failed for user "redash"; if somebody else has made redash, give it the password of REDASH_DATABASE_URL there: ALTER ROLE "redash" LOGIN PASSWORD …',
    });
    await (await connect("redash", "theirs")).end();
    assert.equal(await dropApplicationRole(master, target, running), false);
    assert.equal(await exists(), 1);
  });

  it("must be there if nobody says its password", async () => {
    await assert.rejects(makeApplicationRole(master, target, signal), {
      message:
        'the target has no role redash; CREATE ROLE "redash" LOGIN with the password of REDASH_DATABASE_URL there',
    });
    await master.query("CREATE ROLE redash LOGIN PASSWORD 'theirs'");
    assert.equal(await makeApplicationRole(master, target, signal), false);
    assert.equal(await one(master, "SELECT pg_has_role('redash', 'SET')"), true);
  });

  it("is dropped with its sessions and its settings, as often as one likes", async () => {
    await makeApplicationRole(master, withPassword(PASSWORD), signal);
    await master.query("ALTER ROLE redash SET default_transaction_read_only = on");
    const application = await connect("redash", PASSWORD);
    assert.equal(await dropApplicationRole(master, target, running), true);
    assert.equal(await exists(), 0);
    await assert.rejects(application.query("SELECT 1"));
    assert.equal(await dropApplicationRole(master, target, running), true);
  });

  it("stays as long as it owns something", async () => {
    await makeApplicationRole(master, withPassword(PASSWORD), signal);
    await administrator.query("CREATE TABLE kept (id int); ALTER TABLE kept OWNER TO redash");
    assert.equal(await dropApplicationRole(master, target, running), false);
    await (await connect("redash", PASSWORD)).end();
  });

  it("has the verifier that the server itself makes of the password", async () => {
    await administrator.query(`CREATE ROLE redash LOGIN PASSWORD ${pg.escapeLiteral(PASSWORD)}`);
    const theirs = String(
      await one(administrator, "SELECT rolpassword FROM pg_authid WHERE rolname = 'redash'"),
    );
    const [, salt = ""] = /^SCRAM-SHA-256\$4096:([^$]+)\$/.exec(theirs) ?? [];
    assert.equal(await scramVerifier(PASSWORD, Buffer.from(salt, "base64")), theirs);
    assert.notEqual(await scramVerifier(PASSWORD), await scramVerifier(PASSWORD));
  });

  it("gets no password that two clients could read in two ways", async () => {
    for (const password of ["pässwörd", "", "a\nb"])
      await assert.rejects(scramVerifier(password), {
        message: "the password must be of printable ASCII characters, and not empty",
      });
  });
});
