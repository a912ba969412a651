import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Journal } from "../../../cutover/engine/journal";
import type { Step } from "../../../cutover/engine/step";
import { cutover, fails, kinds, run, setup, Switches } from "../../support/cutover/switches";

/** An apply that fires while it runs, and takes effect all the same. */
const firing =
  (world: Switches, id: string, controller: AbortController): Step["apply"] =>
  () => {
    controller.abort();
    world.on.add(id);
    return Promise.resolve({});
  };

describe("the engine, in a process that must end soon", () => {
  it("leaves a step as it is before the window, and the next process goes on from there", async () => {
    const world = new Switches();
    const with_ = setup();
    const pause = new AbortController();
    const waits: Step["apply"] = ({ clock, signal }) => {
      pause.abort();
      return clock.sleep(900, signal).then(() => ({}));
    };
    const first = await run(
      [world.step("copy"), world.step("index", { apply: waits }), world.step("analyze")],
      with_,
      { act: "replicate", pause: pause.signal },
    );
    assert.equal(first.outcome, "paused");
    assert.equal(first.reason, "the time of this process is nearly over; it goes on with index");
    assert.deepEqual(world.log, ["+copy"]);
    const second = await run(
      [world.step("copy"), world.step("index"), world.step("analyze")],
      with_,
      { act: "replicate" },
    );
    assert.equal(second.outcome, "done");
    assert.deepEqual(world.log, ["+copy", "+copy", "+index", "+analyze"]);
  });

  /** Runs a step that never ends by itself, in a process that is paused after a time, and tells what the step was told. */
  const waited = async (
    with_: ReturnType<typeof setup>,
    more: Partial<Step>,
    pauseAfterMs?: number,
  ) => {
    const told: { begunBy: string; spentMs: number }[] = [];
    const waits: Step["apply"] = ({ clock, signal, begunBy, spentMs }) => {
      told.push({ begunBy, spentMs });
      return clock.sleep(60_000, signal).then(() => ({}));
    };
    const pause = new AbortController();
    const startMs = with_.clock.monotonicMs();
    if (pauseAfterMs !== undefined)
      with_.clock.after(pauseAfterMs, () => {
        pause.abort();
      });
    const { outcome, reason } = await run(
      [new Switches().step("index", { apply: waits, ...more })],
      with_,
      { act: "replicate", pause: pause.signal },
    );
    return { outcome, reason, tookMs: with_.clock.monotonicMs() - startMs, told };
  };
  const started = ({ journal }: ReturnType<typeof setup>) =>
    journal.entries.flatMap((it) => (it.kind === "run-started" ? [it.run] : []));

  it("shares the time limit of a step that goes on where it was with the processes that take it up", async () => {
    const with_ = setup();
    assert.equal((await waited(with_, { resumable: true }, 300)).outcome, "paused");
    assert.equal((await waited(with_, { resumable: true }, 300)).outcome, "paused");
    const third = await waited(with_, { resumable: true });
    assert.deepEqual(
      [third.outcome, third.reason, third.tookMs],
      ["undone", "index failed: it took longer than 1000 ms; everything was undone", 400],
    );
    const [first] = started(with_);
    assert.deepEqual(third.told, [{ begunBy: first, spentMs: 600 }]);
    // Once it was undone nothing of it counts any more.
    assert.equal((await waited(with_, { resumable: true })).tookMs, 1000);
  });

  it("gives a step that begins anew all of its time in every process", async () => {
    const with_ = setup();
    assert.equal((await waited(with_, {}, 900)).outcome, "paused");
    const { outcome, tookMs, told } = await waited(with_, {});
    assert.deepEqual([outcome, tookMs, told[0]?.spentMs], ["undone", 1000, 900]);
  });

  it("gives it all of its time to see that it is done already", async () => {
    const with_ = setup();
    const takes: Step["apply"] = ({ clock }) => clock.sleep(700).then(() => ({}));
    for (const expected of ["paused", "paused", "done"]) {
      const world = new Switches();
      const pause = new AbortController();
      const { outcome, reason } = await run(
        [
          world.step("index", { resumable: true, apply: takes }),
          world.step(
            "analyze",
            expected === "paused" ? { apply: firing(world, "analyze", pause) } : {},
          ),
        ],
        with_,
        { act: "replicate", pause: pause.signal },
      );
      assert.equal(outcome, expected, reason);
    }
    assert.equal(with_.clock.monotonicMs(), 2100);
  });

  it("gives it all of its time again once a person takes up what has failed", async () => {
    const world = new Switches();
    const with_ = setup();
    const pause = new AbortController();
    with_.clock.after(600, () => {
      pause.abort();
    });
    const steps = cutover(world, {
      open: {
        resumable: true,
        apply: ({ clock, signal }) => clock.sleep(900, signal).then(() => ({})),
      },
    });
    assert.equal((await run(steps, with_, { pause: pause.signal })).outcome, "paused");
    const second = await run(steps, with_);
    assert.deepEqual(
      [second.outcome, second.reason],
      ["needs-person", "open failed: it took longer than 1000 ms"],
    );
    assert.equal((await run(steps, with_)).outcome, "done");
  });

  it("leaves a step half undone before nobody can end it, and the next process undoes it again", async () => {
    const world = new Switches();
    const with_ = setup();
    const pause = new AbortController();
    const slow: Step["undo"] = ({ clock, signal }) => {
      pause.abort();
      return clock.sleep(900, signal).then(() => ({}));
    };
    const steps = (undo?: Step["undo"]) => [
      world.step("stop", undo && { undo }),
      world.step("compare", { apply: fails("they differ") }),
    ];
    const first = await run(steps(slow), with_, { pause: pause.signal });
    assert.deepEqual(
      [first.outcome, first.reason, [...world.on]],
      ["paused", "compare failed: they differ; the time of this process is nearly over", ["stop"]],
    );
    assert.equal(with_.clock.monotonicMs(), 0);
    const second = await run(steps(), with_);
    assert.deepEqual(
      [second.outcome, second.reason, [...world.on]],
      ["undone", "the run before was undoing; everything was undone", []],
    );
  });

  it("does not open the window any more", async () => {
    const world = new Switches();
    const pause = new AbortController();
    const with_ = setup();
    const timely: Journal = {
      read: with_.journal.read,
      append: async (...entries) => {
        await with_.journal.append(...entries);
        if (entries.some(({ kind }) => kind === "step-done")) pause.abort();
      },
    };
    const { outcome, reason } = await run(
      cutover(world),
      { ...with_, journal: timely },
      { pause: pause.signal },
    );
    assert.deepEqual([outcome, [...world.on]], ["paused", ["prepare"]]);
    assert.equal(reason, "the time of this process is nearly over; it goes on from fence");
    assert.ok(!kinds(with_.journal).includes("step-started fence"));
    assert.equal((await run(cutover(world), with_)).outcome, "done");
  });

  it("turns users over or back once the window is open, and leaves the rest", async () => {
    for (const { drain, on, then, left } of [
      {
        drain: {},
        on: ["prepare", "fence", "drain", "flip"],
        then: "done",
        left: ["prepare", "fence", "drain", "flip", "open"],
      },
      { drain: { apply: fails("no answer") }, on: ["prepare"], then: "undone", left: [] },
    ]) {
      const world = new Switches();
      const with_ = setup();
      const pause = new AbortController();
      const ended = await run(
        cutover(world, { fence: { apply: firing(world, "fence", pause) }, drain }),
        with_,
        { pause: pause.signal },
      );
      assert.deepEqual([ended.outcome, [...world.on]], ["paused", on]);
      assert.equal((await run(cutover(world), with_)).outcome, then);
      assert.deepEqual([...world.on], left);
    }
  });

  it("still undoes when a person asks to stop", async () => {
    const world = new Switches();
    const controller = new AbortController();
    const { outcome } = await run(
      cutover(world, { prepare: { apply: firing(world, "prepare", controller) } }),
      setup(),
      { stop: controller.signal },
    );
    assert.deepEqual([outcome, [...world.on]], ["undone", []]);
  });
});

describe("the engine, asked to stop", () => {
  it("does not begin a step when it was asked while its start was written", async () => {
    const world = new Switches();
    const with_ = setup();
    const controller = new AbortController();
    const slow: Journal = {
      read: with_.journal.read,
      append: async (...entries) => {
        await with_.journal.append(...entries);
        if (entries.some((it) => it.kind === "step-started" && it.step === "fence"))
          controller.abort();
      },
    };
    const { outcome, reason } = await run(
      cutover(world),
      { ...with_, journal: slow },
      { stop: controller.signal },
    );
    assert.equal(outcome, "undone");
    assert.equal(reason, "fence failed: it was asked to stop; everything was undone");
    assert.ok(!world.log.includes("+fence"));
  });

  it("leaves for a person what cannot be brought back, and goes on with it the next time", async () => {
    const world = new Switches();
    const with_ = setup();
    const controller = new AbortController();
    const steps = (more: Partial<Step> = {}) => [
      world.step("look"),
      world.step("remove", { forwardOnly: true, ...more }),
      world.step("prove"),
    ];
    const first = await run(steps({ apply: firing(world, "remove", controller) }), with_, {
      act: "finish",
      stop: controller.signal,
    });
    assert.equal(first.outcome, "needs-person");
    assert.equal(
      first.reason,
      "remove failed: it was asked to stop; what remove has done is not undone",
    );
    assert.deepEqual([...world.on], ["look", "remove"]);
    assert.equal((await run(steps(), with_, { act: "finish" })).outcome, "done");
  });

  it("tries again what fails for a moment once something cannot be brought back, and ends that when it is asked to stop", async () => {
    for (const isStopped of [false, true]) {
      const world = new Switches();
      const with_ = setup();
      const stop = new AbortController();
      let tries = 0;
      const apply = () => {
        if (++tries === 2 && isStopped) stop.abort();
        if (tries < 4) return Promise.reject(new Error("the server is starting up"));
        world.on.add("prove");
        return Promise.resolve({});
      };
      const { outcome, reason } = await run(
        [
          world.step("look"),
          world.step("remove", { forwardOnly: true }),
          world.step("prove", { apply, deadlineMs: 10_000 }),
        ],
        with_,
        { act: "finish", stop: stop.signal },
      );
      assert.deepEqual(
        [outcome, reason, tries],
        isStopped
          ? [
              "needs-person",
              "prove failed: it was asked to stop; what remove has done is not undone",
              2,
            ]
          : ["done", "finish is done", 4],
      );
    }
  });

  it("tries again in a run that takes it up from its first step on, and nothing before anything was removed", async () => {
    let tries = 0;
    const apply = () => Promise.reject(new Error(`try ${++tries}`));
    const world = new Switches();
    const with_ = setup();
    const finish = (look: Partial<Step>, prove: Partial<Step>) => [
      world.step("look", look),
      world.step("remove", { forwardOnly: true }),
      world.step("prove", prove),
    ];
    await run(finish({}, { apply: fails("x") }), with_, { act: "finish" });
    await run(finish({ apply, deadlineMs: 5000 }, {}), with_, { act: "finish" });
    assert.equal(tries, 3);
    tries = 0;
    await run(
      [world.step("look", { apply }), world.step("remove", { forwardOnly: true })],
      setup(),
      {
        act: "finish",
      },
    );
    assert.equal(tries, 1);
  });

  it("undoes a failure before anything was removed", async () => {
    const world = new Switches();
    const { outcome } = await run(
      [
        world.step("look", { apply: fails("users are there") }),
        world.step("remove", { forwardOnly: true }),
      ],
      setup(),
      { act: "finish" },
    );
    assert.equal(outcome, "undone");
  });

  it("refuses to run on a journal that has grown since its caller looked", async () => {
    const world = new Switches();
    const with_ = setup();
    await run([world.step("a")], with_, { act: "prepare", seen: 0 });
    await assert.rejects(run([world.step("a")], with_, { act: "prepare", seen: 0 }), {
      message: "another run has changed something at the same moment; try again",
    });
    assert.deepEqual(world.log, ["+a"]);
  });
});
