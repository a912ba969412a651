import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { disable, streamFromNow } from "../../../cutover/database/replication";
import { systemClock, until } from "../../../cutover/engine/clock";
import { directionFrom, type SideName } from "../../../cutover/ports";
import type { Act } from "../../../cutover/steps/acts";
import { Pair } from "../../support/cutover/pair";

/** At a crash a server forgets how far slots were moved since its last checkpoint: it would send what the other side sent it. */
describe("a server that crashes right after users came to it", function () {
  this.timeout(120_000);
  let pair: Pair;
  const crashed = async (act: Act, side: SideName, before: string) => {
    let crashes = 0;
    await pair.done(act, {
      before: async ({ id }) => {
        if (id !== before) return;
        crashes++;
        await pair.servers.servers[side].stop("immediate");
        await pair.servers.servers[side].start();
      },
    });
    assert.equal(crashes, 1);
  };
  const saved = async (side: SideName, name: string) => {
    const client = await pair.servers.application(side);
    await client.query("INSERT INTO queries (org_id, name, options) VALUES (1, $1, '{}')", [name]);
    await client.end();
  };
  const names = async (side: SideName) => {
    const rows = await pair.administrated<{ name: string }>(
      side,
      "SELECT name FROM queries WHERE name LIKE 'saved %' ORDER BY id",
    );
    return rows.map(({ name }) => name);
  };
  const arrived = (side: SideName, expected: readonly string[]) =>
    until(async () => (await names(side)).join() === expected.join(), {
      clock: systemClock,
      signal: AbortSignal.timeout(20_000),
    });

  before(async () => {
    pair = await Pair.start();
    await saved("source", "saved before the cutover");
    await arrived("target", ["saved before the cutover"]);
  });
  after(() => pair.end());

  it("is left by the way back as it was found, if it is the target", async () => {
    await crashed("cutover", "target", "source-left-behind-named");
    await saved("target", "saved after the cutover");
    await arrived("source", ["saved before the cutover", "saved after the cutover"]);
  });

  it("goes on to be replicated, if it is the source", async () => {
    await crashed("rollback", "source", "target-left-behind-named");
    await saved("source", "saved after the rollback");
    await arrived("target", [
      "saved before the cutover",
      "saved after the cutover",
      "saved after the rollback",
    ]);
  });

  it("is asked for nothing that it had when replication was turned, also not for what was not on its disk yet", async () => {
    const { servers } = pair;
    const { name } = directionFrom(servers.world, "source");
    const publisher = await servers.administrator("source");
    const subscriber = await servers.administrator("target");
    const applying = await servers.administrator("source");
    await applying.query("SET synchronous_commit = off");
    await applying.query("CREATE TABLE applied AS SELECT 1");
    const { rows: ends } = await publisher.query<{ end: string }>(
      "SELECT pg_current_wal_insert_lsn()::text AS end",
    );
    const running = { clock: systemClock, signal: AbortSignal.timeout(10_000) };
    await disable(subscriber, name, running);
    const from = await streamFromNow(publisher, subscriber, name, running);
    const { rows: behind } = await publisher.query<{ is: boolean }>(
      "SELECT $1::pg_lsn >= $2::pg_lsn AS is",
      [from, ends[0]!.end],
    );
    assert.deepEqual(behind, [{ is: true }]);
    const { rows: known } = await subscriber.query<{ remote: string }>(
      "SELECT remote_lsn::text AS remote FROM pg_replication_origin_status JOIN pg_subscription ON external_id = 'pg_' || oid WHERE subname = $1",
      [name],
    );
    assert.deepEqual(known, [{ remote: from }]);
  });
});
