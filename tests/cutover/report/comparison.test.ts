import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compare, comparison, isSlower } from "../../../cutover/report/comparison";
import { reportOf } from "../../../cutover/report/report";
import { cutover, rehearsed, replicate, run, START_MS } from "../../support/cutover/reports";

const step = (id: string, ms: number) => ({ id, ms });

describe("the comparison of two reports", () => {
  it("puts acts, steps and outages side by side and marks what is slower or in one only", () => {
    const before = reportOf(
      [
        ...run("a", "verify", START_MS, [step("compared", 100), step("gone", 5)]),
        ...cutover("b", START_MS + 1000),
      ],
      { PostgreSQL: "13 → 16", machine: "2 cores" },
    );
    const after = rehearsed(
      [
        ...run("a", "verify", START_MS, [step("compared", 150), step("new", 7)]),
        ...cutover("b", START_MS + 1000, 2),
      ],
      { environment: { PostgreSQL: "13 → 17", machine: "2 cores" } },
    );
    assert.equal(
      comparison(before, after),
      `# Comparison of two reports

Before: 2026-01-02 03:04:05 UTC. After: 2026-01-02 03:04:05 UTC. Medians of what was done; "slower" is at least 1.5 × and 20 ms more.

| outage                         | before |  after |  ratio |                 |
| ------------------------------ | -----: | -----: | -----: | --------------- |
| cutover: fence to flip         |  60 ms | 120 ms | 2.00 × | slower          |
| cutover: users could not write |      – |  80 ms |      – | not done before |
| cutover: users could not read  |      – |  12 ms |      – | not done before |

| act and step             | before |  after |  ratio |             |
| ------------------------ | -----: | -----: | -----: | ----------- |
| verify                   | 105 ms | 157 ms | 1.50 × |             |
| · compared               | 100 ms | 150 ms | 1.50 × | slower      |
| · gone                   |   5 ms |      – |      – | only before |
| · new                    |      – |   7 ms |      – | only after  |
| cutover                  | 200 ms | 400 ms | 2.00 × | slower      |
| · changes-compared-again | 100 ms | 200 ms | 2.00 × | slower      |
| · source-fenced          |  10 ms |  20 ms | 2.00 × |             |
| · difference-compared    |  30 ms |  60 ms | 2.00 × | slower      |
| · traffic-to-target      |  20 ms |  40 ms | 2.00 × | slower      |
| · target-proven          |  40 ms |  80 ms | 2.00 × | slower      |

* PostgreSQL: 13 → 16 → 13 → 17
* writes: not told → 0 lost, 0 duplicated
* failed reads: not told → 0
`,
    );
  });

  it("takes medians of what was done several times, and leaves out what failed", () => {
    const times = (list: readonly number[]) =>
      list.flatMap((ms, index) => run(`run-${index}`, "verify", index * 1000, [step("s", ms)]));
    const failed = run("f", "verify", 9000, [{ ...step("s", 9999), error: "no" }], {
      outcome: "undone",
    });
    const [verify] = compare(
      reportOf([...times([10, 30, 20]), ...failed], {}),
      reportOf(times([40]), {}),
    ).acts;
    assert.deepEqual(verify?.steps, [{ what: "s", beforeMs: 20, afterMs: 40, onlyIn: undefined }]);
  });

  it("names a step that one report did not come to as not done, not as missing", () => {
    const before = reportOf(run("a", "verify", 0, [step("first", 1), step("second", 1)]), {});
    const after = reportOf(
      run("a", "verify", 0, [{ ...step("first", 1), error: "no" }], {
        outcome: "undone",
        unreached: [step("second", 1)],
      }),
      {},
    );
    assert.deepEqual(compare(before, after).acts[0]?.steps[1], {
      what: "second",
      beforeMs: 1,
      afterMs: undefined,
      onlyIn: undefined,
    });
    assert.match(comparison(before, after), /· second\s+\|\s+1 ms \|\s+– \|\s+– \| not done after/);
  });

  it("calls nothing slower below 1.5 × or below 20 ms", () => {
    const slower = (beforeMs: number | undefined, afterMs: number) =>
      isSlower({ what: "", beforeMs, afterMs, onlyIn: undefined });
    assert.equal(slower(40, 60), true);
    assert.equal(slower(40, 59), false);
    assert.equal(slower(5, 24), false);
    assert.equal(slower(5, 25), true);
    assert.equal(slower(1000, 1400), false);
    assert.equal(slower(undefined, 1400), false);
  });

  it("keeps its Markdown whole whatever stands in an environment", () => {
    const hostile = reportOf(replicate("a", START_MS), { host: "a|b <script>\n# c" });
    assert.match(
      comparison(reportOf(replicate("a", START_MS), {}), hostile),
      /^\* host: not told → a\\\|b \\<script> # c$/m,
    );
  });
});
