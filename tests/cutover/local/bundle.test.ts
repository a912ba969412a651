import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { describe, it } from "mocha";
import { bundle } from "../../../cutover/adapters/local/bundle";

const STAND_INS = "cutover/adapters/local/standIn";

describe("a bundle", () => {
  it("is one file that Node runs by itself, called after what is in it, and is built once", () => {
    const path = bundle(`${STAND_INS}/scheduler.ts`);
    assert.match(basename(path), /^scheduler-[A-Z0-9]{8}\.js$/);
    assert.equal(bundle(`${STAND_INS}/scheduler.ts`), path);
    // It reads its configuration, finds none, and ends as one whose parent is gone.
    const { status, stderr } = spawnSync(process.execPath, [path], { input: "" });
    assert.equal(stderr.toString(), "");
    assert.equal(status, 0);
  });

  it("says what does not build, and leaves nothing half-made", () => {
    const path = bundle(`${STAND_INS}/front.ts`);
    assert.throws(
      () => bundle("tests/cutover/local/none.ts"),
      /Could not resolve "tests\/cutover\/local\/none\.ts"/,
    );
    assert.deepEqual(
      readdirSync(dirname(path)).filter((name) => name.startsWith("build-")),
      [],
    );
  });
});
