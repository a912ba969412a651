import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Phase, PHASES, phaseChangeProblem } from "../../redash/phase";

describe("a change of phase", () => {
  const legal: [Phase | undefined, Phase][] = [
    [undefined, "greenfield"],
    [undefined, "replicating"],
    ["greenfield", "greenfield"],
    ["replicating", "replicating"],
    ["replicating", "switched"],
    ["switched", "switched"],
    ["switched", "complete"],
    ["complete", "complete"],
  ];
  for (const from of [undefined, ...PHASES]) {
    for (const to of PHASES) {
      const allowed = legal.some(([one, other]) => one === from && other === to);
      it(`from ${from ?? "a new stack"} to ${to} is ${allowed ? "allowed" : "refused"}`, () => {
        assert.equal(phaseChangeProblem(from, to, false) === undefined, allowed);
      });
    }
  }

  it("back to replicating is allowed once a rollback is recorded", () => {
    assert.equal(phaseChangeProblem("switched", "replicating", true), undefined);
  });

  it("a recorded rollback allows nothing else", () => {
    for (const from of [undefined, ...PHASES]) {
      for (const to of PHASES) {
        if (from === "switched" && to === "replicating") continue;
        assert.equal(phaseChangeProblem(from, to, true), phaseChangeProblem(from, to, false));
      }
    }
  });

  it("says what would be allowed and how to set it back", () => {
    assert.equal(
      phaseChangeProblem("replicating", "complete", false),
      'a stack in phase replicating may be "replicating" or "switched", not "complete"; set it back with: pulumi config set redash:phase replicating',
    );
  });
});
