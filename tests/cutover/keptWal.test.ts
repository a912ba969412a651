import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { createSlot } from "../../cutover/database/replication";
import { systemClock } from "../../cutover/engine/clock";
import { Move } from "../../cutover/move";
import { BACK, CHANGES } from "../../cutover/ports";
import { MemoryJournal, MemoryLock } from "../support/cutover/memory";
import { run } from "../support/cutover/reports";
import { running } from "../support/cutover/running";
import { twoServers, type TwoServers } from "../support/cutover/twoServers";

/** As large as a segment of WAL is. */
const SEGMENT_BYTES = 2 ** 24;

describe("npm run move -- status, of the WAL that slots of the move keep", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  before(async () => {
    servers = await twoServers();
  });
  after(async () => {
    await servers.remove();
  });
  const status = async (...acts: string[]) => {
    const journal = new MemoryJournal();
    for (const act of acts) journal.entries.push(...run(act, act, Date.now(), []));
    const move = new Move({
      world: servers.world,
      journal,
      lock: new MemoryLock(),
      clock: systemClock,
      writeOutageBudgetMs: 5000,
      drainDeadlineMs: 1000,
      longDeadlineMs: 60_000,
    });
    return (await move.status(AbortSignal.timeout(30_000))).split("\n").slice(acts.length);
  };
  const DUE = "due: npm run move -- finish, or npm run move -- rollback";

  it("says nothing of a slot that keeps little", async () => {
    const client = await servers.administrator("target");
    for (const slot of [BACK, CHANGES])
      await createSlot(client, slot, running(10_000), "test_decoding");
    await createSlot(client, "of_somebody_else", running(10_000), "test_decoding");
    assert.deepEqual(await status("cutover"), ["traffic goes to the source", DUE]);
  });

  it("warns of each that keeps more than 1 GiB, by name, side and amount, and says what to do", async () => {
    const client = await servers.administrator("target");
    // A segment that is left counts as written.
    for (let bytes = 0; bytes <= 2 ** 30; bytes += SEGMENT_BYTES)
      await client.query("SELECT pg_logical_emit_message(true, '', ''), pg_switch_wal()");
    const kept = "keeps 1.1 GB of WAL on the target, whose disk must not become full";
    assert.deepEqual(await status("cutover"), [
      "traffic goes to the source",
      `warning: slot redash_move_back ${kept}; nobody reads it, or not fast enough: the log of the source's server says why`,
      `warning: slot redash_move_changes ${kept}; it remembers which rows changed since the last comparison: the next one (verify, cutover or rollback) lets it go, and so does finish or abort`,
      DUE,
    ]);
  });

  it("asks no database before the first act, and none after the last one", async () => {
    await servers.servers.source.stop();
    assert.deepEqual(await status(), [
      "traffic goes to the source",
      "due: npm run move -- prepare",
    ]);
    assert.deepEqual(await status("finish"), [
      "traffic goes to the source",
      "the move is complete",
    ]);
  });

  it("tells which database does not answer, and warns of the other one", async () => {
    const [, source, ...target] = await status("cutover");
    assert.match(
      source ?? "",
      /^the source's database does not say how much WAL it keeps: connect ECONNREFUSED /,
    );
    assert.equal(target.length, 3);
  });
});
