import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { actNames, detailedActs, reportOf } from "../../../cutover/report/report";
import { headline, remarks, verdictOf } from "../../../cutover/report/summary";
import { figuresOf, switchesOf } from "../../../cutover/report/switches";
import { stepTable } from "../../../cutover/report/tables";
import {
  cutover,
  type Ending,
  rehearsed,
  replicate,
  run,
  START_MS,
  SWITCH,
} from "../../support/cutover/reports";

const FAILED = SWITCH.slice(0, 3).map((step) =>
  step.id === "difference-compared" ? { ...step, error: "rows differ" } : step,
);
const undone = (more: Partial<Ending> = {}) =>
  run("one", "cutover", START_MS, FAILED, {
    outcome: "undone",
    reason: "difference-compared failed: rows differ; everything was undone",
    // As the engine counts: until the last step is undone.
    writeOutageMs: 46,
    unreached: SWITCH.slice(3),
    ...more,
  });

describe("the report of a journal", () => {
  it("refuses a journal without a run, and says where to begin", () => {
    assert.throws(() => reportOf([], {}), {
      message: "nothing has happened yet; begin with: npm run move -- preflight",
    });
  });

  it("has acts and figures, but no users, ledger or lag", () => {
    const report = reportOf(cutover("one", START_MS), { stack: "prod" });
    assert.equal(report.startedAt, "2026-01-02T03:04:05.000Z");
    assert.deepEqual(report.environment, { stack: "prod" });
    assert.deepEqual(report.lag, []);
    assert.equal(report.ledger, undefined);
    assert.deepEqual(
      report.acts.map(({ act, users }) => [act, users]),
      [["cutover", undefined]],
    );
    assert.equal(headline(report), "writes were fenced for at most 60 ms");
    assert.equal(verdictOf(report), "done");
  });

  it("numbers acts that occur more than once", () => {
    const report = reportOf(
      [...replicate("a", 0), ...cutover("b", 10_000), ...cutover("c", 20_000)],
      {},
    );
    assert.deepEqual(actNames(report.acts), ["replicate", "cutover 1", "cutover 2"]);
  });

  it("tells the last 24 acts step by step, and of those before only what went wrong", () => {
    const entries = [
      ...undone(),
      ...Array.from({ length: 30 }, (_, index) => cutover(`run-${index}`, index * 1000)).flat(),
    ];
    const report = reportOf(entries, {});
    const told = [...detailedActs(report)].map(({ run: name }) => name);
    assert.deepEqual(told.slice(0, 2), ["one", "run-6"]);
    assert.equal(told.length, 25);
  });
});

describe("a switch", () => {
  it("lasts from fence to flip by the engine's figure", () => {
    const [found] = switchesOf(reportOf(cutover("one", START_MS), {}));
    assert.equal(found?.fromMs, START_MS + 100);
    assert.equal(found.toMs, START_MS + 160);
    assert.equal(found.end, "flipped");
  });

  it("that was undone lasts until its fence was lifted, not until all was undone", () => {
    const [found] = switchesOf(reportOf(undone(), {}));
    assert.equal(found?.end, "lifted");
    // 10 ms fence, 30 ms comparison, 2 ms each to undo them; the step before the window is undone later.
    assert.equal(found.toMs - found.fromMs, 44);
  });

  it("whose process was killed is open, needs a person, and says how to go on", () => {
    const report = reportOf(
      run("one", "cutover", START_MS, SWITCH.slice(0, 3), {
        outcome: "killed",
        unreached: SWITCH.slice(3),
      }),
      {},
    );
    assert.equal(switchesOf(report)[0]?.end, "open");
    assert.equal(verdictOf(report), "needs-person");
    assert.equal(
      headline(report),
      "cutover has not ended: its process is gone, or still at work; the fence is not lifted, so run cutover again, which takes it up",
    );
  });

  it("that a second process ended lasts since the fence of the first", () => {
    const report = reportOf(
      run("two", "cutover", START_MS, SWITCH.slice(3), {
        outcome: "done",
        resumed: true,
        writeOutageMs: 5000,
      }),
      {},
    );
    const [found] = switchesOf(report);
    assert.equal(found?.toMs, START_MS + 20);
    assert.equal(found.fromMs, START_MS + 20 - 5000);
  });

  it("that a second process found done is the first one's alone", () => {
    const flip = SWITCH.findLastIndex(({ inWindow }) => inWindow);
    const report = reportOf(
      [
        ...run("one", "cutover", START_MS, SWITCH, { outcome: "paused", writeOutageMs: 60 }),
        ...run(
          "two",
          "cutover",
          START_MS + 3_600_000,
          SWITCH.slice(flip).map((step) => ({ ...step, skipped: step.inWindow === true })),
          { outcome: "done", resumed: true },
        ),
      ],
      {},
    );
    assert.deepEqual(
      switchesOf(report).map(({ name, end, fromMs, toMs }) => [name, end, toMs - fromMs]),
      [["cutover 1", "flipped", 60]],
    );
    assert.equal(headline(report), "writes were fenced for at most 60 ms");
  });

  it("that failed after the flip has turned users over all the same", () => {
    const steps = SWITCH.map((step) =>
      step.id === "target-proven" ? { ...step, error: "not so" } : step,
    );
    const report = reportOf(
      run("one", "cutover", START_MS, steps, { outcome: "needs-person", writeOutageMs: 60 }),
      {},
    );
    assert.equal(switchesOf(report)[0]?.end, "flipped");
    assert.equal(verdictOf(report), "needs-person");
    assert.equal(headline(report), "cutover did not succeed: cutover is needs-person");
  });

  it("is none for an act without a window, or one that failed before it", () => {
    const early = run("one", "cutover", 0, [{ id: "changes-compared-again", ms: 1, error: "no" }], {
      outcome: "undone",
      unreached: SWITCH.slice(1),
    });
    assert.deepEqual(switchesOf(reportOf([...replicate("a", 0), ...early], {})), []);
  });
});

describe("figures of outages", () => {
  it("are median, nearest-rank 95th percentile and maximum", () => {
    const twenty = Array.from({ length: 20 }, (_, index) => 20 - index);
    assert.deepEqual(figuresOf(twenty), { medianMs: 10.5, p95Ms: 19, maximumMs: 20 });
    assert.deepEqual(figuresOf([7]), { medianMs: 7, p95Ms: 7, maximumMs: 7 });
    assert.deepEqual(figuresOf([3, 1, 2]), { medianMs: 2, p95Ms: 3, maximumMs: 3 });
    assert.equal(figuresOf([]), undefined);
  });
});

describe("the steps of an act", () => {
  it("are told as planned and as they were, failed ones with their error, others as not run", () => {
    const [act] = reportOf(undone(), {}).acts;
    const { rows } = stepTable(act!);
    assert.deepEqual(
      rows.map(({ cells, tone }) => [cells[0], ...cells.slice(2), tone ?? ""]),
      [
        [
          "changes-compared-again",
          "200 ms",
          "100 ms",
          "undone in 2 ms",
          "changedRows 500, differing 0",
          "notable",
        ],
        ["source-fenced (window)", "20 ms", "10 ms", "undone in 2 ms", "", "notable"],
        [
          "difference-compared (window)",
          "60 ms",
          "30 ms",
          "failed, undone in 2 ms",
          "rows differ",
          "bad",
        ],
        ["traffic-to-target (window)", "40 ms", "–", "not run", "", ""],
        ["target-proven", "80 ms", "–", "not run", "", ""],
      ],
    );
  });

  it("say what failed, and that it could not be undone either", () => {
    const entries = run("one", "cutover", 0, [{ id: "fence", ms: 1, error: "too late" }], {
      outcome: "killed",
    }).slice(0, 2);
    const [act] = reportOf(
      [
        ...entries,
        {
          kind: "step-failed",
          run: "one",
          step: "fence",
          durationMs: 1,
          error: "too late",
          atMs: 1,
        },
        {
          kind: "undo-failed",
          run: "one",
          step: "fence",
          durationMs: 3,
          error: "no server",
          atMs: 4,
        },
      ],
      {},
    ).acts;
    assert.equal(act?.steps[0]?.error, "too late; it could not be undone: no server");
    assert.equal(act.steps[0].outcome, "failed");
  });
});

describe("the verdict", () => {
  const done = cutover("one", START_MS);
  it("is that of the last act: what failed before was done again", () => {
    assert.equal(verdictOf(reportOf(undone(), {})), "undone");
    assert.equal(verdictOf(reportOf([...undone(), ...cutover("two", 9000)], {})), "done");
  });

  it("needs a person for a lost or duplicated write, also if all was undone", () => {
    const ledger = {
      acknowledged: 2,
      lost: ["edit a"],
      duplicated: [],
      unknown: 0,
      unknownButThere: 0,
    };
    assert.equal(verdictOf(rehearsed(done, { ledger })), "needs-person");
    assert.equal(verdictOf(rehearsed(undone(), { ledger })), "needs-person");
    assert.equal(
      verdictOf(rehearsed(done, { ledger: { ...ledger, lost: [], duplicated: ["edit a"] } })),
      "needs-person",
    );
  });

  it("warns if a step did, and repeats what it said", () => {
    const report = reportOf(
      run("one", "cutover", 0, SWITCH, { outcome: "done", warning: "1 job is cut" }),
      {},
    );
    assert.equal(verdictOf(report), "warnings");
    assert.deepEqual(remarks(report), ["cutover: target-proven: 1 job is cut"]);
  });

  it("of a rehearsal comes with what users had", () => {
    assert.equal(
      headline(rehearsed(done)),
      "users could not write for at most 80 ms; 5,681 acknowledged writes: 0 lost, 0 duplicated",
    );
  });

  it("does not keep a failed read to itself", () => {
    const report = rehearsed(done);
    const readErrors = ['500 {"message":"Connection terminated"}'];
    const acts = report.acts.map((act) => ({
      ...act,
      users: { ...act.users!, failedReads: 3, readErrors },
    }));
    assert.match(
      headline({ ...report, acts }),
      /; 3 reads failed: 500 \{"message":"Connection terminated"\}$/,
    );
  });

  it("of many switches is their median", () => {
    const entries = Array.from({ length: 6 }, (_, index) =>
      cutover(`run-${index}`, index * 10_000, index + 1),
    ).flat();
    assert.equal(
      headline(reportOf(entries, {})),
      "writes were fenced for 210 ms (median of 6 switches; p95 360 ms, at most 360 ms)",
    );
  });
});
