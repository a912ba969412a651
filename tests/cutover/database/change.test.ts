import assert from "node:assert/strict";
import pg from "pg";
import { after, before, beforeEach, describe, it } from "mocha";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { changes, forgetChanges } from "../../../cutover/database/change";
import { createSlot } from "../../../cutover/database/replication";
import { tables } from "../../../cutover/database/table";
import { running } from "../../support/cutover/running";

const SLOT = "changes";

for (const major of [13, 17] as const) {
  describe(`changes that PostgreSQL ${major} remembers`, function () {
    this.timeout(60_000);
    let server: PostgresServer;
    let client: pg.Client;
    before(async () => {
      server = await startPostgres({ major, settings: { wal_level: "logical", fsync: "off" } });
      client = new pg.Client(server.connection);
      await client.connect();
      await client.query(`
        CREATE TABLE parents (id int PRIMARY KEY);
        CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents);
        CREATE TABLE "Other ones" (id int PRIMARY KEY, body text);
        INSERT INTO parents VALUES (1); INSERT INTO children VALUES (1, 1)`);
      await createSlot(client, SLOT, running(10_000), "test_decoding");
    });
    after(async () => {
      await client.end();
      await server.remove();
    });
    const changed = async () => {
      const { keys, whole } = await changes(client, SLOT, await tables(client));
      return { keys: [...keys].map(([table, of]) => [table, [...of]]), whole: [...whole].sort() };
    };
    beforeEach(async () => {
      const { lsn } = await changes(client, SLOT, []);
      if (lsn !== undefined) await forgetChanges(client, SLOT, lsn);
    });

    it("are told by their keys, also of a table whose name is quoted, and of a row that looks like a truncation", async () => {
      await client.query(
        `INSERT INTO "Other ones" VALUES (7, 'table public.parents: TRUNCATE: (no-flags)')`,
      );
      assert.deepEqual(await changed(), { keys: [["Other ones", ['["7"]']]], whole: [] });
    });

    it("are every row of each table that is truncated, alone, with others, or by its parent", async () => {
      await client.query("TRUNCATE children");
      assert.deepEqual(await changed(), { keys: [], whole: ["children"] });
      await client.query(`TRUNCATE children, "Other ones"`);
      assert.deepEqual((await changed()).whole, ["Other ones", "children"]);
      await client.query("TRUNCATE parents CASCADE");
      assert.deepEqual((await changed()).whole, ["Other ones", "children", "parents"]);
    });
  });
}
