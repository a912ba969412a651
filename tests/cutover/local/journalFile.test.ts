import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { JournalFile } from "../../../cutover/adapters/local/journalFile";
import type { Entry } from "../../../cutover/engine/journal";
import { cramped } from "../../support/cutover/cramped";

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

  it("has none of several entries when the disk is full before the last one is there", async () => {
    const journal = new JournalFile(path());
    await journal.append(entry("a"));
    const entries = [entry("b"), entry("c".repeat(5000))];
    assert.deepEqual(cramped("journalWriter.ts", 4, { path: path(), entries }), [
      "EFBIG: file too large, write",
    ]);
    assert.equal(readFileSync(path(), "utf8"), `${JSON.stringify(entry("a"))}\n`);
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
