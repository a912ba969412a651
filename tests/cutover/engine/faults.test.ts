import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Outcome, runPlan } from "../../../cutover/engine/engine";
import { historyOf, type Journal } from "../../../cutover/engine/journal";
import type { Plan, Step } from "../../../cutover/engine/step";
import { FakeClock } from "../../support/cutover/fakeClock";
import { MemoryJournal, MemoryLock } from "../../support/cutover/memory";

const IDS = ["prepare", "suspend", "fence", "marker", "turn", "flip", "open", "start"] as const;
const FLIP = IDS.indexOf("flip");
const isWindow = (index: number) => index >= IDS.indexOf("fence") && index <= FLIP;

/** What may go wrong with one call of a step. */
type Fault = "half" | "fail" | "hang";

/** A world whose steps fail as they are told, each fault once. */
class World {
  readonly on = new Set<string>();
  readonly half = new Set<string>();
  constructor(private readonly faults: Map<string, Fault>) {}

  private async meet(call: string, done: () => void): Promise<void> {
    const fault = this.faults.get(call);
    this.faults.delete(call);
    if (fault === "fail") throw new Error(`${call} failed`);
    if (fault === "hang") await new Promise(() => undefined);
    done();
    if (fault === "half") throw new Error(`${call} failed after it took effect`);
  }

  plan(): Plan {
    return {
      act: "cutover",
      writeOutageBudgetMs: 5000,
      steps: IDS.map((id, index): Step => ({
        id,
        title: id,
        deadlineMs: 1000,
        estimateMs: 1,
        inWindow: isWindow(index),
        irreversible: id === "flip",
        check: () => Promise.resolve(this.on.has(id)),
        apply: async () => {
          await this.meet(`apply ${id}`, () => this.on.add(id));
          return {};
        },
        // A marker stays where it is.
        ...(id !== "marker" && {
          undo: async () => {
            await this.meet(`undo ${id}`, () => this.on.delete(id));
            return {};
          },
        }),
      })),
    };
  }
}

const FAULTS = fc.dictionary(
  fc.constantFrom(...IDS.flatMap((id) => [`apply ${id}`, `undo ${id}`])),
  fc.constantFrom<Fault>("half", "fail", "hang"),
  { maxKeys: 4 },
);

const isDone = ({ entries }: MemoryJournal) => historyOf("cutover", entries).outcome === "done";

describe("the engine under faults", () => {
  it("ends with everything or nothing, or with a person, wherever it is killed and whatever fails", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        FAULTS,
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
        async (faults, kills) => {
          const world = new World(new Map(Object.entries(faults)));
          const journal = new MemoryJournal();
          const clock = new FakeClock();
          // Processes that are killed, one after the other, each after some entries of its own.
          for (const after of kills) {
            // An act that is done is not started again: it is out of order, and its first step would refuse it.
            if (isDone(journal)) break;
            const killed = journal.forProcessKilledAfter(after);
            await clock.run(Promise.race([start(world, killed, clock), killed.dead]));
          }
          // A person runs it again until it needs nobody; every fault happens once, so it must end.
          if (isDone(journal)) {
            assert.deepEqual([...world.on].sort(), [...IDS].sort());
            return;
          }
          let last = await clock.run(start(world, journal, clock));
          for (let again = 0; last.outcome === "needs-person"; again++) {
            assert.ok(again < 20, "it never ends");
            last = await clock.run(start(world, journal, clock));
          }
          seen.add(last.outcome);
          if (last.outcome === "undone") world.on.delete("marker");
          assert.deepEqual([...world.on].sort(), last.outcome === "done" ? [...IDS].sort() : []);
        },
      ),
      { numRuns: 400 },
    );
    assert.deepEqual([...seen].sort(), ["done", "undone"]);
  });

  it("goes forward after a kill in or after the flip, and back after one in the window before it", async () => {
    for (const [index, id] of IDS.entries()) {
      const world = new World(new Map());
      const journal = new MemoryJournal();
      const clock = new FakeClock();
      // run-started, then two entries per step: dead right after the start of this one.
      const killed = journal.forProcessKilledAfter(2 + 2 * index);
      await clock.run(Promise.race([start(world, killed, clock), killed.dead]));
      const { outcome } = await clock.run(start(world, journal, clock));
      assert.equal(outcome, isWindow(index) && index < FLIP ? "undone" : "done", id);
    }
  });
});

let runs = 0;

const start = (world: World, journal: Journal, clock: FakeClock): Promise<Outcome> =>
  runPlan(world.plan(), { clock, journal, lock: new MemoryLock(), run: `run-${++runs}` });
