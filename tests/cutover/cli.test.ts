import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { type LocalWorld, startLocalWorld } from "../../cutover/adapters/local/world";
import { systemClock, until } from "../../cutover/engine/clock";
import type { MoveSettings } from "../../cutover/moveSettings";
import { judgeLedger } from "../../cutover/rehearsal/ledger";
import { startUsers } from "../../cutover/rehearsal/livingUsers";
import { ended, startMove } from "../support/cutover/moveCommand";

describe("npm run move", function () {
  this.timeout(300_000);
  let folder: string;
  let local: LocalWorld;
  let living: Awaited<ReturnType<typeof startUsers>>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cli-test-"));
    local = await startLocalWorld({ megabytes: 8 });
    // They go on for minutes, beside everything that is waited for.
    living = await startUsers(local, { pauseMs: 25 });
    settle({});
  });
  after(async () => {
    await living.users.end();
    await local.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const settle = (changes: Partial<MoveSettings>, where = folder) => {
    const settings: MoveSettings = {
      writeOutageBudgetMs: 20_000,
      drainDeadlineMs: 2000,
      longDeadlineMs: 60_000,
      world: local.description,
      ...changes,
    };
    writeFileSync(join(where, "move.json"), JSON.stringify(settings), { mode: 0o600 });
  };
  const move = (...args: string[]) => ended(startMove(folder, ...args));
  const done = async (act: string) => {
    const result = await move(act);
    assert.equal(result.code, 0, `${act}: ${result.stdout}${result.stderr}`);
    return result;
  };
  const goesTo = () => local.world.traffic.goesTo(AbortSignal.timeout(30_000));
  const acknowledged = async () =>
    (await living.users.memory()).ledger.filter(({ state }) => state === "acknowledged").length;
  /** @throws Error if nobody can */
  const usersWrite = async () => {
    const before = await acknowledged();
    const signal = AbortSignal.timeout(30_000);
    await until(async () => (await acknowledged()) > before, { clock: systemClock, signal });
  };

  it("ends with 64 if it is not understood, and names every act", async () => {
    const { code, stderr } = await move("cut-over");
    assert.equal(code, 64);
    assert.match(
      stderr,
      /^cut-over is no act; acts: prepare, replicate, verify, cutover, rollback, finish, abort, preflight, status, report$/m,
    );
    assert.equal((await move()).code, 64);
    assert.equal((await move("status", "--colour")).code, 64);
  });

  it("ends with 2 if there are no settings, and says where they come from", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const { code, stderr } = await ended(startMove(empty, "prepare"));
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^refused: there are no settings of a move: .*; start a world with: npm run world/,
    );
  });

  it("shows all checks of preflight, ends with 1 for a warning, and has journalled nothing", async () => {
    const { code, stdout } = await move("preflight");
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^ {2}pass {5}source-wal-level: wal_level is logical$/m);
    assert.match(
      stdout,
      /\n {2}warn {5}data-sources-movable: .*\n {11}→ .*\n\nready with warnings: 93 checks, 92 pass, 1 warn, 0 fail, 0 unknown\n$/,
    );
    assert.equal(existsSync(join(folder, "journal.jsonl")), false);
  });

  it("ends with 2 before it changes anything if a check does not hold, and names it with its fix", async () => {
    const client = await local.administrator("source");
    await client.query("CREATE TABLE notes (text text)");
    const { code, stderr } = await move("prepare");
    assert.equal(code, 2);
    assert.match(stderr, /^refused: \d+ checks of preflight do not hold$/m);
    assert.match(stderr, /^ {2}fail {5}tables-have-keys: notes\n {11}→ /m);
    const strange = await move("prepare", "--accept", "tables-have-keys,no-such-check");
    assert.equal(strange.code, 2);
    assert.equal(
      strange.stderr,
      "refused: no-such-check is no check of preflight; nothing is accepted\n",
    );
    const target = await local.administrator("target");
    const { rows } = await target.query("SELECT FROM pg_tables WHERE schemaname = 'public'");
    assert.equal(rows.length, 0);
    await client.query("DROP TABLE notes");
    await Promise.all([client.end(), target.end()]);
  });

  it("says which act is due, and shows a plan without touching anything", async () => {
    assert.equal((await move("cutover", "--accept", "x")).code, 64);
    const { code, stderr } = await move("verify");
    assert.equal(code, 2);
    assert.equal(
      stderr,
      "refused: verify is out of order: nothing is done yet, so prepare is due; run: npm run move -- prepare\n",
    );
    const { stdout } = await move("cutover", "--dry-run");
    assert.match(stdout, /^cutover: 26 steps, about /);
    assert.match(stdout, /^ {2}window {2}source-fenced +\d+ ms \(estimate, at most 10\.0 s\)/m);
    assert.match(stdout, /^ {2}flip {4}traffic-to-target /m);
    assert.match(stdout, /after 20\.0 s before the flip everything is undone\n$/);
  });

  it("ends with 2 when the write outage lasts too long: everything is undone, and users can write", async () => {
    for (const act of ["prepare", "replicate", "verify"]) await done(act);
    settle({ writeOutageBudgetMs: 50 });
    // The window of an idle machine is shorter than that; a reader at work is waited for.
    const reader = await local.application("source");
    const read = assert.rejects(reader.query("SELECT pg_sleep(600)"), { code: "57P01" });
    const { code, stdout } = await move("cutover");
    await read;
    settle({});
    assert.equal(code, 2, stdout);
    assert.match(
      stdout,
      /^undone: [a-z-]+ failed: the write-outage budget of 50 ms is spent; everything was undone\ndue: npm run move -- cutover/,
    );
    assert.equal(await goesTo(), "source");
    await usersWrite();
  });

  it("undoes at Ctrl-C before the flip", async () => {
    const child = startMove(folder, "cutover");
    const { code, stdout } = await ended(child, (text) => {
      if (text.includes("source-scheduler-stopped")) child.kill("SIGINT");
    });
    assert.equal(code, 2, stdout);
    assert.match(stdout, /^undone: (?:.* failed: )?it was asked to stop; everything was undone$/m);
    assert.equal(await goesTo(), "source");
    await usersWrite();
  });

  it("rolls a killed cutover back before the flip by undoing it, and ends with 0", async () => {
    const child = startMove(folder, "cutover");
    await ended(child, (text) => {
      if (text.includes("source-queue-drained")) child.kill("SIGKILL");
    });
    const { stdout: status } = await move("status");
    assert.match(status, /^cutover is at work, or was interrupted; last heard of 0 min ago$/m);
    const { stdout } = await done("rollback");
    assert.match(
      stdout,
      /^done: it was asked to undo what the run before has left; everything was undone\ndue: npm run move -- cutover/,
    );
    assert.equal(await goesTo(), "source");
    const { code } = await move("rollback");
    assert.equal(code, 2, "there is nothing to roll back any more");
  });

  it("ends with 3 when something is wrong after the flip: users stay, and the next commands are named", async () => {
    const { target } = local.description;
    settle({
      world: {
        ...local.description,
        target: { ...target, secretKey: "another key than Redash has" },
      },
    });
    const { code, stdout } = await move("cutover");
    settle({});
    assert.equal(code, 3, stdout);
    assert.match(
      stdout,
      /^needs-person: target-proven failed: not so: every credential decrypts with this side's key \(.*\)\ndue: npm run move -- cutover, or npm run move -- rollback\n$/,
    );
    assert.equal(await goesTo(), "target");
    await usersWrite();
    const { stdout: status } = await move("status");
    assert.match(status, /^traffic goes to the target$/m);
    assert.match(status, /^cutover needs a person; last heard of 0 min ago$/m);
  });

  it("goes on after it was mended, and back, and there again, with every write", async () => {
    await done("cutover");
    await done("rollback");
    assert.equal(await goesTo(), "source");
    await done("cutover");
    assert.match(
      (await move("preflight")).stderr,
      /^refused: preflight is for the time before the cutover; /,
    );
    const { stdout } = await done("report");
    assert.match(stdout, /^report: out\/move\.html, out\/move\.md, out\/move\.json$/m);
    const { ledger } = await living.users.stop();
    const client = await local.administrator("target");
    const { lost, duplicated } = await judgeLedger(client, ledger, living.before);
    await client.end();
    assert.deepEqual([lost, duplicated], [[], []]);
  });

  it("is complete after finish, and nothing is due", async () => {
    const { stdout } = await done("finish");
    assert.equal(stdout, "done: finish is done\nthe move is complete\n");
    const { stderr } = await move("abort");
    assert.equal(stderr, "refused: abort is out of order: finish is done, the move is complete\n");
  });

  it("has told no secret, on no screen and in no file", () => {
    const { source, target } = local.description;
    const written = ["journal.jsonl"].map((name) => readFileSync(join(folder, name), "utf8"));
    const page = readFileSync(join(__dirname, "..", "..", "out", "move.html"), "utf8");
    for (const secret of [source.database.password, target.database.password, source.secretKey])
      for (const text of [...written, page]) assert.equal(text.includes(secret), false);
  });
});
