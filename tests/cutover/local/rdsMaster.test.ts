import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import pg from "pg";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { makeRdsMaster } from "../../../cutover/adapters/local/rdsMaster";
import { dropApplicationSchema, giveTo } from "../../../cutover/database/schema";

const MASTER = { name: "redash_master", password: "the master's password" };
const INSUFFICIENT_PRIVILEGE = { code: "42501" };

describe("a role with the rights of RDS's master user", () => {
  let server: PostgresServer;
  let administrator: pg.Client;
  let master: pg.Client;
  const connect = async (config: pg.ClientConfig) => {
    const client = new pg.Client({ ...server.connection, ...config });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  const rows = async (sql: string) => {
    const { rows: found } = await master.query<unknown[]>({ text: sql, rowMode: "array" });
    return found;
  };

  before(async () => {
    server = await startPostgres({ major: 17, settings: { wal_level: "logical" } });
    const first = await connect({ database: "template1" });
    await makeRdsMaster(first, MASTER);
    await first.query(`CREATE DATABASE redash OWNER ${MASTER.name}`);
    await first.end();
    administrator = await connect({ database: "redash" });
    await administrator.query("CREATE TABLE theirs (id int)");
    master = await connect({ database: "redash", user: MASTER.name, password: MASTER.password });
  });
  after(async () => {
    await administrator.end();
    await master.end();
    await server.remove();
  });

  it("is no superuser, and may nothing that AWS keeps for itself", async () => {
    for (const statement of [
      "CREATE ROLE another SUPERUSER",
      "SELECT pg_replication_origin_create('another')",
      "ALTER SYSTEM SET work_mem = '8MB'",
      "SELECT rolpassword FROM pg_authid",
      "SELECT subconninfo FROM pg_subscription",
      "SELECT pg_read_file('PG_VERSION')",
      "COPY (SELECT 1) TO PROGRAM 'true'",
      "INSERT INTO theirs VALUES (1)",
      "TRUNCATE theirs",
      "ALTER TABLE theirs OWNER TO redash_master",
      "CREATE PUBLICATION everything FOR ALL TABLES",
      `ALTER ROLE ${server.connection.user} SET default_transaction_read_only = on`,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND datname = 'redash'",
    ])
      await assert.rejects(master.query(statement), INSUFFICIENT_PRIVILEGE, statement);
    await administrator.query("SELECT 1");
  });

  it("may what a move needs: decode, pass triggers, and see what others do", async () => {
    await master.query("SELECT pg_create_logical_replication_slot('one', 'test_decoding')");
    await master.query("SELECT pg_drop_replication_slot('one')");
    await master.query("BEGIN; SET LOCAL session_replication_role = replica; ROLLBACK");
    assert.deepEqual(
      await rows(
        "SELECT DISTINCT backend_type FROM pg_stat_activity WHERE usename = 'postgres' AND datname = 'redash'",
      ),
      [["client backend"]],
    );
    assert.deepEqual(await rows("SELECT count(*)::int FROM pg_control_system()"), [[1]]);
  });

  it("gives the application every kind of object, and removes them without the schema and what is not the application's", async () => {
    await administrator.query("DROP TABLE theirs; CREATE EXTENSION citext SCHEMA public");
    const schema = `SELECT nspowner::regrole::text, nspacl::text,
        (SELECT string_agg(extname, ',' ORDER BY extname) FROM pg_extension) FROM pg_namespace WHERE nspname = 'public'`;
    const bare = await rows(schema);
    await master.query(`
      CREATE ROLE redash; GRANT redash TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
      CREATE TYPE mood AS ENUM ('good'); CREATE TYPE pair AS (one int, other mood); CREATE DOMAIN short AS text;
      CREATE TABLE things (id serial PRIMARY KEY, mood mood, name short);
      CREATE SEQUENCE numbers;
      CREATE VIEW report AS SELECT * FROM things; CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM things;
      CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1';
      CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int)`);
    await giveTo(master, "redash");
    const owners = `
      SELECT relname::text, relowner::regrole::text FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v', 'm', 'c')
      UNION ALL SELECT proname::text, proowner::regrole::text FROM pg_proc
       WHERE proname IN ('twice', 'total')
      UNION ALL SELECT typname::text, typowner::regrole::text FROM pg_type WHERE typname IN ('mood', 'short')
       ORDER BY 1`;
    const names = "mood numbers pair report short things things_id_seq total totals twice";
    assert.deepEqual(
      await rows(owners),
      names.split(" ").map((name) => [name, "redash"]),
    );
    await dropApplicationSchema(master);
    await dropApplicationSchema(master);
    assert.deepEqual(await rows(owners), []);
    await master.query("REVOKE ALL ON SCHEMA public FROM redash; DROP ROLE redash");
    assert.deepEqual(await rows(schema), bare);
  });
});
