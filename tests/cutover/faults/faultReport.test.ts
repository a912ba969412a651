import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { FaultRecord } from "../../../cutover/faults/faultedAct";
import type { FaultedRehearsal } from "../../../cutover/faults/faultedRehearsal";
import {
  faultMarkdown,
  type FaultReport,
  groupTable,
  isSound,
  sentences,
  violationLines,
} from "../../../cutover/faults/faultReport";
import { pairsOf } from "../../../cutover/faults/kind";

const fault = (
  act: FaultRecord["act"],
  step: string,
  kind: FaultRecord["kind"],
  outcome: FaultRecord["outcome"],
): FaultRecord => ({ act, step, kind, outcome, draw: 0, reason: "its words", evidence: {} });

const rehearsal = (
  number: number,
  faults: readonly FaultRecord[],
  more: Partial<FaultedRehearsal> = {},
): FaultedRehearsal => ({
  rehearsal: number,
  acts: [
    {
      act: "cutover",
      faults,
      commands: ["cutover", "status", "cutover"],
      outageMs: 800,
      outageLimitMs: 15_000,
      violations: [],
    },
  ],
  ledger: { acknowledged: 1200, lost: [], duplicated: [], unknown: 1, unknownButThere: 0 },
  violations: [],
  journal: [],
  durationMs: 20_000,
  ...more,
});

const report = (...rehearsals: FaultedRehearsal[]): FaultReport => ({
  startedAt: "2026-11-29T22:00:00.000Z",
  command: "npm run faults -- --seed 1",
  machine: "2 cores",
  transport: "logical",
  seed: 1,
  durationMs: 60_000,
  rehearsals,
});

const SOUND = report(
  rehearsal(1, [
    fault("cutover", "source-fenced", "deadlock", "done"),
    fault("cutover", "source-fenced", "engine-killed-in-step", "undone"),
  ]),
  rehearsal(2, [
    fault("cutover", "target-has-everything", "deadlock", "needs-person"),
    fault("cutover", "target-ready", "clock-jumped", "missed"),
  ]),
);

describe("the report of faulted rehearsals", () => {
  it("counts what came of the faults, and how many of all have happened", () => {
    assert.deepEqual(sentences(SOUND), [
      "2 rehearsals, 3 faults: 1 done, 1 undone, 1 needed a person; 1 met nothing.",
      "2,400 writes were acknowledged: 0 lost, 0 duplicated.",
      `3 of ${pairsOf("logical").length.toLocaleString("en-US")} faults that can happen have happened at least once. Dealt in vain: clock-jumped at cutover/target-ready.`,
      "In an act that met a fault users could not write for 800 ms (median; p95 800 ms, at most 800 ms).",
      "Nothing was as it must not be. It took 60.0 s.",
    ]);
    assert.equal(isSound(SOUND), true);
  });

  it("shows for each kind how often it has met a part of the move, and the worst that came of it", () => {
    const { rows } = groupTable(SOUND);
    const row = (title: RegExp) => rows.find(({ cells }) => title.test(cells[0] ?? ""))?.cells;
    const nothing = (count: number) => Array.from({ length: count }, () => "–");
    assert.deepEqual(row(/opposite order/)?.slice(1), [...nothing(4), "2 person", ...nothing(3)]);
    assert.deepEqual(row(/killed in the step/)?.slice(1), [
      ...nothing(4),
      "1 undone",
      ...nothing(3),
    ]);
    assert.deepEqual(row(/clock/)?.slice(1), nothing(8));
  });

  it("names what needed a person, with what was typed", () => {
    assert.match(
      faultMarkdown(SOUND),
      /^\* rehearsal 2: `deadlock` at `cutover\/target-has-everything`; typed: cutover, status, cutover; its words$/m,
    );
  });

  it("is not sound if a write was lost, and says how to see it again", () => {
    const unsound = report(rehearsal(7, [], { violations: ["lost: result abc"] }));
    assert.equal(isSound(unsound), false);
    assert.deepEqual(violationLines(unsound), [
      "rehearsal 7 (npm run faults -- --seed 1 --only 7): lost: result abc",
    ]);
    assert.match(faultMarkdown(unsound), /^## What must not be\n\n\* rehearsal 7 /m);
  });
});
