import assert from "node:assert/strict";
import type pg from "pg";
import { after, before, describe, it } from "mocha";
import { makeSchema } from "../../../cutover/adapters/local/redash/schema";
import { dropApplicationSchema, relationCount } from "../../../cutover/database/schema";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

describe("the application's schema", function () {
  this.timeout(60_000);
  let servers: TwoServers;
  let client: pg.Client;
  before(async () => {
    servers = await twoServers();
    client = await servers.administrator("target");
  });
  after(async () => {
    await servers.remove();
  });
  const lines = async (sql: string): Promise<string[]> =>
    (await client.query<{ line: string }>(sql)).rows.map(({ line }) => line);
  /** Everything in the schema, and the schema itself as others have made it. */
  const content = () =>
    lines(`
      SELECT 'schema ' || nspowner::regrole || ' ' || nspacl::text || ' ' || obj_description(oid) AS line
        FROM pg_namespace WHERE nspname = 'public'
      UNION ALL SELECT 'default ' || defaclacl::text FROM pg_default_acl
      UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extnamespace = 'public'::regnamespace
      UNION ALL SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
      ORDER BY 1`);

  it("is emptied of all that the move makes, and of nothing that was there before", async () => {
    await client.query(`
      CREATE ROLE administrators; CREATE ROLE readers;
      CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements;
      ALTER SCHEMA public OWNER TO administrators;
      GRANT USAGE ON SCHEMA public TO readers;
      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO readers;
      COMMENT ON SCHEMA public IS 'of the analysts'`);
    const before = await content();
    assert.ok(before.includes("type hstore") && before.includes("relation pg_stat_statements"));
    assert.ok(before.some((it) => it.startsWith("schema administrators ")));
    await makeSchema(client, "25.8.0");
    await client.query(`
      CREATE VIEW latest AS SELECT id, name FROM queries;
      CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM latest;
      CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN short AS varchar(5); CREATE TYPE pair AS (a int, b mood);
      CREATE TYPE span AS RANGE (subtype = int);
      CREATE TABLE "Odd name" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, how mood, tags hstore, at span);
      CREATE SEQUENCE alone;
      CREATE FUNCTION moody(mood) RETURNS SETOF "Odd name" LANGUAGE sql AS 'SELECT * FROM public."Odd name" WHERE how = $1';
      CREATE PROCEDURE nothing() LANGUAGE sql AS '';
      CREATE AGGREGATE largest(int) (SFUNC = int4larger, STYPE = int)`);
    assert.ok((await content()).length > before.length + 100);
    await dropApplicationSchema(client);
    assert.deepEqual(await content(), before);
    assert.equal(await relationCount(client), 0);
  });

  it("is emptied twice without harm, and may be made again", async () => {
    await dropApplicationSchema(client);
    await makeSchema(client, "25.8.0");
    await dropApplicationSchema(client);
    assert.equal(await relationCount(client), 0);
  });

  it("is left whole if one thing of it cannot be dropped", async () => {
    await client.query(`
      CREATE TABLE one (id int); CREATE TABLE two (id int);
      CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_name = 'two') THEN RAISE 'not two'; END IF; END $$;
      CREATE EVENT TRIGGER refused ON sql_drop EXECUTE FUNCTION refuse()`);
    await assert.rejects(dropApplicationSchema(client), /not two/);
    await client.query("ROLLBACK");
    assert.equal(await relationCount(client), 2);
  });
});
