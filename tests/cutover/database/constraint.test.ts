import assert from "node:assert/strict";
import type pg from "pg";
import { after, before, describe, it } from "mocha";
import {
  dropChecks,
  dropForeignKeys,
  makeRequired,
  relax,
  requiredColumns,
  validateForeignKeys,
} from "../../../cutover/database/constraint";
import { running } from "../../support/cutover/running";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

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
    await makeRequired(client, options, running(5000));
  });

  it("are gone on with where a process before was killed, also right before it dropped its last check", async () => {
    const options = (await requiredColumns(client)).filter(({ column }) => column === "options");
    await relax(client, options);
    await client.query(`
      ALTER TABLE parent ADD CONSTRAINT redash_move_not_null_options CHECK (options IS NOT NULL) NOT VALID;
      ALTER TABLE child ADD CONSTRAINT redash_move_not_null_parent_id CHECK (parent_id IS NOT NULL)`);
    // The server goes on with a look at the rows; users wait neither for it nor for whoever takes it up.
    const before = await servers.administrator("target");
    await before.query(
      "BEGIN; ALTER TABLE parent VALIDATE CONSTRAINT redash_move_not_null_options",
    );
    const taken = makeRequired(client, options, running(10_000)).then(() =>
      dropChecks(client, running(10_000)),
    );
    const user = await servers.administrator("target");
    await user.query("SET statement_timeout = 1000");
    for (let tries = 0; tries < 5; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await user.query("INSERT INTO parent (options) VALUES ('{}')");
    }
    await before.query("COMMIT");
    await taken;
    assert.deepEqual(await required(), ["child.parent_id int4", "parent.options jsonb"]);
    const { rows } = await client.query(
      "SELECT FROM pg_constraint WHERE conname LIKE 'redash_move%'",
    );
    assert.equal(rows.length, 0);
  });

  it("drop a check without making users wait behind it", async () => {
    await client.query(
      "ALTER TABLE parent ADD CONSTRAINT redash_move_not_null_options CHECK (options IS NOT NULL)",
    );
    const reader = await servers.administrator("target");
    await reader.query("BEGIN; SELECT FROM parent");
    const dropped = dropChecks(client, running(10_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const user = await servers.administrator("target");
    await user.query("SET statement_timeout = 1000");
    assert.equal((await user.query("SELECT FROM parent")).rowCount, 6);
    await reader.query("COMMIT");
    await dropped;
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
