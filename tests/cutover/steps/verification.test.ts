import assert from "node:assert/strict";
import pg from "pg";
import { after, before, describe, it } from "mocha";
import { createMarkerTable } from "../../../cutover/database/marker";
import { createSlot, publish, subscribe } from "../../../cutover/database/replication";
import { CHANGES, directionFrom, FORWARD } from "../../../cutover/ports";
import { compareChanges } from "../../../cutover/steps/verification";
import { running } from "../../support/cutover/running";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

describe("changes since the last comparison", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  let source: pg.Client;
  let target: pg.Client;
  const told: string[] = [];
  const compared = (isLast = false, limitMs = 30_000) =>
    compareChanges(
      servers.world,
      servers.world.source,
      servers.world.target,
      running(limitMs, { progress: (message) => told.push(message) }),
      isLast,
    );
  const insert = (from: number, to: number) =>
    source.query("INSERT INTO notes SELECT i FROM generate_series($1::int, $2::int) i", [from, to]);
  /** Changes of the notes that the slot still has. */
  const left = async () => {
    const { rows } = await source.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_logical_slot_peek_changes($1, NULL, NULL) WHERE data LIKE 'table public.notes%'",
      [CHANGES],
    );
    return rows[0]!.n;
  };

  before(async () => {
    servers = await twoServers();
    source = await servers.administrator("source");
    // As the role of the move, which must be able to read what is compared.
    target = new pg.Client(servers.world.target.database.connection);
    await target.connect();
    for (const client of [source, target]) {
      await client.query("CREATE TABLE notes (id int PRIMARY KEY, body text)");
      await createMarkerTable(client);
    }
    await publish(source, FORWARD, ["notes"]);
    await createSlot(source, FORWARD, running(10_000));
    await createSlot(source, CHANGES, running(10_000), "test_decoding");
    await subscribe(target, directionFrom(servers.world, "source"), "copy");
  });
  after(async () => {
    await target.end();
    await servers.remove();
  });

  it("are forgotten part by part once they were found equal", async () => {
    for (const from of [1, 7001, 14_001]) await insert(from, from + 6999);
    told.length = 0;
    assert.deepEqual(await compared(), { changedRows: 21_000, carried: 0, differing: 0 });
    // A transaction is never cut, so the first part has two of them.
    const waiting = "waiting until the target has what was written so far";
    assert.deepEqual(told, [waiting, "14000 changed rows compared", waiting]);
    assert.equal(await left(), 0);
    assert.deepEqual(await compared(), { changedRows: 0, carried: 0, differing: 0 });
  });

  it("are kept from the part on that differs, so that the next comparison finds them too", async () => {
    await insert(30_001, 41_000);
    await insert(41_001, 41_500);
    const arrived = async () =>
      (await target.query("SELECT FROM notes WHERE id = 41500")).rowCount === 1;
    while (!(await arrived())) await new Promise((resolve) => setTimeout(resolve, 10));
    await target.query("UPDATE notes SET body = 'another' WHERE id = 41500");
    await assert.rejects(compared(), {
      message: 'notes: 1 rows differ, keys ["41500"]',
    });
    assert.equal(await left(), 500);
    await target.query("UPDATE notes SET body = NULL WHERE id = 41500");
    assert.deepEqual(await compared(), { changedRows: 500, carried: 0, differing: 0 });
  });

  it("are waited for with a word where replication stands still", async () => {
    await target.query(`ALTER SUBSCRIPTION ${FORWARD} DISABLE`);
    told.length = 0;
    await insert(45_000, 45_000);
    await assert.rejects(compared(false, 1000), { name: "TimeoutError" });
    assert.deepEqual(told, ["waiting until the target has what was written so far"]);
    await target.query(`ALTER SUBSCRIPTION ${FORWARD} ENABLE`);
    assert.deepEqual(await compared(), { changedRows: 1, carried: 0, differing: 0 });
  });

  it("are all compared while nobody can write, and the last part is not even forgotten", async () => {
    await insert(50_001, 61_000);
    await insert(61_001, 61_005);
    const arrived = async () =>
      (await target.query("SELECT FROM notes WHERE id = 61005")).rowCount === 1;
    while (!(await arrived())) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(await compared(true), { changedRows: 11_005, carried: 0, differing: 0 });
    assert.equal(await left(), 5);
  });
});
