import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { Deck } from "../../../cutover/faults/deck";
import type { FaultReport } from "../../../cutover/faults/faultReport";
import { pairName } from "../../../cutover/faults/kind";
import { ended } from "../../support/cutover/moveCommand";

const ROOT = join(__dirname, "..", "..", "..");
/** A rehearsal of this seed that ends on the target. */
const [SEED, RUN] = [1, 5];

describe("npm run faults", function () {
  this.timeout(600_000);
  let temporary: string;
  before(() => {
    temporary = mkdtempSync(join(tmpdir(), "faults-cli-test-"));
    // As root, PostgreSQL runs as nobody, who must get in.
    chmodSync(temporary, 0o755);
  });
  after(() => {
    rmSync(temporary, { recursive: true, force: true });
  });

  const start = (...args: string[]) =>
    spawn(process.execPath, ["--import=tsx", "cutover/faults/cli.ts", ...args], {
      cwd: ROOT,
      // Whatever it leaves behind, it leaves here.
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "pipe", "pipe"],
    });
  /** Folders and processes. */
  const left = () => [
    ...readdirSync(temporary).filter((name) => name.startsWith("redash-")),
    ...execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(temporary)),
  ];

  it("rehearses one of a seed with its faults, loses and doubles nothing, and leaves a report without secrets", async () => {
    const { code, stdout, stderr } = await ended(
      start("--seed", String(SEED), "--only", String(RUN)),
    );
    assert.equal(code, 0, `${stdout}${stderr}`);
    const json = readFileSync(join(ROOT, "out", "faults.json"), "utf8");
    const report = JSON.parse(json) as FaultReport;
    const [rehearsal] = report.rehearsals;
    assert.equal(report.rehearsals.length, 1);
    assert.equal(rehearsal!.rehearsal, RUN);
    const names = (
      hand: readonly { readonly faults: readonly Parameters<typeof pairName>[0][] }[],
    ) => hand.flatMap(({ faults }) => faults.map(pairName)).sort();
    assert.deepEqual(names(rehearsal!.acts), names(new Deck("logical", SEED).hand(RUN)));
    assert.deepEqual(rehearsal!.violations, []);
    assert.deepEqual([rehearsal!.ledger.lost, rehearsal!.ledger.duplicated], [[], []]);
    assert.ok(rehearsal!.ledger.acknowledged > 100);
    for (const { outageMs, outageLimitMs } of rehearsal!.acts) assert.ok(outageMs <= outageLimitMs);
    assert.match(stdout, /writes were acknowledged: 0 lost, 0 duplicated\./);
    assert.match(stdout, /of \d,\d{3} faults that can happen have happened at least once\./);
    const page = readFileSync(join(ROOT, "out", "faults.md"), "utf8");
    assert.match(page, /^## Faults by step$/m);
    for (const text of [json, page, stdout, stderr])
      assert.doesNotMatch(text, /redis:\/\/|postgresql:\/\/|password/i);
    assert.deepEqual(left(), []);
  });

  it("lists everything that is wrong with its arguments, and starts nothing", async () => {
    const { code, stderr } = await ended(
      start("--size", "1", "--times", "x", "--transport", "post", "--only", "0", "--jobs", "99"),
    );
    assert.equal(code, 64);
    assert.deepEqual(stderr.split("\n").slice(0, 5), [
      "--times is x; allowed: a whole number from 1 to 1000",
      "--size is 1; allowed: a whole number from 8 to 5000",
      "--transport is post; allowed: logical, dms",
      "--jobs is 99; allowed: a whole number from 1 to 8",
      "--only is 0; allowed: a whole number from 1 to 1000",
    ]);
    assert.deepEqual(left(), []);
  });
});
