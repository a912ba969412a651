import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Entry, Event, Journal } from "../../../cutover/engine/journal";
import type { Step } from "../../../cutover/engine/step";
import { MemoryLock } from "../../support/cutover/memory";
import {
  cutover,
  fails,
  kinds,
  run,
  setup,
  type Setup,
  Switches,
} from "../../support/cutover/switches";

describe("the engine, at its flip and behind it", () => {
  it("goes on after a flip whose answer was lost but which took effect: users are there", async () => {
    const world = new Switches();
    const flip = {
      apply: () => {
        world.on.add("flip");
        return Promise.reject(new Error("the answer was lost"));
      },
    };
    const outcome = await run(cutover(world, { flip }), setup());
    assert.equal(outcome.outcome, "done");
    assert.deepEqual([...world.on], ["prepare", "fence", "drain", "flip", "open"]);
  });

  it("undoes nothing else when the flip cannot be undone, or both sides would take writes", async () => {
    const world = new Switches();
    const flip = { apply: fails("throttled"), undo: fails("throttled too") };
    const outcome = await run(cutover(world, { flip }), setup());
    assert.deepEqual(
      [outcome.outcome, outcome.reason],
      [
        "needs-person",
        "flip failed: throttled; these steps could not be undone: flip (throttled too)",
      ],
    );
    assert.deepEqual([...world.on], ["prepare", "fence", "drain"]);
  });

  it("undoes a flip that failed and did not take effect", async () => {
    const world = new Switches();
    const outcome = await run(cutover(world, { flip: { apply: fails("throttled") } }), setup());
    assert.equal(outcome.outcome, "undone");
    assert.deepEqual(world.log, [
      "+prepare",
      "+fence",
      "+drain",
      "-flip",
      "-drain",
      "-fence",
      "-prepare",
    ]);
  });

  it("never undoes after the flip, and asks for a person when it cannot go on", async () => {
    const world = new Switches();
    const with_ = setup();
    const outcome = await run(cutover(world, { open: { apply: fails("no queue") } }), with_);
    assert.deepEqual([outcome.outcome, outcome.reason], ["needs-person", "open failed: no queue"]);
    assert.deepEqual([...world.on], ["prepare", "fence", "drain", "flip"]);
    const again = await run(cutover(world), with_);
    assert.equal(again.outcome, "done");
    assert.deepEqual(
      world.log.filter((it) => it.startsWith("-")),
      [],
    );
  });

  it("tries again behind the flip what fails for a moment, says so, and not before it", async () => {
    const world = new Switches();
    let tries = 0;
    const told: string[] = [];
    const onEvent = (event: Event) => {
      if (event.kind === "progress") told.push(`${event.step}: ${event.message}`);
    };
    const apply = () => {
      tries++;
      if (tries < 3) return Promise.reject(new Error("the server is starting up"));
      world.on.add("open");
      return Promise.resolve({});
    };
    const with_ = setup();
    const { outcome } = await run(cutover(world, { open: { apply, deadlineMs: 10_000 } }), with_, {
      onEvent,
    });
    assert.deepEqual([outcome, tries], ["done", 3]);
    assert.deepEqual(told, Array(2).fill("open: it is tried again: the server is starting up"));
    assert.ok(!kinds(with_.journal).includes("step-failed open"));
    let before = 0;
    const fails = () => Promise.reject(new Error(`try ${++before}`));
    await run(cutover(new Switches(), { prepare: { apply: fails } }), setup());
    assert.equal(before, 1);
  });

  it("undoes a flip that was begun when it is asked to, if it has not taken effect and nothing came after it", async () => {
    const undone = async (entries: number, flip: Partial<Step> = {}) => {
      const world = new Switches();
      const with_ = setup();
      const killed = with_.journal.forProcessKilledAfter(entries);
      const dying = { ...with_, lock: new MemoryLock(), journal: killed };
      await Promise.race([run(cutover(world), dying), killed.dead]);
      world.on.delete("flip");
      const { outcome, reason } = await run(cutover(world, { flip }), with_, { undo: true });
      return [outcome, reason, [...world.on].join()];
    };
    const asked = "it was asked to undo what the run before has left; everything was undone";
    assert.deepEqual(await undone(8), ["undone", asked, ""]);
    assert.deepEqual(await undone(10), [
      "done",
      "cutover is done",
      "prepare,fence,drain,flip,open",
    ]);
    const silent = { check: () => Promise.reject(new Error("no answer")) };
    assert.deepEqual(await undone(8, silent), [
      "needs-person",
      "flip failed: no answer",
      "prepare,fence,drain",
    ]);
  });

  it("measures the write outage from the first step of the window to the end of the flip", async () => {
    const slow =
      (ms: number): Step["apply"] =>
      ({ clock, signal }) =>
        clock.sleep(ms, signal).then(() => ({}));
    const outcome = await run(
      cutover(new Switches(), {
        prepare: { apply: slow(500) },
        fence: { apply: slow(10) },
        drain: { apply: slow(20) },
        flip: { apply: slow(30) },
        open: { apply: slow(700) },
      }),
      setup(),
    );
    assert.deepEqual([outcome.outcome, outcome.writeOutageMs], ["done", 60]);
  });

  it("counts no outage for a run that finds users turned over already, and all of it for one that turns them", async () => {
    const outage = async (killedAfter: number) => {
      const world = new Switches();
      const with_ = setup();
      const killed = with_.journal.forProcessKilledAfter(killedAfter);
      const dead = run(cutover(world), { ...with_, journal: killed, lock: new MemoryLock() });
      await with_.clock.run(Promise.race([dead, killed.dead]));
      await with_.clock.run(with_.clock.sleep(3_600_000));
      const { outcome, writeOutageMs } = await run(cutover(world), with_);
      return [outcome, writeOutageMs];
    };
    // After the start of the flip, its end, and the start of what comes behind it.
    assert.deepEqual(await outage(8), ["done", 3_600_000]);
    assert.deepEqual(await outage(9), ["done", undefined]);
    assert.deepEqual(await outage(10), ["done", undefined]);
  });

  it("tries again behind the flip also what the journal does not take for a moment, and not before it", async () => {
    const stopped = async (at: string, failures: number) => {
      const world = new Switches();
      const with_ = setup();
      let tries = 0;
      const journal: Journal = {
        read: with_.journal.read,
        append: (...entries) =>
          entries.some((it) => `${it.kind} ${"step" in it ? it.step : ""}` === at) &&
          ++tries <= failures
            ? Promise.reject(new Error("slow down"))
            : with_.journal.append(...entries),
      };
      const steps = cutover(world, { open: { deadlineMs: 10_000 } });
      const { outcome } = await run(steps, { ...with_, journal });
      return [outcome, tries, [...world.on].join()];
    };
    const ALL = "prepare,fence,drain,flip,open";
    assert.deepEqual(await stopped("step-started open", 2), ["done", 3, ALL]);
    assert.deepEqual(await stopped("step-done open", 2), ["done", 3, ALL]);
    assert.deepEqual(await stopped("step-started open", 100), [
      ...["needs-person", 6, "prepare,fence,drain,flip"],
    ]);
    assert.deepEqual(await stopped("step-done prepare", 1), ["undone", 1, ""]);
  });

  it("gives the journal one and the same entry at each try, by which it tells one whose answer was lost", async () => {
    const with_ = setup();
    const tried = new Set<Entry>();
    let tries = 0;
    const journal: Journal = {
      read: with_.journal.read,
      append: (...entries) => {
        const [started] = entries.filter((it) => it.kind === "step-started" && it.step === "open");
        if (started !== undefined) tried.add(started);
        return started !== undefined && ++tries < 3
          ? Promise.reject(new Error("slow down"))
          : with_.journal.append(...entries);
      },
    };
    const steps = cutover(new Switches(), { open: { deadlineMs: 10_000 } });
    assert.equal((await run(steps, { ...with_, journal })).outcome, "done");
    assert.deepEqual([tries, tried.size], [3, 1]);
  });

  it("tells a warning once that a step finds again when it is tried again", async () => {
    const with_ = setup();
    let tries = 0;
    const apply: Step["apply"] = ({ warn }) => {
      warn("two jobs are not run");
      return ++tries < 3 ? Promise.reject(new Error("no answer")) : Promise.resolve({});
    };
    const { outcome, warnings } = await run(
      cutover(new Switches(), { open: { apply, deadlineMs: 10_000 } }),
      with_,
    );
    assert.deepEqual(
      [outcome, tries, warnings],
      ["done", 3, [{ step: "open", message: "two jobs are not run" }]],
    );
    assert.equal(kinds(with_.journal).filter((it) => it === "warning open").length, 1);
  });

  it("forgets a run once another act has changed the world, but not one that was undone", async () => {
    const rollback = async (world: Switches, with_: Setup, apply?: Step["apply"]) => {
      await run([world.step("back", apply && { apply })], with_, { act: "rollback" });
    };
    for (const isUndone of [true, false]) {
      const world = new Switches();
      const with_ = setup();
      await run(cutover(world, { open: { apply: fails("no queue") } }), with_);
      await rollback(world, with_, isUndone ? fails("not ready") : undefined);
      world.log.length = 0;
      await run(cutover(world, { flip: { check: () => Promise.resolve(false) } }), with_);
      // Without its history it begins again, and above all with the fence.
      assert.deepEqual(
        world.log,
        isUndone ? ["+flip", "+open"] : ["+prepare", "+fence", "+drain", "+flip", "+open"],
      );
    }
  });

  it("finishes a flip that was started, however long ago the window was opened", async () => {
    const world = new Switches();
    const with_ = setup();
    const killed = with_.journal.forProcessKilledAfter(8);
    const dead = run(cutover(world), { ...with_, journal: killed });
    await with_.clock.run(Promise.race([dead, killed.dead]));
    with_.lock.holder = undefined;
    await with_.clock.run(with_.clock.sleep(3_600_000));
    assert.equal((await run(cutover(world), with_)).outcome, "done");
    assert.ok(world.on.has("flip"));
  });
});
