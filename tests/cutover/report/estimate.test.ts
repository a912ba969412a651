import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { estimate, measuredBy, scaled } from "../../../cutover/report/estimate";
import { reportOf } from "../../../cutover/report/report";
import {
  cutover,
  MOVED,
  rehearsed,
  replicate,
  replicateInFunctions,
  run,
  START_MS,
  verify,
} from "../../support/cutover/reports";

describe("the estimate for production", () => {
  it("scales copy, indexes and comparison, never the window, and says what it takes for granted", () => {
    assert.equal(
      estimate(rehearsed(MOVED)),
      `# Estimate for production

|   size |       rows |  initial copy |       indexes |    comparison | before the window | users cannot write |
| -----: | ---------: | ------------: | ------------: | ------------: | ----------------: | -----------------: |
|   1 GB |    200,000 |    about 40 s |    about 20 s |    about 10 s |        about 70 s |        about 80 ms |
|  10 GB |  2,000,000 | about 6.7 min | about 3.3 min | about 1.7 min |      about 12 min |        about 80 ms |
| 100 GB | 20,000,000 |  about 67 min |  about 33 min |  about 17 min |       about 1.9 h |        about 80 ms |

* Measured here, not on AWS: the copy at 25.0 MB/s, the comparison at 20,000 rows/s. Both servers shared 2 cores; network and disks of AWS are not in it.
* Copy and indexes grow with the bytes of the database, the comparison with its rows. Indexes grow a little faster than that, and everything does once data no longer fits into memory.
* The window does not grow with the size: in it only rows are compared that changed since the last comparison. It took at most 80 ms with up to 40 of them; each more takes about 0.2 ms.
* Before the window jobs are given time to end, which takes as long as the longest of them; users can work meanwhile.
* 50.0 MB show more of how long things take to start than of how fast they are: rehearse with --size 2000 before you plan by this.
`,
    );
  });

  it("takes rows and changed rows as they are given", () => {
    const measured = measuredBy(rehearsed(MOVED))!;
    assert.deepEqual(scaled(measured, { gigabytes: 1, rows: 40_000, changedRows: 540 }), {
      size: { gigabytes: 1, rows: 40_000, changedRows: 540 },
      rows: 40_000,
      copyMs: 40_000,
      indexesMs: 20_000,
      comparisonMs: 2000,
      // 80 ms with 40 changed rows; 500 more at 0.2 ms, the rate of the largest comparison of changes.
      windowMs: 180,
    });
    // Fewer changed rows than were measured make no shorter window: most of it does not depend on them.
    assert.equal(scaled(measured, { gigabytes: 1, changedRows: 0 }).windowMs, 80);
  });

  it("takes means of several copies, and the longest of several windows", () => {
    const again = [...replicate("c", START_MS + 20_000), ...cutover("d", START_MS + 30_000, 3)];
    const measured = measuredBy(reportOf([...MOVED, ...again], {}))!;
    assert.deepEqual(measured.copied, { amount: 50_000_000, durationMs: 2000 });
    assert.equal(measured.indexesMs, 1000);
    assert.equal(measured.windowMs, 180);
  });

  it("adds up what one run copies in several steps, and leaves out what a switch carries", () => {
    const carried = (bytes: number) => ({ id: "queries-carried", ms: 1000, evidence: { bytes } });
    const measured = measuredBy(
      reportOf(
        [
          ...run("a", "replicate", 0, [
            { id: "tables-copied", ms: 2000, evidence: { bytes: 30_000_000 } },
            carried(20_000_000),
          ]),
          ...verify("v", 5000),
          ...run("s", "cutover", 9000, [carried(1000), { id: "flip", ms: 5, inWindow: true }]),
        ],
        {},
      ),
    )!;
    assert.deepEqual(measured.copied, { amount: 50_000_000, durationMs: 3000 });
  });

  it("counts the time of every function that has worked at a copy", () => {
    const rest = [...verify("v", 2_000_000), ...cutover("s", 3_000_000)];
    const measured = measuredBy(reportOf([...replicateInFunctions("c", 0), ...rest], {}))!;
    assert.deepEqual(measured.copied, { amount: 1e9, durationMs: 1_200_000 });
    assert.equal(measured.indexesMs, 60_000);
  });

  it("of a real move does not claim that it was measured on this machine", () => {
    const text = estimate(reportOf(MOVED, { machine: "2 cores" }));
    assert.match(text, /^\* Measured in the move of this report: the copy at 25\.0 MB\/s/m);
    assert.doesNotMatch(text, /not on AWS|2 cores/);
  });

  it("is refused if there is nothing to scale from", () => {
    assert.throws(() => estimate(reportOf(replicate("a", 0), {})), {
      message:
        "the report has no finished copy, comparison and switch to scale from; npm run rehearse makes one that has",
    });
  });
});
