import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Entry } from "../../../cutover/engine/journal";
import { type Act, ACTS } from "../../../cutover/steps/acts";
import { assertDue, dueActs, moveStateOf } from "../../../cutover/steps/order";

const HOUR_MS = 3_600_000;
const NOW_MS = 1_750_000_000_000;

/** A journal in which acts ended as told, the last one just now. */
function journal(
  ...runs: {
    act: Act;
    outcome?: "done" | "undone" | "needs-person";
    steps?: string[];
    agoMs?: number;
  }[]
): Entry[] {
  return runs.flatMap(({ act, outcome, steps = [], agoMs = 0 }, index): Entry[] => {
    const run = `run-${index}`;
    const atMs = NOW_MS - agoMs;
    return [
      { kind: "run-started", run, act, steps: [], writeOutageBudgetMs: 0, resumed: false, atMs },
      ...steps.map((step): Entry => ({ kind: "step-started", run, step, atMs })),
      ...(outcome === undefined
        ? []
        : [{ kind: "run-ended" as const, run, act, outcome, reason: "", atMs }]),
    ];
  });
}
const done = (...acts: Act[]) => journal(...acts.map((act) => ({ act, outcome: "done" as const })));
const due = (entries: Entry[]) => dueActs(moveStateOf(entries));
const refusal = (
  act: Act,
  entries: Entry[],
  resume = false,
  sourceGone = false,
): string | undefined => {
  try {
    assertDue(act, moveStateOf(entries), NOW_MS, { resume, sourceGone });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

describe("the order of acts", () => {
  it("is prepare, replicate, verify, cutover, finish", () => {
    assert.deepEqual(due([]), ["prepare"]);
    assert.deepEqual(due(done("prepare")), ["replicate", "prepare", "abort"]);
    assert.deepEqual(due(done("prepare", "replicate")), ["verify", "replicate", "abort"]);
    assert.deepEqual(due(done("prepare", "replicate", "verify")), ["cutover", "verify", "abort"]);
    assert.deepEqual(due(done("prepare", "replicate", "verify", "cutover")), [
      "finish",
      "rollback",
    ]);
    assert.deepEqual(due(done("cutover", "rollback")), ["cutover", "abort"]);
    assert.deepEqual(due(done("cutover", "finish")), []);
    assert.deepEqual(due(done("prepare", "abort")), ["prepare"]);
  });

  it("stays where it was when an act was undone", () => {
    const entries = journal(
      { act: "verify", outcome: "done" },
      { act: "cutover", outcome: "undone", steps: ["source-fenced"] },
    );
    assert.deepEqual(due(entries), ["cutover", "verify", "abort"]);
  });

  it("asks for the comparison again when it was undone, because what it remembered is gone", () => {
    const entries = journal(
      { act: "replicate", outcome: "done" },
      { act: "verify", outcome: "done" },
      { act: "verify", outcome: "undone" },
    );
    assert.deepEqual(due(entries), ["verify", "replicate", "abort"]);
  });

  it("says which act is due, with the command", () => {
    assert.equal(
      refusal("cutover", []),
      "cutover is out of order: nothing is done yet, so prepare is due; run: npm run move -- prepare",
    );
    assert.equal(
      refusal("cutover", done("prepare", "replicate")),
      "cutover is out of order: replicate is done, so verify or replicate or abort is due; run: npm run move -- verify",
    );
    assert.equal(
      refusal("prepare", done("cutover", "finish")),
      "prepare is out of order: finish is done, the move is complete",
    );
  });

  it("never lets the target be prepared or emptied again while users are on it", () => {
    for (const act of ["prepare", "replicate", "verify", "abort"] as const)
      assert.match(refusal(act, done("cutover")) ?? "", /finish or rollback is due/);
  });

  it("lets an interrupted act be taken up, or aborted before users were turned over", () => {
    assert.deepEqual(due(journal({ act: "replicate" })), ["replicate", "abort"]);
    assert.deepEqual(due(journal({ act: "cutover", steps: ["source-fenced"] })), [
      "cutover",
      "rollback",
    ]);
    assert.equal(
      refusal("verify", journal({ act: "replicate" })),
      "verify is out of order: replicate was interrupted, so replicate or abort is due; run: npm run move -- replicate",
    );
  });

  it("lets nobody abort what has turned users over: forward or back with every write", () => {
    const flipped = { steps: ["source-fenced", "traffic-to-target"] };
    assert.deepEqual(due(journal({ act: "cutover", ...flipped })), ["cutover", "rollback"]);
    assert.deepEqual(due(journal({ act: "cutover", outcome: "needs-person", ...flipped })), [
      "cutover",
      "rollback",
    ]);
    assert.deepEqual(due(journal({ act: "rollback", steps: ["traffic-to-source"] })), [
      "rollback",
      "cutover",
    ]);
    assert.deepEqual(due(journal({ act: "rollback", steps: ["target-fenced"] })), ["rollback"]);
    assert.deepEqual(due(journal({ act: "finish" })), ["finish"]);
  });

  it("keeps a cutover open that turned users over, when the rollback after it was undone", () => {
    const entries = journal(
      { act: "verify", outcome: "done" },
      { act: "cutover", outcome: "needs-person", steps: ["source-fenced", "traffic-to-target"] },
      { act: "rollback", outcome: "undone" },
    );
    assert.deepEqual(due(entries), ["cutover", "rollback"]);
    assert.match(refusal("abort", entries) ?? "", /cutover needs a person/);
  });

  it("goes back to where it was when a copy was repeated and undone", () => {
    const entries = journal(
      { act: "prepare", outcome: "done" },
      { act: "replicate", outcome: "done" },
      { act: "replicate", outcome: "undone" },
    );
    assert.deepEqual(due(entries), ["replicate", "prepare", "abort"]);
  });

  it("lets finish end a cutover that turned users over, once the source's host is no more", () => {
    const flipped = { act: "cutover", steps: ["source-fenced", "traffic-to-target"] } as const;
    const entries = journal({ ...flipped, outcome: "needs-person", steps: [...flipped.steps] });
    assert.match(
      refusal("finish", entries) ?? "",
      /^finish is out of order: cutover needs a person/,
    );
    assert.equal(refusal("finish", entries, false, true), undefined);
    const fenced = journal({ act: "cutover", steps: ["source-fenced"] });
    assert.match(refusal("finish", fenced, false, true) ?? "", /^finish is out of order/);
    const ended = [...entries, ...done("finish")];
    assert.deepEqual(due(ended), []);
    assert.equal(moveStateOf(ended).open, undefined);
    assert.deepEqual(due([...entries, ...journal({ act: "finish" })]), ["finish"]);
    assert.deepEqual(due([...entries, ...journal({ act: "finish", outcome: "undone" })]), [
      "cutover",
      "rollback",
    ]);
  });

  it("lets a run of yesterday be taken up only by who says so", () => {
    const entries = journal({ act: "cutover", agoMs: 20 * HOUR_MS });
    assert.equal(
      refusal("cutover", entries),
      "cutover was left 1200 minutes ago and may not be what you think it is; look at it with: npm run move -- status; then take it up with: npm run move -- cutover --resume",
    );
    assert.equal(refusal("cutover", entries, true), undefined);
    assert.equal(refusal("cutover", journal({ act: "cutover", agoMs: 60_000 })), undefined);
  });

  it("asks for a new comparison when the last one is older than a day", () => {
    const verified = (agoMs: number) => journal({ act: "verify", outcome: "done", agoMs });
    assert.equal(
      refusal("cutover", verified(30 * HOUR_MS)),
      "the last comparison of everything is 30 hours old, at most 24 are allowed; run: npm run move -- verify",
    );
    assert.equal(refusal("cutover", verified(23 * HOUR_MS)), undefined);
  });

  it("knows every act", () => {
    for (const act of ACTS) assert.notEqual(dueActs(moveStateOf(done(act))), undefined);
  });
});
