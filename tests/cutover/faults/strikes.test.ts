import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import type { Dealt } from "../../../cutover/faults/deck";
import { type FaultedRehearsal, faultedRehearsal } from "../../../cutover/faults/faultedRehearsal";
import { KIND_NAMES, type KindName } from "../../../cutover/faults/kind";
import { MoveProgram } from "../../../cutover/faults/moveProcess";
import type { Act } from "../../../cutover/steps/acts";

/** A kind at a step; with `draw` from 0.5 on while the step is at work. */
const at = (step: string, kind: KindName, draw = 0.2) => ({ step, kind, draw });
const act = (name: Act, ...faults: readonly ReturnType<typeof at>[]): Dealt => ({
  act: name,
  faults: faults.map((it) => ({ ...it, act: name })),
});
/** Each kind once, where it cannot miss. */
const HAND: readonly Dealt[] = [
  act(
    "prepare",
    at("target-schema-made", "deadline-too-short"),
    at("marker-tables-made", "engine-killed-after-step"),
  ),
  act(
    "replicate",
    at("source-published", "engine-killed-in-step"),
    at("indexes-made", "replication-cut"),
  ),
  act("verify", at("changes-watched", "second-operator"), at("sequences-ahead", "network-slow")),
  act(
    "cutover",
    at("target-ready", "receiver-unhealthy"),
    at("changes-compared-before", "deadlock"),
    at("target-has-everything", "source-database-killed"),
    at("target-query-executed", "clock-jumped"),
  ),
  act(
    "rollback",
    at("source-ready", "scheduler-by-hand"),
    at("source-way-back-prepared", "long-transaction"),
    at("source-workers-warm", "target-database-killed"),
    at("source-has-everything", "fence-ignored"),
    at("source-query-executed", "worker-killed-in-job"),
  ),
  act(
    "abort",
    at("users-on-source", "source-queue-killed"),
    at("target-emptied", "target-queue-killed", 0.7),
    at("nothing-left", "journal-disk-full"),
  ),
];

describe("each kind of fault, at a step at which it cannot miss", function () {
  this.timeout(600_000);
  let rehearsed: FaultedRehearsal;
  before(async () => {
    rehearsed = await faultedRehearsal(1, HAND, {
      transport: "logical",
      megabytes: 8,
      seed: 1,
      program: await MoveProgram.build(),
      stop: new AbortController().signal,
      say: () => undefined,
    });
  });

  const fault = (kind: KindName) => {
    const found = rehearsed.acts.flatMap(({ faults }) => faults).find((it) => it.kind === kind);
    assert.ok(found, `${kind} was not reached: ${rehearsed.violations.join("\n")}`);
    return found;
  };
  const evidence = (kind: KindName) => fault(kind).evidence;

  it("strikes, all of them", () => {
    assert.deepEqual(rehearsed.violations, []);
    assert.deepEqual(
      HAND.flatMap(({ faults }) => faults.map(({ kind }) => kind)).sort(),
      [...KIND_NAMES].sort(),
    );
    assert.deepEqual(
      KIND_NAMES.filter((kind) => fault(kind).outcome === "missed"),
      [],
    );
  });

  it("ends servers, which are others afterwards", () => {
    for (const kind of [
      "source-database-killed",
      "target-database-killed",
      "source-queue-killed",
      "target-queue-killed",
    ] as const) {
      const { before: old, after: fresh } = evidence(kind);
      assert.ok(Number(old) > 0 && Number(fresh) > 0, kind);
      assert.notEqual(old, fresh, kind);
    }
  });

  it("kills the engine in and after a step, and the next process goes on", () => {
    assert.deepEqual(evidence("engine-killed-in-step"), { signal: "SIGKILL", workedMs: 0 });
    assert.deepEqual(evidence("engine-killed-after-step"), { signal: "SIGKILL" });
    assert.deepEqual(rehearsed.acts[1]?.commands, ["replicate", "status", "replicate"]);
  });

  it("cuts connections of replication, and locks in the opposite order until the server ends somebody", () => {
    assert.ok(Number(evidence("replication-cut")["cut"]) >= 1);
    assert.equal(evidence("deadlock")["sides"], 2);
    assert.ok(Number(evidence("deadlock")["deadlocks"]) >= 1);
  });

  it("tears a line of the journal, and the next process writes on", () => {
    assert.equal(fault("journal-disk-full").outcome, "needs-person");
    assert.ok(Number(evidence("journal-disk-full")["written"]) <= 20);
    assert.match(fault("journal-disk-full").reason, /EFBIG/);
  });

  it("has a second operator refused, and a step that is too slow broken off", () => {
    assert.deepEqual(evidence("second-operator"), { code: 2 });
    assert.equal(fault("second-operator").outcome, "done");
    assert.equal(fault("deadline-too-short").outcome, "undone");
    assert.match(fault("deadline-too-short").reason, /target-schema-made failed: it took longer/);
  });

  it("has a scheduler and a missing server seen before anything is changed", () => {
    assert.equal(fault("scheduler-by-hand").outcome, "undone");
    assert.match(fault("scheduler-by-hand").reason, /a scheduler runs: two would run/);
    assert.equal(fault("receiver-unhealthy").outcome, "undone");
    assert.match(fault("receiver-unhealthy").reason, /0 of 1 servers run, 0 are healthy/);
  });

  it("shifts the clock, holds a transaction, kills a worker that has a job, writes behind the fence", () => {
    assert.equal(evidence("clock-jumped")["jumpMs"], -26 * 3_600_000);
    assert.equal(evidence("long-transaction")["isWriting"], true);
    assert.match(String(evidence("worker-killed-in-job")["job"]), /^[0-9a-f-]{36}$/);
    assert.equal(evidence("fence-ignored")["acknowledged"], 3);
    assert.deepEqual(evidence("network-slow"), { delayMs: 50 });
  });

  it("leaves every acknowledged write where it belongs, once", () => {
    const { acknowledged, lost, duplicated } = rehearsed.ledger;
    assert.deepEqual([lost, duplicated], [[], []]);
    assert.ok(acknowledged > 200);
  });
});
