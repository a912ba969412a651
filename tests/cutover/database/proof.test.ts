import assert from "node:assert/strict";
import pg from "pg";
import { after, before, describe, it } from "mocha";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { fill } from "../../../cutover/adapters/local/redash/data";
import { makeSchema } from "../../../cutover/adapters/local/redash/schema";
import { proofs } from "../../../cutover/database/proof";

const KEY = "the source's secret key";
const SEARCH = "search finds what is written now";

describe("the proofs of a database that users are on", function () {
  this.timeout(60_000);
  let server: PostgresServer;
  let client: pg.Client;
  before(async () => {
    server = await startPostgres({ major: 17, settings: { fsync: "off" } });
    client = new pg.Client(server.connection);
    await client.connect();
    const schema = "25.8.0";
    await makeSchema(client, schema);
    await fill(client, { schema, megabytes: 1, seed: 1, secretKey: KEY });
  });
  after(async () => {
    await client.end();
    await server.remove();
  });
  const wrong = async () =>
    (await proofs(client, KEY)).filter(({ holds }) => !holds).map(({ what }) => what);

  it("hold of a Redash, also if its newest query has the longest name that there can be, and leave it", async () => {
    const longest = "n".repeat(255);
    await client.query("UPDATE queries SET name = $1 WHERE id = (SELECT max(id) FROM queries)", [
      longest,
    ]);
    assert.deepEqual(await wrong(), []);
    const { rows } = await client.query("SELECT name FROM queries ORDER BY id DESC LIMIT 1");
    assert.deepEqual(rows, [{ name: longest }]);
  });

  it("do not hold where a query that is edited is not found", async () => {
    await client.query("ALTER TABLE queries DISABLE TRIGGER USER");
    assert.deepEqual(await wrong(), ["triggers and constraints work as usual", SEARCH]);
    await client.query("ALTER TABLE queries ENABLE TRIGGER USER");
    assert.deepEqual(await wrong(), []);
  });
});
