import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Event, Journal } from "../../../cutover/engine/journal";
import type { Step } from "../../../cutover/engine/step";
import { cutover, fails, kinds, run, setup, Switches } from "../../support/cutover/switches";

describe("the engine", () => {
  it("applies every step in order and journals it", async () => {
    const world = new Switches();
    const with_ = setup();
    const outcome = await run([world.step("a"), world.step("b")], with_);
    assert.deepEqual(outcome.outcome, "done");
    assert.deepEqual(world.log, ["+a", "+b"]);
    assert.deepEqual(
      [...outcome.evidence],
      [
        ["a", { a: true }],
        ["b", { b: true }],
      ],
    );
    assert.deepEqual(kinds(with_.journal), [
      "run-started",
      "step-started a",
      "step-done a",
      "step-started b",
      "step-done b",
      "run-ended",
    ]);
    assert.equal(with_.lock.holder, undefined);
  });

  it("writes what nobody would miss of a window with the next entry that somebody would", async () => {
    const world = new Switches();
    const with_ = setup();
    const appends: string[] = [];
    const told: string[] = [];
    const nameOf = (it: Event) => `${it.kind}${"step" in it ? ` ${it.step}` : ""}`;
    const journal: Journal = {
      read: with_.journal.read,
      append: async (...entries) => {
        appends.push(entries.map(nameOf).join(", "));
        await with_.journal.append(...entries);
      },
    };
    const steps = cutover(world);
    steps.splice(
      2,
      1,
      world.lasting("drain", { inWindow: true }),
      world.step("turn", { inWindow: true }),
    );
    await run(steps, { ...with_, journal }, { onEvent: (it) => told.push(nameOf(it)) });
    assert.deepEqual(appends, [
      "run-started",
      "step-started prepare",
      "step-done prepare",
      "step-started fence",
      "step-done fence, step-started drain, step-done drain, step-started turn",
      "step-done turn, step-started flip",
      "step-done flip",
      "step-started open",
      "step-done open",
      "run-ended",
    ]);
    assert.deepEqual(told, kinds(with_.journal));
  });

  it("writes all of a window that failed", async () => {
    const world = new Switches();
    const with_ = setup();
    const steps = cutover(world);
    steps.splice(2, 1, world.lasting("drain", { inWindow: true, apply: fails("x") }));
    await run(steps, with_);
    assert.deepEqual(kinds(with_.journal).slice(3), [
      "step-started fence",
      "step-done fence",
      "step-started drain",
      "step-failed drain",
      "undo-started drain",
      "undone drain",
      "undo-started fence",
      "undone fence",
      "undo-started prepare",
      "undone prepare",
      "run-ended",
    ]);
  });

  it("waits before each step for whom it is told to, and goes back if it is asked to stop meanwhile", async () => {
    const world = new Switches();
    const stop = new AbortController();
    const before = (step: Step) => {
      world.log.push(`?${step.id}`);
      if (step.id === "drain") stop.abort();
      return Promise.resolve();
    };
    const { outcome } = await run(cutover(world), setup(), { before, stop: stop.signal });
    assert.equal(outcome, "undone");
    assert.deepEqual(world.log, [
      ...["?prepare", "+prepare", "?fence", "+fence", "?drain", "-fence", "-prepare"],
    ]);
  });

  it("does not ask in a window whether a step holds that no run has begun", async () => {
    const world = new Switches();
    const with_ = setup();
    let asked = 0;
    const check = () => {
      asked++;
      return Promise.resolve(world.on.has("flip"));
    };
    await run(cutover(world, { flip: { check }, open: { apply: fails("x") } }), with_);
    assert.deepEqual([asked, world.log], [0, ["+prepare", "+fence", "+drain", "+flip"]]);
    await run(cutover(world, { flip: { check } }), with_);
    assert.deepEqual([asked, world.log], [1, ["+prepare", "+fence", "+drain", "+flip", "+open"]]);
  });

  it("skips what holds already", async () => {
    const world = new Switches();
    const { outcome } = await run(
      [world.step("a", { check: () => Promise.resolve(true) })],
      setup(),
    );
    assert.equal(outcome, "done");
    assert.deepEqual(world.log, []);
  });

  it("undoes the failed step too, which may be half done, and what was before it, last first", async () => {
    const world = new Switches();
    const outcome = await run(
      cutover(world, { drain: { apply: fails("no end of jobs") } }),
      setup(),
    );
    assert.deepEqual(
      [outcome.outcome, outcome.reason],
      ["undone", "drain failed: no end of jobs; everything was undone"],
    );
    assert.deepEqual(world.log, ["+prepare", "+fence", "-drain", "-fence", "-prepare"]);
    assert.deepEqual([...world.on], []);
  });

  it("goes on undoing when one undo fails, and says which", async () => {
    const world = new Switches();
    const outcome = await run(
      cutover(world, { drain: { apply: fails("x") }, fence: { undo: fails("source is gone") } }),
      setup(),
    );
    assert.deepEqual(
      [outcome.outcome, outcome.reason],
      ["needs-person", "drain failed: x; these steps could not be undone: fence (source is gone)"],
    );
    assert.deepEqual(world.log, ["+prepare", "+fence", "-drain", "-prepare"]);
  });

  it("ends a step at its time limit, whether it listens or hangs", async () => {
    for (const listens of [true, false]) {
      const world = new Switches();
      const outcome = await run(
        cutover(world, {
          prepare: {
            apply: ({ clock, signal }) =>
              listens ? clock.sleep(60_000, signal).then(() => ({})) : new Promise(() => undefined),
          },
        }),
        setup(),
      );
      assert.equal(
        outcome.reason,
        "prepare failed: it took longer than 1000 ms; everything was undone",
      );
    }
  });

  it("undoes before the flip when the write-outage budget is spent, also while a step waits", async () => {
    const world = new Switches();
    const slow: Step["apply"] = ({ clock, signal }) => clock.sleep(600, signal).then(() => ({}));
    const outcome = await run(
      cutover(world, { fence: { apply: slow }, drain: { apply: slow } }),
      setup(),
      { budgetMs: 1000 },
    );
    assert.equal(
      outcome.reason,
      "drain failed: the write-outage budget of 1000 ms is spent; everything was undone",
    );
    assert.equal(outcome.writeOutageMs, 1000);
  });

  it("undoes when it is asked to stop before the flip, and finishes when it is asked after", async () => {
    const stopping = async (id: string) => {
      const world = new Switches();
      const controller = new AbortController();
      const stop: Step["apply"] = () => {
        controller.abort();
        world.on.add(id);
        return Promise.resolve({});
      };
      const outcome = await run(cutover(world, { [id]: { apply: stop } }), setup(), {
        stop: controller.signal,
      });
      return [outcome.outcome, [...world.on]];
    };
    assert.deepEqual(await stopping("prepare"), ["undone", []]);
    assert.deepEqual(await stopping("drain"), ["undone", []]);
    assert.deepEqual(await stopping("open"), [
      "done",
      ["prepare", "fence", "drain", "flip", "open"],
    ]);
  });

  it("ends a waiting step at once when it is asked to stop", async () => {
    const controller = new AbortController();
    const with_ = setup();
    with_.clock.after(50, () => {
      controller.abort();
    });
    const outcome = await run(
      cutover(new Switches(), {
        prepare: { apply: ({ clock, signal }) => clock.sleep(900, signal).then(() => ({})) },
      }),
      with_,
      { stop: controller.signal },
    );
    assert.equal(outcome.reason, "prepare failed: it was asked to stop; everything was undone");
    assert.equal(with_.clock.monotonicMs(), 50);
  });

  it("tells a warning once, and carries it to the end and into the journal", async () => {
    const with_ = setup();
    const told: string[] = [];
    const outcome = await run(
      [
        new Switches().step("a", {
          apply: ({ warn }) => {
            warn("one job was cut");
            return Promise.resolve({});
          },
        }),
      ],
      with_,
      { onEvent: ({ kind }) => told.push(kind) },
    );
    assert.deepEqual(outcome.warnings, [{ step: "a", message: "one job was cut" }]);
    assert.deepEqual(told, ["run-started", "step-started", "warning", "step-done", "run-ended"]);
    assert.deepEqual(kinds(with_.journal), [
      ...["run-started", "step-started a", "warning a", "step-done a", "run-ended"],
    ]);
  });

  it("has what a step warns of in the journal as soon as it has that the step is done", async () => {
    const with_ = setup();
    const killed = with_.journal.forProcessKilledAfter(4);
    const steps = [
      new Switches().step("a", {
        apply: ({ warn }) => {
          warn("one job was cut");
          return Promise.resolve({});
        },
      }),
    ];
    await with_.clock.run(Promise.race([run(steps, { ...with_, journal: killed }), killed.dead]));
    assert.deepEqual(kinds(with_.journal), [
      ...["run-started", "step-started a", "warning a", "step-done a"],
    ]);
  });

  it("lets one process at a time work", async () => {
    const with_ = setup();
    with_.lock.holder = "host-7, process 12, since 12:01";
    await assert.rejects(run([new Switches().step("a")], with_), {
      message: "host-7, process 12, since 12:01 is at work",
    });
  });

  it("tries to undo again until its time is over: a server that restarts comes back", async () => {
    const world = new Switches();
    let tries = 0;
    const undo: Step["undo"] = () => {
      if (++tries < 3) return Promise.reject(new Error("connection refused"));
      world.on.delete("fence");
      return Promise.resolve({});
    };
    const outcome = await run(
      cutover(world, { drain: { apply: fails("x") }, fence: { undo } }),
      setup(),
    );
    assert.equal(outcome.outcome, "undone");
    assert.deepEqual([...world.on], []);
  });

  it("undoes also when the journal cannot be written any more, and says so", async () => {
    const world = new Switches();
    const with_ = setup();
    const full: Journal = {
      read: with_.journal.read,
      append: (...entries) =>
        entries.some((it) => "step" in it && it.step === "drain")
          ? Promise.reject(new Error("no space left on device"))
          : with_.journal.append(...entries),
    };
    const outcome = await run(cutover(world), { ...with_, journal: full });
    assert.equal(outcome.outcome, "undone");
    assert.match(outcome.reason, /^drain failed: no space left on device; everything was undone$/);
    assert.deepEqual([...world.on], []);
  });

  it("refuses a plan that is none", async () => {
    const world = new Switches();
    const check = () => Promise.resolve(false);
    await assert.rejects(run([world.step("a", { irreversible: true })], setup()), {
      message: "plan cutover: the irreversible step needs a check",
    });
    await assert.rejects(run([world.step("a"), world.step("a")], setup()), {
      message: "plan cutover: a occurs twice",
    });
    await assert.rejects(
      run(
        [
          world.step("a", { irreversible: true, check }),
          world.step("b", { irreversible: true, check }),
        ],
        setup(),
      ),
      { message: "plan cutover: more than one step is irreversible" },
    );
    await assert.rejects(
      run(
        [
          world.step("a", { inWindow: true }),
          world.step("b"),
          world.step("c", { inWindow: true, irreversible: true, check }),
        ],
        setup(),
      ),
      {
        message:
          "plan cutover: the window must reach from its first step to the irreversible one without a gap",
      },
    );
  });
});
