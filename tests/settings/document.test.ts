import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { projectFile, settingsPage } from "../../settings/document";
import { KEYS } from "../../settings/keys";
import { defaults } from "../../settings/read";

const root = join(__dirname, "..", "..");

describe("documentation of settings", () => {
  it("docs/settings.md is what `npm run docs` writes", () => {
    assert.equal(readFileSync(join(root, "docs", "settings.md"), "utf8"), settingsPage());
  });

  it("the keys of Pulumi.yaml are what `npm run docs` writes", () => {
    const current = readFileSync(join(root, "Pulumi.yaml"), "utf8");
    assert.equal(current, projectFile(current));
  });

  for (const mode of ["rehearsal", "production"] as const) {
    it(`every default of ${mode} is allowed by its own key`, () => {
      for (const [name, value] of Object.entries(defaults(mode))) {
        const key = KEYS[name as keyof typeof KEYS];
        assert.deepEqual(key.schema.safeParse(value), { success: true, data: value }, name);
      }
    });
  }

  it("every example is allowed by its own key", () => {
    for (const [name, key] of Object.entries(KEYS)) {
      assert.equal(key.schema.safeParse(key.example).success, true, name);
    }
  });
});
