import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { disable, streamFromNow } from "../../../cutover/database/replication";
import { systemClock, until } from "../../../cutover/engine/clock";
import { runPlan } from "../../../cutover/engine/engine";
import type { Plan } from "../../../cutover/engine/step";
import { directionFrom, type SideName } from "../../../cutover/ports";
import { preparePlan } from "../../../cutover/steps/prepare";
import { replicatePlan } from "../../../cutover/steps/replicate";
import { switchPlan } from "../../../cutover/steps/switch";
import { verifyPlan } from "../../../cutover/steps/verify";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";
import { smallRedash } from "../../support/cutover/smallRedash";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

const BUDGET = { writeOutageBudgetMs: 10_000, drainDeadlineMs: 100, longDeadlineMs: 60_000 };

/** At a crash a server forgets how far slots were moved since its last checkpoint: it would send what the other side sent it. */
describe("a server that crashes right after users came to it", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  let journal: MemoryJournal;
  let runs = 0;
  const done = async (plan: Plan, crashes?: { side: SideName; before: string }) => {
    let crashed = 0;
    const { outcome, reason } = await runPlan(plan, {
      clock: systemClock,
      journal,
      lock: new MemoryLock(),
      run: `run-${++runs}`,
      before: async ({ id }) => {
        if (id !== crashes?.before) return;
        crashed++;
        await servers.servers[crashes.side].stop("immediate");
        await servers.servers[crashes.side].start();
      },
    });
    assert.equal(outcome, "done", reason);
    assert.equal(crashed, crashes === undefined ? 0 : 1);
  };
  const saved = async (side: SideName, name: string) => {
    const client = await servers.application(side);
    await client.query("INSERT INTO queries (org_id, name, options) VALUES (1, $1, '{}')", [name]);
    await client.end();
  };
  const names = async (side: SideName) => {
    const client = await servers.administrator(side);
    const { rows } = await client.query<{ name: string }>(
      "SELECT name FROM queries WHERE name LIKE 'saved %' ORDER BY id",
    );
    await client.end();
    return rows.map(({ name }) => name);
  };
  const arrived = (side: SideName, expected: readonly string[]) =>
    until(async () => (await names(side)).join() === expected.join(), {
      clock: systemClock,
      signal: AbortSignal.timeout(20_000),
    });

  before(async () => {
    servers = await twoServers();
    journal = new MemoryJournal();
    await smallRedash(await servers.administrator("source"), 100);
    const { world } = servers;
    for (const plan of [
      preparePlan(world),
      replicatePlan(world, 60_000),
      verifyPlan(world, 60_000),
    ])
      await done(plan);
    await saved("source", "saved before the cutover");
    await arrived("target", ["saved before the cutover"]);
  });
  after(async () => {
    await servers.remove();
  });

  it("is left by the way back as it was found, if it is the target", async () => {
    await done(switchPlan("cutover", servers.world, BUDGET), {
      side: "target",
      before: "source-left-behind-named",
    });
    await saved("target", "saved after the cutover");
    await arrived("source", ["saved before the cutover", "saved after the cutover"]);
  });

  it("goes on to be replicated, if it is the source", async () => {
    await done(switchPlan("rollback", servers.world, BUDGET), {
      side: "source",
      before: "target-left-behind-named",
    });
    await saved("source", "saved after the rollback");
    await arrived("target", [
      "saved before the cutover",
      "saved after the cutover",
      "saved after the rollback",
    ]);
  });

  it("is asked for nothing that it had when replication was turned, also not for what was not on its disk yet", async () => {
    const { world } = servers;
    const { name } = directionFrom(world, "source");
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
