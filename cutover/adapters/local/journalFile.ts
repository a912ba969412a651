import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  truncateSync,
  appendFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Entry, Journal } from "../../engine/journal";

/** A journal in a file, one JSON object a line, on the disk before `append` returns. */
export class JournalFile implements Journal {
  constructor(private readonly path: string) {}

  /** @throws Error if a line in the middle is no entry; a torn last one was never acknowledged and is left out */
  read = async (): Promise<readonly Entry[]> => {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
    const lines = text.split("\n");
    lines.pop();
    const entries = lines.map((line, index) => {
      try {
        return JSON.parse(line) as Entry;
      } catch {
        throw new Error(`${this.path}, line ${index + 1}, is no journal entry`);
      }
    });
    return entries;
  };

  // Without a turn of the event loop in between: in the window every one counts, and two lines cannot mix.
  append = (...entries: readonly Entry[]): Promise<void> => {
    mkdirSync(dirname(this.path), { recursive: true });
    const file = openSync(this.path, "a+");
    try {
      const { size } = fstatSync(file);
      // What a killed process has left of a line must not run into this one.
      const last = Buffer.alloc(1);
      if (size > 0) readSync(file, last, 0, 1, size - 1);
      if (size > 0 && last.toString() !== "\n") this.cutTornLine();
      const whole = fstatSync(file).size;
      try {
        appendFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
        fdatasyncSync(file);
        // A file that its folder does not know yet would be gone after a crash of the machine.
        if (whole === 0) syncFolder(dirname(this.path));
      } catch (error) {
        // A full disk may have taken the first lines: whoever is told that none is there writes them again.
        ftruncateSync(file, whole);
        throw error;
      }
    } finally {
      closeSync(file);
    }
    return Promise.resolve();
  };

  private cutTornLine(): void {
    const text = readFileSync(this.path, "utf8");
    truncateSync(this.path, Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1)));
  }
}

function syncFolder(folder: string): void {
  const open = openSync(folder, "r");
  try {
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}
