import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "mocha";
import { LockFile } from "../../../cutover/adapters/local/lockFile";
import { cramped } from "../../support/cutover/cramped";

const ROOT = join(__dirname, "..", "..", "..");
const TAKERS = 6;
const ROUNDS = 10;

describe("the lock file", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lock-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });
  const path = () => join(directory, "deep", "lock");
  /** A process id that nobody has any more. */
  const deadPid = async (): Promise<number> => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    return child.pid!;
  };

  it("lets one in at a time, and names who is in", async () => {
    const release = await new LockFile(path()).acquire();
    await assert.rejects(new LockFile(path()).acquire(), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`^another run is at work: process ${process.pid} on ${hostname()}, since `),
      );
      return true;
    });
    await release();
    await (
      await new LockFile(path()).acquire()
    )();
  });

  it("is free when its holder is dead", async () => {
    mkdirSync(join(directory, "deep"));
    writeFileSync(
      path(),
      JSON.stringify({ pid: await deadPid(), host: hostname(), since: "then" }),
    );
    assert.equal(await new LockFile(path()).heldBy(), undefined);
    const release = await new LockFile(path()).acquire();
    assert.match(
      (await new LockFile(path()).heldBy()) ?? "",
      new RegExp(`^process ${process.pid} `),
    );
    await release();
    assert.deepEqual(readdirSync(join(directory, "deep")), []);
  });

  it("goes to one alone of many processes that find the same dead holder at once", async () => {
    const dead = JSON.stringify({ pid: await deadPid(), host: hostname(), since: "then" });
    const takers = Array.from({ length: TAKERS }, () => {
      const child = spawn(
        process.execPath,
        ["--import=tsx", "tests/support/cutover/lockTaker.ts"],
        { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] },
      );
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const says = async () => String((await lines.next()).value);
      return { child, says };
    });
    try {
      await Promise.all(takers.map(({ says }) => says()));
      for (let round = 0; round < ROUNDS; round++) {
        const contested = join(directory, `lock-${round}`);
        writeFileSync(contested, dead);
        const order = `${JSON.stringify({ path: contested, atMs: Date.now() + 20 })}\n`;
        for (const { child } of takers) child.stdin.write(order);
        const said = await Promise.all(takers.map(({ says }) => says()));
        const winners = takers.filter((_, index) => said[index] === "taken");
        assert.equal(winners.length, 1, `round ${round}:\n${said.join("\n")}`);
        const { pid } = JSON.parse(readFileSync(contested, "utf8")) as { pid: number };
        assert.equal(pid, winners[0]?.child.pid);
        for (const words of said)
          assert.match(words, /^(?:taken|another run is at work: process .*)$/);
      }
    } finally {
      for (const { child } of takers) child.kill("SIGKILL");
    }
    const left = readdirSync(directory).filter((name) => !/^lock-\d+$/.test(name));
    assert.deepEqual(left, []);
  });

  it("is free for others when a full disk has kept somebody from writing who holds it", async () => {
    const { length } = cramped("lockTaker.ts", 0, { path: path(), atMs: 0 }).filter((it) =>
      it.startsWith("EFBIG: file too large, write"),
    );
    assert.equal(length, 1);
    assert.deepEqual(readdirSync(join(directory, "deep")), []);
    await (
      await new LockFile(path()).acquire()
    )();
  });

  it("is not free when its holder is on another host, whose processes nobody sees from here", async () => {
    mkdirSync(join(directory, "deep"));
    writeFileSync(path(), JSON.stringify({ pid: 1, host: "elsewhere", since: "then" }));
    await assert.rejects(new LockFile(path()).acquire(), {
      message: `another run is at work: process 1 on elsewhere, since then; if it is not, remove ${path()}`,
    });
  });
});
