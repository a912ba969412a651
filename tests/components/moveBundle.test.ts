import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { bundleText } from "../../components/moveBundle";
import { recordMigration } from "../support/migration";
import { only } from "../support/recordings";

const ROOT = join(__dirname, "..", "..");

describe("the bundle of the move", () => {
  let folder: string;
  let bundle: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redash-bundle-"));
    bundle = bundleText(ROOT);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("is the same, byte by byte, from another checkout and another current folder, and names no path", () => {
    const checkout = join(folder, "another", "checkout");
    for (const part of ["cutover", "redash", "package.json", "tsconfig.json"])
      cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
    const before = process.cwd();
    process.chdir(folder);
    try {
      assert.equal(bundleText(checkout), bundle);
    } finally {
      process.chdir(before);
    }
    for (const path of [ROOT, folder, tmpdir(), "node_modules/", "cutover/"])
      assert.ok(!bundle.includes(path), path);
  });

  it("is as large as a move with its clients of AWS, and far from what Lambda takes in a zip", () => {
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    const zippedBytes = deflateRawSync(bundle).length;
    assert.ok(zippedBytes > 300_000 && zippedBytes < 50 * 1024 ** 2, String(zippedBytes));
  });

  it("says what does not build", () => {
    assert.throws(() => bundleText(folder), /Could not resolve "cutover\/function\/handler\.ts"/);
  });

  describe("called as Lambda calls it: in a process of its own, with nothing beside it", () => {
    const called = async (event: unknown) => {
      const { inputs } = only(await recordMigration(), "Function", "redash-migration-function");
      const { variables } = inputs["environment"] as { variables: NodeJS.ProcessEnv };
      const file = join(folder, "alone", "index.js");
      cpSync(writtenBundle(), file);
      const invocation = `{ awsRequestId: "1", functionName: "f", getRemainingTimeInMillis: () => 900000 }`;
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        [
          "-e",
          `const { handler, ...others } = require(${JSON.stringify(file)});
           handler(${JSON.stringify(event)}, ${invocation}).then(
             () => console.log("carried out"),
             ({ name, message }) => console.log(JSON.stringify({ others, name, message })),
           );`,
        ],
        { encoding: "utf8", timeout: 30_000, cwd: join(folder, "alone"), env: variables },
      );
      assert.deepEqual([stderr, status], ["", 0]);
      return JSON.parse(stdout) as { others: object; name: string; message: string };
    };
    const writtenBundle = () => {
      const file = join(folder, "index.js");
      writeFileSync(file, bundle);
      return file;
    };

    it("exports its handler alone, and refuses an event that is no request with what is wrong in it", async () => {
      const { others, name, message } = await called({ act: "fly" });
      assert.deepEqual([others, name], [{}, "ZodError"]);
      const wrong = JSON.parse(message) as { path: string[]; message: string }[];
      assert.deepEqual(
        wrong.map((it) => `${it.path.join(".")}: ${it.message}`),
        [
          "id: Invalid input: expected string, received undefined",
          "askedAtMs: Invalid input: expected number, received undefined",
          "chunk: Invalid input: expected number, received undefined",
          "ask: Invalid input: expected object, received undefined",
          ': Unrecognized key: "act"',
        ],
      );
    });
  });
});
