import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { markdown } from "../../../cutover/report/markdown";
import { reportOf } from "../../../cutover/report/report";
import { terminal } from "../../../cutover/report/terminal";
import { cutover, MOVED, rehearsed, replicate, run, START_MS } from "../../support/cutover/reports";

const failed = run("f", "cutover", START_MS + 9000, [{ id: "fence", ms: 3, error: "a|b <i>" }], {
  outcome: "undone",
  reason: "fence failed: a|b <i>; everything was undone",
});

describe("the report in a terminal", () => {
  it("shows acts, ledger and verdict in a few lines", () => {
    assert.equal(
      terminal(rehearsed(MOVED), false),
      `Rehearsal of the move, 2026-01-02 03:04:05 UTC

act        outcome    took  fence to flip  no write  no read  failed reads
replicate  done      3.1 s              –     80 ms    12 ms             0
verify     done     500 ms              –     80 ms    12 ms             0
cutover    done     200 ms          60 ms     80 ms    12 ms             0

5,681 writes were acknowledged: 0 lost, 0 duplicated.
61 were refused or broke off, of which 2 are there all the same.
4,044 reads were answered.

done: users could not write for at most 80 ms; 5,681 acknowledged writes: 0 lost, 0 duplicated
`,
    );
  });

  it("shows many acts by name, those that went wrong by themselves, within 100 columns", () => {
    const many = Array.from({ length: 20 }, (_, index) => [
      ...replicate(`a-${index}`, START_MS + index * 20_000),
      ...cutover(`b-${index}`, START_MS + index * 20_000 + 5000, index + 1),
    ]).flat();
    const lines = terminal(rehearsed([...many, ...failed]), false).split("\n");
    assert.deepEqual(lines.slice(2, 6), [
      "acts             took (median)  fence to flip  no write: median    p95  maximum  failed reads",
      "replicate × 20           3.1 s              –             80 ms  80 ms    80 ms             0",
      "cutover × 20             2.1 s         630 ms             80 ms  80 ms    80 ms             0",
      "cutover: undone           5 ms              –                             80 ms             0",
    ]);
    assert.ok(Math.max(...lines.slice(2, 6).map(({ length }) => length)) <= 100);
  });

  it("is coloured only for whoever understands it", () => {
    const report = rehearsed([...MOVED, ...failed]);
    assert.doesNotMatch(terminal(report, false), /\x1b/);
    const coloured = terminal(report, true);
    assert.match(coloured, /^\x1b\[31mcutover 2 .*\x1b\[0m$/m);
    assert.match(coloured, /^\x1b\[31mundone\x1b\[0m: cutover did not succeed: fence failed/m);
    assert.match(terminal(rehearsed(MOVED), true), /^\x1b\[32mdone\x1b\[0m: /m);
  });
});

describe("the report as Markdown", () => {
  const sections = (text: string) => text.split("\n").filter((line) => line.startsWith("#"));

  it("has every section of a rehearsal, and every step", () => {
    const text = markdown(rehearsed(MOVED));
    assert.deepEqual(sections(text), [
      "# Rehearsal of the move",
      "## Acts",
      "## Verification",
      "## Ledger",
      "## Rows, bytes and rates",
      "## Estimate for production",
      "## Where",
      "## Steps",
      "### replicate",
      "### verify",
      "### cutover",
    ]);
    assert.match(text, /^\| every foreign key holds \| 35 foreign keys \|$/m);
    assert.match(text, /^\| tables-copied +\| +1 \| +50\.0 MB \| +2\.0 s \| +25\.0 MB\/s \|$/m);
    assert.match(
      text,
      /^\| tables-copied +\| Title of tables-copied +\| +4\.2 s \| +2\.1 s \| done +\| bytes 50\.0 MB, milliseconds 2,000 +\|$/m,
    );
  });

  it("of a real move leaves out what nobody measured", () => {
    const text = markdown(reportOf([...MOVED, ...cutover("c", START_MS + 9000)], {}));
    assert.equal(sections(text)[0], "# The move");
    assert.equal(sections(text).includes("## Ledger"), false);
    assert.match(text, /^\| maximum +\| +\| +60 ms \| +– \| +– \| +\|$/m);
  });

  it("says that nothing was proven if nothing was, and what went wrong", () => {
    const text = markdown(reportOf(failed, {}));
    assert.match(text, /^No switch has proven the side that users are on\.$/m);
    assert.match(text, /^\* cutover: fence failed: a\\\|b \\<i>; everything was undone$/m);
    assert.match(text, /\| failed, undone in 2 ms \| a\\\|b \\<i> \|$/m);
    assert.doesNotMatch(text, /[^\\]<i>/);
  });

  it("names writes that are lost, but not thousands of them", () => {
    const lost = Array.from({ length: 30 }, (_, index) => `edit ${index}`);
    const ledger = { acknowledged: 90, lost, duplicated: [], unknown: 0, unknownButThere: 0 };
    const text = markdown(rehearsed(MOVED, { ledger }));
    assert.match(text, /^\* lost: edit 19\n\* and 10 more, which the JSON report names$/m);
    assert.doesNotMatch(text, /edit 20/);
  });
});
