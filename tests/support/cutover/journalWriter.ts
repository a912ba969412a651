/** A process that appends to a journal what a line of its input names, and says how that went. */
import { createInterface } from "node:readline";
import { JournalFile } from "../../../cutover/adapters/local/journalFile";
import type { Entry } from "../../../cutover/engine/journal";

createInterface({ input: process.stdin }).on("line", (line) => {
  const { path, entries } = JSON.parse(line) as { path: string; entries: readonly Entry[] };
  try {
    void new JournalFile(path).append(...entries);
    process.stdout.write("written\n");
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n`);
  }
});
