import assert from "node:assert/strict";
import pg from "pg";
import { after, before, describe, it } from "mocha";
import { cutOff, fence, isFenced, letIn, liftFence } from "../../../cutover/database/fence";
import { systemClock, until } from "../../../cutover/engine/clock";
import type { SideName } from "../../../cutover/ports";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

const ROLE = "redash";
const waiting = () => ({ clock: systemClock, signal: AbortSignal.timeout(10_000) });

describe("the fence", function () {
  this.timeout(60_000);
  let servers: TwoServers;
  const administrators = {} as Record<SideName, pg.Client>;
  before(async () => {
    servers = await twoServers();
    for (const side of ["source", "target"] as const) {
      administrators[side] = await servers.administrator(side);
      if (side === "target")
        await administrators[side].query(`CREATE ROLE ${ROLE} LOGIN PASSWORD 'application'`);
      await administrators[side].query("CREATE TABLE notes (id int); GRANT ALL ON notes TO redash");
    }
  });
  after(async () => {
    await servers.remove();
  });

  const seen = async (side: SideName) =>
    (await administrators[side].query("SELECT FROM pg_stat_activity WHERE usename = $1", [ROLE]))
      .rowCount;
  const notes = async (side: SideName) =>
    (await administrators[side].query("SELECT FROM notes")).rowCount;

  /**
   * A session on its way in: it has read what its role may do, and rests for a second before others see it.
   * @returns how it ends; it writes as soon as it is let in, again and again
   */
  const slowSession = async (side: SideName): Promise<{ readonly end: Promise<string> }> => {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: servers.servers[side].port,
      database: "redash",
      user: ROLE,
      password: "application",
      options: "-c post_auth_delay=1",
    });
    client.on("error", () => undefined);
    const write = async (): Promise<string> => {
      await client.connect();
      for (let writes = 0; writes < 100; writes++) {
        const error = await client.query("INSERT INTO notes VALUES (1)").then(
          () => undefined,
          (it: unknown) => (it as Error).message,
        );
        if (error !== undefined && !error.includes("read-only")) return "ended";
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await client.end();
      return "left alone";
    };
    const end = write();
    // It holds a lock on its database from before it reads its settings until others see it.
    await until(
      async () =>
        (
          await administrators[side].query(
            "SELECT FROM pg_locks WHERE classid = 'pg_database'::regclass AND mode = 'RowExclusiveLock'",
          )
        ).rowCount === 1,
      waiting(),
      { first: 2, longest: 2 },
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await seen(side), 0, "others see it already");
    return { end };
  };

  for (const side of ["source", "target"] as const) {
    it(`lets nobody write once it is set who was on his way in, on the ${side}`, async () => {
      const { end } = await slowSession(side);
      assert.equal(await fence(administrators[side], ROLE, waiting()), 1);
      const written = await notes(side);
      assert.equal(await end, "ended");
      assert.equal(await notes(side), written);
      assert.equal(await isFenced(administrators[side], ROLE), true);
      await liftFence(administrators[side], ROLE, waiting());
    });

    it(`leaves nobody read-only once it is lifted who was on his way in, on the ${side}`, async () => {
      await fence(administrators[side], ROLE, waiting());
      const { end } = await slowSession(side);
      assert.equal(await liftFence(administrators[side], ROLE, waiting()), 1);
      assert.equal(await end, "ended");
      assert.equal(await isFenced(administrators[side], ROLE), false);
    });

    it(`cuts off a session that was on its way in, on the ${side}`, async () => {
      const { end } = await slowSession(side);
      assert.equal(await cutOff(administrators[side], ROLE, waiting()), 1);
      const written = await notes(side);
      assert.equal(await end, "ended");
      assert.equal(await notes(side), written);
      await letIn(administrators[side], ROLE);
    });
  }

  it("does not wait for a session that comes later: it is read-only", async () => {
    const { source } = administrators;
    await fence(source, ROLE, waiting());
    const late = await servers.application("source");
    assert.equal(await fence(source, ROLE, waiting()), 1);
    await assert.rejects(late.query("SELECT 1"));
    const again = await servers.application("source");
    await assert.rejects(again.query("INSERT INTO notes VALUES (1)"), /read-only transaction/);
    await liftFence(source, ROLE, waiting());
  });

  /** What a fence does while a transaction of the application is open, and how that transaction ends. */
  const fencedWhile = async (sleepMs: number, patienceMs?: number) => {
    const { source } = administrators;
    const reader = await servers.application("source");
    await reader.query("BEGIN; SELECT 1");
    const reading = (async () => {
      await new Promise((resolve) => setTimeout(resolve, sleepMs));
      await reader.query("SELECT FROM notes");
      await reader.query("COMMIT");
      return "served";
    })().catch((error: unknown) => (error as Error).message);
    const began = performance.now();
    const ended = await fence(source, ROLE, waiting(), patienceMs);
    const tookMs = performance.now() - began;
    assert.equal(await seen("source"), 0);
    await liftFence(source, ROLE, waiting());
    return { ended, tookMs, reader: await reading };
  };

  it("lets who is at work get to the end, and ends the session then", async () => {
    const { ended, tookMs, reader } = await fencedWhile(400);
    assert.deepEqual([ended, reader], [1, "served"]);
    assert.ok(tookMs >= 390, `${tookMs} ms`);
    assert.ok(tookMs < 1900, `${tookMs} ms: it waited for longer than somebody was at work`);
  });

  it("ends who is at work when its patience is over", async () => {
    const { ended, tookMs, reader } = await fencedWhile(3000, 200);
    assert.equal(ended, 1);
    assert.match(reader, /terminating connection|connection error/);
    assert.ok(tookMs >= 200 && tookMs < 2500, `${tookMs} ms`);
  });

  it("ends who rests at once", async () => {
    const { source } = administrators;
    await (await servers.application("source")).query("SELECT 1");
    const began = performance.now();
    assert.equal(await fence(source, ROLE, waiting(), 10_000), 1);
    assert.ok(performance.now() - began < 5000, "it waited for a session that rests");
    await liftFence(source, ROLE, waiting());
  });

  it("gives up when its time is over, and says so", async () => {
    const { source } = administrators;
    const { end } = await slowSession("source");
    await assert.rejects(
      fence(source, ROLE, { clock: systemClock, signal: AbortSignal.timeout(100) }),
      /aborted due to timeout/,
    );
    await liftFence(source, ROLE, waiting());
    assert.equal(await end, "ended");
    assert.equal(await seen("source"), 0);
  });
});
