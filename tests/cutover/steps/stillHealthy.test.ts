import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { World } from "../../../cutover/ports";
import { planOf } from "../../../cutover/steps/acts";
import { LIMITS, Pair } from "../../support/cutover/pair";

describe("the servers that a switch turns users to", function () {
  this.timeout(120_000);
  let pair: Pair;
  before(async () => {
    pair = await Pair.start();
  });
  after(() => pair.end());

  const stepsOf = async () =>
    (await pair.journal.read()).flatMap((it) => (it.kind === "step-started" ? [it.step] : []));
  /** A cutover with so many healthy targets at each look; the steps at work when somebody looked. */
  const cutover = async (targets: number[]) => {
    const { world } = pair.servers;
    const looks: (string | undefined)[] = [];
    const looked: World = {
      ...world,
      traffic: {
        ...world.traffic,
        healthyTargets: async () => {
          looks.push((await stepsOf()).at(-1));
          return targets.shift() ?? assert.fail("nobody looks so often");
        },
      },
    };
    return { ...(await pair.run(planOf("cutover", looked, LIMITS))), looks };
  };

  it("are looked at again right before the fence: if none is healthy, everything is undone and nobody could not write", async () => {
    const { outcome, reason, looks } = await cutover([1, 0]);
    assert.equal(outcome, "undone");
    assert.equal(
      reason,
      "target-still-healthy failed: no server of the target is healthy behind the load balancer any more; users stay where they are; everything was undone",
    );
    assert.deepEqual(looks, ["target-ready", "target-still-healthy"]);
    assert.ok(!(await stepsOf()).includes("source-fenced"));
    assert.equal(pair.servers.goesTo(), "source");
  });

  it("are not waited for while users cannot write", async () => {
    const { outcome, reason, looks } = await cutover([1, 1]);
    assert.equal(outcome, "done", reason);
    assert.deepEqual(looks, ["target-ready", "target-still-healthy"]);
    assert.equal(pair.servers.goesTo(), "target");
  });
});
