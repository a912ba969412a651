import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type MoveFacts, type Phase, PHASES, phaseChangeProblem } from "../../redash/phase";

const after = (deployed: Phase | undefined): MoveFacts => ({
  deployed,
  recorded: undefined,
  trafficTo: undefined,
});
const allowed = (facts: MoveFacts) =>
  PHASES.filter((next) => phaseChangeProblem(facts, next) === undefined);

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
      const isLegal = legal.some(([one, other]) => one === from && other === to);
      it(`from ${from ?? "a new stack"} to ${to} is ${isLegal ? "allowed" : "refused"}`, () => {
        assert.equal(phaseChangeProblem(after(from), to) === undefined, isLegal);
      });
    }
  }

  it("says what would be allowed and how to set it back", () => {
    assert.equal(
      phaseChangeProblem(after("replicating"), "complete"),
      'a stack in phase replicating may be "replicating" or "switched", not "complete"; set it back with: pulumi config set redash:phase replicating',
    );
  });

  it("follows what the move has recorded, and nothing else", () => {
    for (const deployed of ["replicating", "switched"] as const)
      for (const recorded of ["replicating", "switched", "complete"] as const)
        assert.deepEqual(allowed({ deployed, recorded, trafficTo: undefined }), [recorded]);
  });

  it("never turns users, whatever is recorded: the load balancer is believed first", () => {
    for (const deployed of ["replicating", "switched"] as const) {
      for (const recorded of [undefined, "replicating", "switched", "complete"] as const)
        assert.deepEqual(allowed({ deployed, recorded, trafficTo: "source" }), ["replicating"]);
      for (const [recorded, next] of [
        ["replicating", ["switched"]],
        ["switched", ["switched"]],
        ["complete", ["complete"]],
        [undefined, ["switched", "complete"]],
      ] as const)
        assert.deepEqual(allowed({ deployed, recorded, trafficTo: "ecs" }), next);
    }
  });

  it("outside of a move asks neither record nor load balancer", () => {
    for (const deployed of [undefined, "greenfield", "complete"] as const)
      for (const trafficTo of ["ecs", "source"] as const)
        assert.deepEqual(
          allowed({ deployed, recorded: "switched", trafficTo }),
          allowed(after(deployed)),
        );
  });

  it("says which command makes the config follow, and what turns users", () => {
    const problem = (recorded: Phase, next: Phase) =>
      phaseChangeProblem({ deployed: "replicating", recorded, trafficTo: undefined }, next);
    assert.equal(
      problem("switched", "replicating"),
      "users are on ECS, and an update would send them back to the database that is behind; follow the move with: pulumi config set redash:phase switched; only npm run move -- rollback turns them back",
    );
    assert.equal(
      problem("replicating", "switched"),
      "users are on the source, and an update would send them to a database that may be behind; only npm run move -- cutover turns them; until then: pulumi config set redash:phase replicating",
    );
    assert.equal(
      problem("switched", "complete"),
      "the way back is still there; remove it first with: npm run move -- finish; until then: pulumi config set redash:phase switched",
    );
    assert.equal(
      problem("complete", "switched"),
      "the move is finished; follow it with: pulumi config set redash:phase complete",
    );
  });
});
