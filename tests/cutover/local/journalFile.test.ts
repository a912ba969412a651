import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { JournalFile } from "../../../cutover/adapters/local/journalFile";
import { LockFile } from "../../../cutover/adapters/local/lockFile";
import type { Entry } from "../../../cutover/engine/journal";

const entry = (step: string): Entry => ({ kind: "step-started", run: "r", step, atMs: 1 });
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "journal-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("the journal file", () => {
  const path = () => join(directory, "deep", "journal.jsonl");

  it("is empty before anything was written", async () => {
    assert.deepEqual(await new JournalFile(path()).read(), []);
  });

  it("is read by another process as it was written, in order, also when much is written at once", async () => {
    const journal = new JournalFile(path());
    const entries = Array.from({ length: 50 }, (_, index) => entry(`s${index}`));
    await Promise.all(entries.map((it) => journal.append(it)));
    assert.deepEqual(await new JournalFile(path()).read(), entries);
  });

  it("leaves out a line that a killed process has torn, and cuts it before it goes on", async () => {
    const journal = new JournalFile(path());
    await journal.append(entry("a"));
    appendFileSync(path(), '{"kind":"step-do');
    assert.deepEqual(await journal.read(), [entry("a")]);
    await journal.append(entry("b"));
    assert.deepEqual(await journal.read(), [entry("a"), entry("b")]);
  });

  it("refuses a file that is damaged elsewhere", async () => {
    const journal = new JournalFile(path());
    await journal.append(entry("a"));
    writeFileSync(path(), `not JSON\n${readFileSync(path(), "utf8")}`);
    await assert.rejects(journal.read(), { message: `${path()}, line 1, is no journal entry` });
  });
});

describe("the lock file", () => {
  const path = () => join(directory, "deep", "lock");

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
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.on("exit", resolve));
    await (
      await new LockFile(path()).acquire()
    )();
    writeFileSync(path(), JSON.stringify({ pid: child.pid, host: hostname(), since: "then" }));
    await (
      await new LockFile(path()).acquire()
    )();
  });

  it("is not free when its holder is on another host, whose processes nobody sees from here", async () => {
    await (
      await new LockFile(path()).acquire()
    )();
    writeFileSync(path(), JSON.stringify({ pid: 1, host: "elsewhere", since: "then" }));
    await assert.rejects(new LockFile(path()).acquire(), {
      message: `another run is at work: process 1 on elsewhere, since then; if it is not, remove ${path()}`,
    });
  });
});
