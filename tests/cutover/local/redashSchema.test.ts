import assert from "node:assert/strict";
import pg from "pg";
import { after, before, describe, it } from "mocha";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import {
  catalogOf,
  makeSchema,
  REDASH_SCHEMAS,
} from "../../../cutover/adapters/local/redash/schema";
import { readCatalog } from "../../support/cutover/catalog";

describe("the schema of a rehearsal's source", function () {
  this.timeout(60_000);
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres({ major: 13 });
  });
  after(() => server.remove());

  const inDatabase = async (name: string, work: (client: pg.Client) => Promise<void>) => {
    const administrator = new pg.Client(server.connection);
    await administrator.connect();
    await administrator.query(`CREATE DATABASE "${name}"`);
    await administrator.end();
    const client = new pg.Client({ ...server.connection, database: name });
    await client.connect();
    await work(client).finally(() => client.end());
  };

  for (const schema of REDASH_SCHEMAS) {
    it(`is that of a real Redash ${schema}, column by column`, async () => {
      await inDatabase(schema, async (client) => {
        await makeSchema(client, schema);
        const { alembic_version, types, functions, sequences, tables } = catalogOf(schema);
        const wanted = {
          alembic_version,
          types: types.map(({ name }) => ({ name })),
          functions: [...functions].sort(),
          sequences,
          tables,
        };
        const made = await readCatalog(client);
        assert.deepEqual(made, wanted);
        for (const [name, { columns }] of Object.entries(tables)) {
          assert.deepEqual(Object.keys(made.tables[name]!.columns), Object.keys(columns), name);
        }
      });
    });
  }

  it("finds a query by its name, and as Redash parses what people type", async () => {
    await inDatabase("search", async (client) => {
      await makeSchema(client, "25.8.0");
      await client.query(`
        INSERT INTO organizations (name, slug, settings, created_at, updated_at) VALUES ('o', 'default', '{}', now(), now());
        INSERT INTO users (org_id, name, email, api_key, created_at, updated_at) VALUES (1, 'u', 'u@x', 'k', now(), now());
        INSERT INTO queries (org_id, user_id, version, name, query, query_hash, api_key, is_archived, is_draft, schedule_failures, options, created_at, updated_at)
          VALUES (1, 1, 1, 'Monthly revenue', 'SELECT 1', 'h', 'a', false, false, 0, '{}', now(), now())`);
      const { rows } = await client.query<{ id: number }>(
        "SELECT id FROM queries WHERE search_vector @@ tsq_parse('pg_catalog.simple', 'reven')",
      );
      assert.deepEqual(rows, [{ id: 1 }]);
    });
  });
});
