import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { type LocalWorld, startLocalWorld } from "../../cutover/adapters/local/world";
import { MoveProgram } from "../../cutover/faults/moveProcess";
import type { MoveSettings } from "../../cutover/moveSettings";
import { judgeLedger } from "../../cutover/rehearsal/ledger";
import { startUsers } from "../../cutover/rehearsal/livingUsers";
import { planOf, type Act } from "../../cutover/steps/acts";

const TIMES = { writeOutageBudgetMs: 20_000, drainDeadlineMs: 2000, longDeadlineMs: 60_000 };

describe("npm run move, killed", function () {
  this.timeout(900_000);
  let local: LocalWorld;
  let living: Awaited<ReturnType<typeof startUsers>>;
  let folder: string;
  let program: MoveProgram;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kill-test-"));
    program = await MoveProgram.build();
    local = await startLocalWorld({ megabytes: 8 });
    living = await startUsers(local);
    const settings: MoveSettings = { ...TIMES, world: local.description };
    writeFileSync(join(folder, "move.json"), JSON.stringify(settings), { mode: 0o600 });
  });
  after(async () => {
    await living.users.end();
    await local.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]) => program.start(folder, args).ended;
  const done = async (act: Act) => {
    const { code, stdout, stderr } = await run(act);
    // On a busy machine jobs wait when their time is over, and are named.
    assert.ok(code === 0 || code === 1, `${act}: ${stdout}${stderr}`);
  };
  /** Kills an act as soon as a step has begun. */
  const killedIn = async (act: Act, step: string): Promise<boolean> => {
    const move = program.start(folder, [act], {}, (cue) => {
      if (cue.at === "begin" && cue.step === step) move.kill();
    });
    return (await move.ended).code === null;
  };
  const goesTo = () => local.world.traffic.goesTo(AbortSignal.timeout(5000));
  const writes = async () =>
    (await living.users.memory()).ledger.filter((it) => it.state === "acknowledged").length;

  it("is refused while another one is at work", async () => {
    const lock = join(folder, "move.lock");
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), since: "12:01" }));
    const { code, stderr } = await run("prepare");
    assert.equal(code, 2);
    assert.equal(
      stderr,
      [
        "refused: 1 checks of preflight do not hold",
        `  fail     lock-free: process ${process.pid} on ${hostname()}, since 12:01; if it is not, remove ${lock}`,
        "           → let it end; a lock is removed only if its holder is dead",
        "",
      ].join("\n"),
    );
    rmSync(lock);
  });

  it("goes on with copying and comparing where it was killed", async () => {
    await done("prepare");
    for (const [act, step] of [
      ["replicate", "tables-copied"],
      ["replicate", "indexes-made"],
      ["verify", "everything-compared"],
    ] as const) {
      assert.equal(await killedIn(act, step), true, step);
      await done(act);
    }
  });

  it("at any step of a cutover or a rollback: the next process ends it or undoes it, and users can write", async () => {
    const plans = {
      cutover: planOf("cutover", local.world, TIMES).steps,
      rollback: planOf("rollback", local.world, TIMES).steps,
    };
    const outcomes: string[] = [];
    for (const index of plans.cutover.keys()) {
      for (const act of ["cutover", "rollback"] as const) {
        const step = plans[act][index]!;
        // The way back is the same code: where users cannot write it is tried all the same.
        if (act === "rollback" && step.inWindow !== true) {
          if ((await goesTo()) === "target") await done(act);
          continue;
        }
        const from = await goesTo();
        assert.equal(from, act === "cutover" ? "source" : "target");
        if (!(await killedIn(act, step.id))) continue;
        const { code, stdout, stderr } = await run(act);
        const to = await goesTo();
        outcomes.push(`${step.inWindow === true ? "window" : "outside"} ${code ?? ""}`);
        assert.ok(
          code === 0 || code === 1 || (code === 2 && to === from),
          `${step.id}: ${stdout}${stderr}`,
        );
        const before = await writes();
        // On a busy machine a write takes a while; after half a minute nobody can write.
        const end = Date.now() + 30_000;
        while ((await writes()) === before && Date.now() < end)
          await new Promise((resolve) => setTimeout(resolve, 50));
        assert.ok((await writes()) > before, `${step.id}: nobody can write`);
        if (to === from) await done(act);
      }
    }
    assert.ok(outcomes.includes("window 2"), "none was killed while nobody could write");
    assert.ok(outcomes.includes("outside 0"));
  });

  it("has lost and doubled no write, and leaves nothing behind", async () => {
    if ((await goesTo()) === "source") await done("cutover");
    const { ledger } = await living.users.stop();
    const client = await local.administrator("target");
    const { lost, duplicated, acknowledged } = await judgeLedger(client, ledger, living.before);
    await client.end();
    assert.deepEqual([lost, duplicated], [[], []]);
    assert.ok(acknowledged > 5000);
    await done("finish");
  });
});
