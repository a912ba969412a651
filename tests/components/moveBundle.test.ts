import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { bundleText } from "../../components/moveBundle";

const ROOT = join(__dirname, "..", "..");

describe("the bundle of the move", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redash-bundle-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("is the same, byte by byte, from another checkout and another current folder, and names no path", () => {
    const checkout = join(folder, "another", "checkout");
    for (const part of ["cutover", "redash", "package.json", "tsconfig.json"])
      cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
    const here = bundleText(ROOT);
    const before = process.cwd();
    process.chdir(folder);
    try {
      assert.equal(bundleText(checkout), here);
    } finally {
      process.chdir(before);
    }
    for (const path of [ROOT, folder, "node_modules/", "cutover/"])
      assert.ok(!here.includes(path), path);
  });

  it("says what does not build", () => {
    assert.throws(() => bundleText(folder), /Could not resolve "cutover\/function\/handler\.ts"/);
  });

  it("is called as Lambda calls it, in a process of its own, and refuses an act that it does not know", () => {
    const file = join(folder, "index.js");
    writeFileSync(file, bundleText(ROOT));
    const world = {
      kind: "aws",
      region: "eu-west-1",
      stack: "prod",
      mode: "production",
      url: "https://redash.acme.io",
      secretKeySecretArn: "arn:a",
      probeDataSourceId: 1,
      source: {
        instanceId: "i-0a",
        database: {
          host: "a",
          port: 5432,
          database: "a",
          applicationRole: "a",
          secretArn: "arn:a",
        },
        documentName: "a",
        targetGroupArn: "arn:a",
      },
      target: {
        database: {
          host: "a",
          port: 5432,
          database: "a",
          applicationRole: "a",
          secretArn: "arn:a",
          urlSecretArn: "arn:a",
          identifier: "a",
        },
        queueUrlSecretArn: "arn:a",
        replicationGroupId: "a",
        cluster: "a",
        services: { servers: ["a"], scheduler: ["b"], workers: ["c"] },
        wantedTasks: { a: 1, b: 1, c: 1 },
        targetGroupArn: "arn:a",
      },
      traffic: { listenerArn: "arn:a" },
      journalBucket: "a",
    };
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        "-e",
        `require(${JSON.stringify(file)}).handler({ act: "fly" }).catch(({ message }) => console.log(message))`,
      ],
      {
        encoding: "utf8",
        timeout: 30_000,
        // What Lambda gives, and nothing of the repository.
        cwd: folder,
        env: { REDASH_MOVE: JSON.stringify(world) },
      },
    );
    assert.deepEqual(
      [stdout, stderr, status],
      ["the function of the move knows no act fly\n", "", 0],
    );
  });
});
