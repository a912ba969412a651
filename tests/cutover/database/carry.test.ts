import assert from "node:assert/strict";
import type pg from "pg";
import { after, before, describe, it } from "mocha";
import { makeSchema } from "../../../cutover/adapters/local/redash/schema";
import { fill } from "../../../cutover/adapters/local/redash/data";
import { carry } from "../../../cutover/database/carry";
import { tables, type Table } from "../../../cutover/database/table";
import { compareTable } from "../../../cutover/database/verify";
import { running } from "../../support/cutover/running";
import { SECRET_KEY, twoServers, type TwoServers } from "../../support/cutover/twoServers";

describe("rows that are carried", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  let source: pg.Client;
  let target: pg.Client;
  let queries: Table;
  before(async () => {
    servers = await twoServers();
    source = await servers.administrator("source");
    target = await servers.administrator("target");
    // As of an upgraded Redash: its columns are in another order, and it has dropped some.
    const schema = "10.1.0-upgraded-to-25.8.0";
    await makeSchema(source, schema);
    await makeSchema(target, schema);
    await fill(source, { schema, megabytes: 8, seed: 1, secretKey: SECRET_KEY });
    queries = (await tables(source)).find(({ name }) => name === "queries")!;
  });
  after(async () => {
    await servers.remove();
  });
  const differing = () => compareTable({ source, target }, queries, running(60_000));

  it("are equal to the last bit, search vectors, arrays and awkward texts included", async () => {
    const missing = await differing();
    assert.equal(missing.size, 400);
    await carry({ source, target }, queries, missing);
    assert.deepEqual(await differing(), new Set());
    const { rows } = await target.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM queries WHERE search_vector @@ to_tsquery('simple', 'query')",
    );
    assert.equal(rows[0]!.n, 400);
  });

  it("are changed, added and deleted as the source has them, and carried twice without harm", async () => {
    await source.query("UPDATE queries SET schedule_failures = 99 WHERE id = 2");
    await source.query(
      "DELETE FROM widgets; DELETE FROM visualizations; DELETE FROM alert_subscriptions; DELETE FROM alerts",
    );
    await source.query("DELETE FROM queries WHERE id = 3");
    await target.query(
      "SET session_replication_role = replica; DELETE FROM queries WHERE id = 4; RESET session_replication_role",
    );
    const keys = await differing();
    assert.deepEqual([...keys].sort(), ['["2"]', '["3"]', '["4"]']);
    await carry({ source, target }, queries, keys);
    await carry({ source, target }, queries, keys);
    assert.deepEqual(await differing(), new Set());
  });

  it("leave no half of a batch when one cannot be written", async () => {
    await target.query("ALTER TABLE queries ADD CONSTRAINT small CHECK (version < 1000)");
    await source.query(
      "UPDATE queries SET version = 5000 WHERE id = 5; UPDATE queries SET version = 900 WHERE id = 6",
    );
    const keys = await differing();
    await assert.rejects(
      carry({ source, target }, queries, keys),
      /violates check constraint "small"/,
    );
    assert.deepEqual(await differing(), keys);
    const { rows } = await target.query("SELECT id FROM queries WHERE id IN (5, 6)");
    assert.equal(rows.length, 2);
  });
});
