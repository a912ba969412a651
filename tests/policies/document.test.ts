import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { POLICIES } from "../../policies/pack";
import { policyDocument } from "../../preview/policyTable";

describe("docs/policies.md", () => {
  it("is what npm run docs makes of the pack", async () => {
    const committed = readFileSync(join(__dirname, "..", "..", "docs", "policies.md"), "utf8");
    assert.equal(await policyDocument(), committed, "run: npm run docs");
  });

  it("finds no violation in either stack, in any phase", async () => {
    assert.doesNotMatch(await policyDocument(), /\| violation/);
  });
});

describe("every policy", () => {
  it("has an id of its own, in lower case with hyphens", () => {
    const ids = POLICIES.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
    for (const id of ids) assert.match(id, /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/);
  });

  it("says what holds, why and how, in sentences, and judges something", () => {
    for (const { id, title, why, fix, types, check, checkStack } of POLICIES) {
      assert.match(title, /^[A-Z].*\.$/, id);
      assert.ok(why.length > 20, id);
      assert.match(fix, /[.!]$/, id);
      assert.ok(types.length > 0 && (check !== undefined || checkStack !== undefined), id);
    }
  });

  it("names controls as Security Hub, Checkov or Trivy do", () => {
    for (const { id, controls } of POLICIES) {
      for (const control of controls) {
        assert.match(
          control,
          /^(?:[A-Za-z0-9]+\.\d+|CKV2?_AWS_\d+|AWS-\d{4})$/,
          `${id}: ${control}`,
        );
      }
    }
  });
});
