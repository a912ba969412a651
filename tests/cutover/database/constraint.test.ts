import assert from "node:assert/strict";
import type pg from "pg";
import { after, before, describe, it } from "mocha";
import {
  dropForeignKeys,
  makeRequired,
  relax,
  requiredColumns,
  validateForeignKeys,
} from "../../../cutover/database/constraint";
import { systemClock } from "../../../cutover/engine/clock";
import type { Running } from "../../../cutover/engine/step";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

const running = (limitMs: number): Running => ({
  clock: systemClock,
  signal: AbortSignal.timeout(limitMs),
  progress: () => undefined,
  warn: () => undefined,
});

describe("constraints that a task needs loose", function () {
  this.timeout(60_000);
  let servers: TwoServers;
  let client: pg.Client;
  before(async () => {
    servers = await twoServers();
    client = await servers.administrator("target");
    await client.query(`
      CREATE TABLE parent (id serial PRIMARY KEY, options jsonb NOT NULL, note text);
      CREATE TABLE child (id serial PRIMARY KEY, parent_id int NOT NULL);
      ALTER TABLE child ADD CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent NOT VALID;
      INSERT INTO parent (options) VALUES ('{}')`);
  });
  after(async () => {
    await servers.remove();
  });
  const required = async () =>
    (await requiredColumns(client)).map(
      ({ table, column, type }) => `${table}.${column} ${type.name}`,
    );

  it("are columns that may not be NULL, but never a primary key", async () => {
    assert.deepEqual(await required(), ["child.parent_id int4", "parent.options jsonb"]);
  });

  it("are required again after they were relaxed, each twice without harm, with no trace", async () => {
    const options = (await requiredColumns(client)).filter(({ column }) => column === "options");
    await relax(client, options);
    await relax(client, options);
    assert.deepEqual(await required(), ["child.parent_id int4"]);
    await client.query("INSERT INTO parent (options) VALUES (NULL)");
    await assert.rejects(makeRequired(client, options, running(5000)), /is violated by some row/);
    await client.query("DELETE FROM parent WHERE options IS NULL");
    await makeRequired(client, options, running(5000));
    await makeRequired(client, options, running(5000));
    assert.deepEqual(await required(), ["child.parent_id int4", "parent.options jsonb"]);
    const { rows } = await client.query(
      "SELECT FROM pg_constraint WHERE conname LIKE 'redash_move%'",
    );
    assert.equal(rows.length, 0);
    await assert.rejects(client.query("INSERT INTO parent (options) VALUES (NULL)"), /null value/);
  });

  it("wait for a user without making the others wait, and give up when their time is over", async () => {
    const options = (await requiredColumns(client)).filter(({ column }) => column === "options");
    await relax(client, options);
    const user = await servers.administrator("target");
    await user.query("BEGIN; SELECT FROM parent");
    await assert.rejects(makeRequired(client, options, running(1200)), /aborted due to timeout/);
    await user.query("COMMIT");
    await client.query("RESET lock_timeout");
    await makeRequired(client, options, running(5000));
  });

  it("name the foreign key that does not hold, and are validated once it does", async () => {
    await client.query(
      "SET session_replication_role = replica; INSERT INTO child (parent_id) VALUES (77); RESET session_replication_role",
    );
    await assert.rejects(validateForeignKeys(client, running(5000)), /"child_parent"/);
    await client.query("DELETE FROM child");
    assert.equal(await validateForeignKeys(client, running(5000)), 1);
    assert.equal(await validateForeignKeys(client, running(5000)), 0);
  });

  it("are foreign keys, which a load anew must not meet", async () => {
    await dropForeignKeys(client);
    await dropForeignKeys(client);
    await client.query("INSERT INTO child (parent_id) VALUES (77)");
    const { rows } = await client.query(
      "SELECT conname FROM pg_constraint WHERE conrelid IN ('parent'::regclass, 'child'::regclass) AND contype <> 'n' ORDER BY 1",
    );
    assert.deepEqual(rows, [{ conname: "child_pkey" }, { conname: "parent_pkey" }]);
  });
});
