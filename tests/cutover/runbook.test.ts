import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { EXIT_CODES } from "../../cutover/report/summary";
import { runbook } from "../../cutover/runbook";

const page = () => readFileSync(join(__dirname, "..", "..", "docs", "runbook.md"), "utf8");

describe("docs/runbook.md", () => {
  it("is what npm run docs makes of the plans and the checks", () => {
    assert.equal(runbook(), page(), "run: npm run docs");
  });

  it("tells what to do for every exit code", () => {
    for (const [verdict, code] of Object.entries(EXIT_CODES))
      assert.match(
        page(),
        new RegExp(`^\\| ${code} \\| ${verdict.replace("-", " ")}`, "m"),
        verdict,
      );
  });
});
