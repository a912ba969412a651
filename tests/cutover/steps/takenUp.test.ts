import assert from "node:assert/strict";
import pg from "pg";
import { after, afterEach, before, describe, it } from "mocha";
import { systemClock, until } from "../../../cutover/engine/clock";
import { type Outcome, runPlan } from "../../../cutover/engine/engine";
import type { Event } from "../../../cutover/engine/journal";
import type { Plan } from "../../../cutover/engine/step";
import { CHANGES, type ReplicationTask, TRANSPORTS } from "../../../cutover/ports";
import { ACTS, planOf } from "../../../cutover/steps/acts";
import { preparePlan } from "../../../cutover/steps/prepare";
import { replicatePlan } from "../../../cutover/steps/replicate";
import { verifyPlan } from "../../../cutover/steps/verify";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";
import { twoServers, type TwoServers } from "../../support/cutover/twoServers";

const ROWS = 30_000;
const SLOW_ROWS = 20;
const SLOW_MS = 100;

/** What ends a run, and when. */
interface Ending {
  readonly how: "pause" | "stop";
  /** Of the progress after which it comes. */
  readonly told: RegExp;
  /** What must hold besides. */
  readonly once?: () => Promise<boolean>;
}

describe("a process that takes up a long step, between a real PostgreSQL 13 and 17", function () {
  this.timeout(120_000);
  let servers: TwoServers;
  let journal: MemoryJournal;
  let source: pg.Client;
  let target: pg.Client;
  let told: string[];
  let asked: string[];
  let runs = 0;
  const client = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const { query } = client;
  /** Runs a plan as a process of its own does, and keeps what it tells and what it asks of a table. */
  const start = (plan: Plan, ending?: Ending): Promise<Outcome> => {
    told = [];
    asked = [];
    const ends = { pause: new AbortController(), stop: new AbortController() };
    return runPlan(plan, {
      clock: systemClock,
      journal,
      lock: new MemoryLock(),
      run: `run-${++runs}`,
      pause: ends.pause.signal,
      stop: ends.stop.signal,
      onEvent: (event: Event) => {
        if (event.kind !== "progress") return;
        told.push(event.message);
        if (ending?.told.test(event.message) !== true) return;
        const { how, once } = ending;
        const end = () => {
          ends[how].abort();
        };
        if (once === undefined) end();
        else void eventually(once).then(end);
      },
    });
  };
  const ended = async (outcome: Outcome["outcome"], plan: Plan, ending?: Ending) => {
    const result = await start(plan, ending);
    assert.equal(result.outcome, outcome, result.reason);
    return result;
  };
  const replicate = () => replicatePlan(servers.world, 60_000);
  const verify = () => verifyPlan(servers.world, 60_000);
  const number = async (client: pg.Client, sql: string): Promise<number> =>
    (await client.query<{ n: number }>(sql)).rows[0]!.n;
  const eventually = (holds: () => Promise<boolean>) =>
    until(holds, { clock: systemClock, signal: AbortSignal.timeout(20_000) });
  const arrived = (sql: string) => eventually(async () => (await target.query(sql)).rowCount === 1);
  const begun = (step: string) =>
    journal.entries.some((it) => it.kind === "step-started" && it.step === step);
  const builds = () =>
    number(
      target,
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'CREATE INDEX slow%'",
    );

  const BUILDING: Ending = {
    how: "pause",
    told: /CREATE INDEX slow_looked/,
    once: async () => (await builds()) === 1,
  };

  before(async () => {
    servers = await twoServers();
    journal = new MemoryJournal();
    source = await servers.administrator("source");
    target = await servers.administrator("target");
    // An index that takes its time, and a sequence that counts how often a row is looked at for it.
    await source.query(`
      CREATE TABLE notes (id int PRIMARY KEY, body text);
      INSERT INTO notes SELECT i, 'note ' || i FROM generate_series(1, ${ROWS}) i;
      CREATE SEQUENCE looks;
      CREATE FUNCTION looked(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN PERFORM nextval('public.looks'), pg_sleep(${SLOW_MS / 1000}); RETURN i; END $$;
      CREATE TABLE slow (id int PRIMARY KEY);
      INSERT INTO slow SELECT generate_series(1, ${SLOW_ROWS});
      CREATE INDEX slow_looked ON slow (looked(id));
      ALTER TABLE notes OWNER TO redash; ALTER TABLE slow OWNER TO redash; ALTER SEQUENCE looks OWNER TO redash;
      ALTER FUNCTION looked(int) OWNER TO redash`);
    client.query = function (...args) {
      const [text] = args;
      if (typeof text === "string" && text.includes('FROM public."notes" t')) asked.push(text);
      return query.apply(this, args);
    };
    await ended("done", preparePlan(servers.world));
  });
  after(async () => {
    client.query = query;
    await servers.remove();
  });
  /** Parts of the notes that were compared, by their conditions, as asked of one side. */
  const parts = () =>
    [...new Set(asked.flatMap((it) => /count\(\*\).* WHERE (.*)$/s.exec(it)?.[1] ?? []))].map(
      (it) => it.replaceAll('t."id"', "id"),
    );

  afterEach(async () => {
    assert.equal(await builds(), 0);
  });

  it("ends the index that the process before has left to the server, if the act is undone", async () => {
    await ended("paused", replicate(), BUILDING);
    assert.equal(await builds(), 1);
    const startMs = systemClock.monotonicMs();
    await ended("undone", replicate(), { how: "stop", told: /^the server goes on/ });
    assert.ok(systemClock.monotonicMs() - startMs < (SLOW_ROWS * SLOW_MS) / 2 + 1000);
    assert.equal(
      await number(
        target,
        "SELECT count(*)::int AS n FROM pg_indexes WHERE indexname = 'slow_looked'",
      ),
      0,
    );
    assert.equal(await number(target, "SELECT count(*)::int AS n FROM slow"), 0);
  });

  it("waits for the index that the server goes on with, and makes no second one", async () => {
    await target.query("SELECT setval('looks', 1, false)");
    const steps = replicate().steps.slice(0, -1);
    await ended("paused", { ...replicate(), steps }, BUILDING);
    assert.equal(await builds(), 1);
    const { evidence } = await ended("done", { ...replicate(), steps });
    const waited = told.filter((it) =>
      /^the server goes on with what a process before has left.*: CREATE INDEX slow_looked ON public.slow/.test(
        it,
      ),
    );
    assert.ok(waited.length > 0, told.join("\n"));
    assert.equal(evidence.get("indexes-made")?.["made"], 0);
    assert.equal(await number(target, "SELECT last_value::int AS n FROM looks"), SLOW_ROWS);
    const { rows } = await target.query<{ valid: boolean }>(
      "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'slow_looked'::regclass",
    );
    assert.deepEqual(rows, [{ valid: true }]);
  });

  it("analyzes no table twice", async () => {
    await ended("paused", replicate(), { how: "pause", told: /^2 of 2: slow$/ });
    const analyzed = () =>
      number(
        target,
        "SELECT analyze_count::int AS n FROM pg_stat_user_tables WHERE relname = 'notes'",
      );
    await eventually(async () => (await analyzed()) === 1);
    const { evidence } = await ended("done", replicate());
    assert.deepEqual(
      told.filter((it) => it.includes(" of 2: ")),
      ["2 of 2: slow"],
    );
    assert.deepEqual(evidence.get("target-analyzed"), { tables: 2 });
    assert.equal(await analyzed(), 1);
  });
  const IN_THE_MIDDLE: Ending = { how: "pause", told: /^notes: 1000 rows compared/ };
  const note = (id: number, body: string) =>
    `SELECT FROM notes WHERE id = ${id} AND body = '${body}'`;

  it("waits for the slot of changes that the process before has left half made: until then it sees none", async () => {
    const user = await servers.administrator("source");
    await user.query("BEGIN; INSERT INTO notes VALUES (0, 'begun before')");
    const isBegun = async () => {
      const { rows } = await source.query<{ made: boolean }>(
        "SELECT confirmed_flush_lsn IS NOT NULL AS made FROM pg_replication_slots WHERE slot_name = $1",
        [CHANGES],
      );
      return rows[0]?.made === false;
    };
    const pause = new AbortController();
    const options = { clock: systemClock, journal, lock: new MemoryLock() };
    const first = runPlan(verify(), { ...options, run: `run-${++runs}`, pause: pause.signal });
    await eventually(isBegun);
    pause.abort();
    assert.equal((await first).outcome, "paused");
    assert.ok(await isBegun());
    const second = start(verify());
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(!begun("everything-compared"));
    await user.query("COMMIT");
    assert.equal((await second).outcome, "done");
    assert.equal(
      (await second).evidence.get("everything-compared")?.["rows"],
      ROWS + SLOW_ROWS + 1,
    );
  });

  it("compares on behind the part that was compared last, and then what changed before it meanwhile", async () => {
    await ended("paused", verify(), IN_THE_MIDDLE);
    assert.deepEqual(parts(), ["id < 1000"]);
    await source.query("UPDATE notes SET body = 'changed meanwhile' WHERE id IN (5, 29000)");
    await source.query("DELETE FROM notes WHERE id = 6; INSERT INTO notes VALUES (-7, 'new')");
    const { evidence } = await ended("done", verify());
    assert.match(parts()[0] ?? "", /^id >= 1000( AND |$)/);
    assert.deepEqual(
      parts().filter((it) => !it.startsWith("id >= ")),
      [],
    );
    assert.deepEqual(evidence.get("everything-compared"), {
      ...{ tables: 2, rows: ROWS + SLOW_ROWS + 1, carried: 0, differing: 0 },
    });
    assert.equal(evidence.get("changes-compared")?.["changedRows"], 4);
  });

  it("fails if what changed meanwhile in a part that was equal does not become equal again", async () => {
    await ended("paused", verify(), IN_THE_MIDDLE);
    await source.query("UPDATE notes SET body = 'changed again' WHERE id = 5");
    await arrived(note(5, "changed again"));
    await target.query("UPDATE notes SET body = 'lost' WHERE id = 5");
    const { reason } = await ended("undone", verify());
    assert.equal(
      reason,
      'changes-compared failed: notes: 1 rows differ, keys ["5"]; everything was undone',
    );
    await target.query("UPDATE notes SET body = 'changed again' WHERE id = 5");
  });

  it("compares everything anew in another act, and if the slot is gone by which changes are found", async () => {
    await ended("paused", verify(), IN_THE_MIDDLE);
    await source.query("SELECT pg_drop_replication_slot($1)", [CHANGES]);
    await ended("done", verify());
    assert.equal(parts()[0], "id < 1000");
    await ended("done", verify());
    assert.equal(parts()[0], "id < 1000");
  });

  it("has only such that go on where they were: every step that may need longer than a function has, in every act", () => {
    const times = {
      writeOutageBudgetMs: 60_000,
      drainDeadlineMs: 3_600_000,
      longDeadlineMs: 86_400_000,
    };
    const long = TRANSPORTS.flatMap((kind) => {
      const transport = kind === "logical" ? { kind } : { kind, task: {} as ReplicationTask };
      return ACTS.flatMap((act) => planOf(act, { ...servers.world, transport }, times).steps);
    }).filter(({ deadlineMs }) => deadlineMs > 600_000);
    assert.ok(long.length > 10);
    assert.deepEqual(
      long.filter(({ resumable }) => resumable !== true),
      [],
    );
  });
});
