import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import type { Entry } from "../../../cutover/engine/journal";
import { dayPlan } from "../../../cutover/report/dayPlan";
import { reportJson } from "../../../cutover/report/reportFile";
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
import { ended, startMove } from "../../support/cutover/moveCommand";

const ROOT = join(__dirname, "..", "..", "..");
const FINISH = run("f", "finish", START_MS + 9000, [{ id: "nothing-left", ms: 300 }]);

/** Cells of the rows whose step has this command. */
const rowsOf = (plan: string, command: string): string[][] =>
  plan
    .split("\n")
    .filter((line) => line.startsWith("|") && line.includes(`\`${command}\``))
    .map((line) => line.split("|").map((cell) => cell.trim()));

const expected = (entries: readonly Entry[], act: string, gigabytes: number) =>
  rowsOf(dayPlan(reportOf(entries, {}), gigabytes), `npm run move -- ${act} --stack prod`)[0]?.[4];

describe("the plan of the day", () => {
  it("has every step with who does it, its time, and room for the real one", () => {
    assert.equal(dayPlan(rehearsed([...MOVED, ...FINISH]), 100), PLAN);
  });

  it("lets what is copied and compared grow with the database, and nothing else", () => {
    const entries = [
      ...run("p", "prepare", START_MS, [{ id: "target-schema-made", ms: 2000 }]),
      ...MOVED,
      ...FINISH,
    ];
    // Of 50 MB measured: 2.1 s of copy and 1 s of indexes; half a second of comparison.
    for (const [gigabytes, copy, comparison] of [
      [1, "about 62 s", "about 10 s"],
      [10, "about 10 min", "about 1.7 min"],
    ] as const) {
      assert.equal(expected(entries, "replicate", gigabytes), copy);
      assert.equal(expected(entries, "verify", gigabytes), comparison);
      assert.equal(expected(entries, "prepare", gigabytes), "about 2 s");
      assert.equal(expected(entries, "cutover", gigabytes), "about 200 ms");
      assert.equal(expected(entries, "finish", gigabytes), "about 300 ms");
      assert.equal(expected(entries, "rollback", gigabytes), "–");
    }
  });

  it("adds up an act that several functions have carried out one after the other", () => {
    const parts = replicateInFunctions("c", START_MS);
    const rest = [...verify("v", START_MS + 2_000_000), ...cutover("b", START_MS + 3_000_000)];
    // 12, 8 and 1 minutes.
    assert.equal(expected([...parts, ...rest], "replicate", 1), "about 21 min");
    // What ended otherwise and was begun anew is another attempt.
    const anew = replicate("d", START_MS + 2_000_000);
    assert.equal(expected([...parts.slice(0, 4), ...anew, ...rest], "replicate", 1), "about 62 s");
  });

  it("tells the last outage and the longest one, and plans by the longest", () => {
    const twice = [
      ...MOVED,
      ...cutover("b2", START_MS + 9000, 5),
      ...cutover("b3", START_MS + 12_000),
    ];
    assert.match(
      dayPlan(reportOf(twice, {}), 1),
      /^\*\*Users cannot write for about 300 ms\*\*, .* The last switch of the report took 60 ms; of 3 in all none took longer than 300 ms\./m,
    );
  });

  it("is refused if there is nothing to scale from", () => {
    assert.throws(() => dayPlan(reportOf(replicate("a", 0), {}), 100), {
      message:
        "the report has no finished copy, comparison and switch to scale from; npm run rehearse makes one that has",
    });
  });

  it("is written by the command line, of a report alone when its world is gone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "day-plan-test-"));
    try {
      const file = join(folder, "rehearsal.json");
      writeFileSync(file, reportJson(rehearsed([...MOVED, ...FINISH])));
      const { code, stdout, stderr } = await ended(
        startMove(folder, "report", "--of", file, "--gigabytes", "100"),
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^day plan: out\/day-plan\.md\nreport: out\/move\.html, /m);
      assert.equal(readFileSync(join(ROOT, "out", "day-plan.md"), "utf8"), PLAN);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const PLAN = `# Day plan of the move: 100 GB

Date: __________ Lead: __________ Operator: __________ Reads along: __________

Times of the report of 2026-01-02 03:04:05 UTC; –: it has none. What is on the screen, and how to go back: docs/runbook.md, under the same number.

**Users cannot write for about 80 ms**, in step 14 and again in a rollback. The last switch of the report took 80 ms; of 1 in all none took longer than 80 ms. They cannot use Redash at all for some seconds in step 5.

## The days before

| step | who      | what                                                                   | expected | begun | ended |
| ---: | -------- | ---------------------------------------------------------------------- | -------: | ----- | ----- |
|    1 | operator | \`npm run source -- find\`                                               |        – |       |       |
|    2 | operator | \`npm run source -- import\`                                             |        – |       |       |
|    3 | operator | \`npx pulumi up --policy-pack policies --stack prod\`                    |        – |       |       |
|    4 | lead     | the name of Redash leads to the load balancer                          |        – |       |       |
|    5 | operator | \`npm run source -- prepare\`: PostgreSQL restarts, an outage of its own |        – |       |       |
|    6 | operator | \`npm run move -- preflight --stack prod\`                               |        – |       |       |

## The day before

| step | who      | what                                     |     expected | begun | ended |
| ---: | -------- | ---------------------------------------- | -----------: | ----- | ----- |
|    7 | operator | \`npm run move -- prepare --stack prod\`   |            – |       |       |
|    8 | operator | \`npm run move -- replicate --stack prod\` |  about 1.7 h |       |       |
|    9 | operator | \`npm run move -- verify --stack prod\`    | about 17 min |       |       |

## The agreed hour

| step | who      | what                                                                             |     expected | begun | ended |
| ---: | -------- | -------------------------------------------------------------------------------- | -----------: | ----- | ----- |
|   10 | operator | \`npm run move -- preflight --stack prod\`                                         |            – |       |       |
|   11 | operator | \`npm run move -- verify --stack prod\`                                            | about 17 min |       |       |
|   12 | operator | \`npm run move -- cutover --dry-run --stack prod\`                                 |            – |       |       |
|   13 | lead     | says go, and tells users                                                         |            – |       |       |
|   14 | operator | \`npm run move -- cutover --stack prod\`                                           | about 200 ms |       |       |
|   15 | lead     | looks at Redash, as users do, and says stay or back                              |            – |       |       |
|   16 | operator | \`npm run move -- rollback --stack prod\`: only if the lead says back              |            – |       |       |
|   17 | operator | \`npx pulumi config set redash:phase switched --stack prod\`: not after a rollback |            – |       |       |
|   18 | operator | \`npx pulumi up --refresh --policy-pack policies --stack prod\`                    |            – |       |       |

## Days later

| step | who      | what                                                           |     expected | begun | ended |
| ---: | -------- | -------------------------------------------------------------- | -----------: | ----- | ----- |
|   19 | lead     | says that nobody wants back any more                           |            – |       |       |
|   20 | operator | \`npm run move -- finish --stack prod\`                          | about 300 ms |       |       |
|   21 | operator | \`npm run move -- report --stack prod\`: before the journal goes |            – |       |       |
|   22 | operator | \`npx pulumi config set redash:phase complete --stack prod\`     |            – |       |       |
|   23 | operator | \`npx pulumi up --policy-pack policies --stack prod\`            |            – |       |       |
|   24 | operator | stops the old host, keeps an image of it                       |            – |       |       |

## What the times take for granted

* Measured here, not on AWS: the copy at 25.0 MB/s, the comparison at 20,000 rows/s. Both servers shared 2 cores; network and disks of AWS are not in it.
* Copy and indexes grow with the bytes of the database, the comparison with its rows. Indexes grow a little faster than that, and everything does once data no longer fits into memory.
* The window does not grow with the size: in it only rows are compared that changed since the last comparison. It took at most 80 ms with up to 40 of them; each more takes about 0.2 ms.
* Before the window jobs are given time to end, which takes as long as the longest of them; users can work meanwhile.
* 50.0 MB show more of how long things take to start than of how fast they are: rehearse with --size 2000 before you plan by this.
`;
