import { mkdirSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Entry, Journal } from "../../engine/journal";

/** A journal in a file, one JSON object a line, on the disk before `append` returns. */
export class JournalFile implements Journal {
  private queue: Promise<void> = Promise.resolve();

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

  append = (entry: Entry): Promise<void> => {
    // One after the other, or two lines could mix.
    this.queue = this.queue.then(() => this.write(entry));
    return this.queue;
  };

  private async write(entry: Entry): Promise<void> {
    mkdirSync(dirname(this.path), { recursive: true });
    const file = await open(this.path, "a+");
    try {
      const { size } = await file.stat();
      // What a killed process has left of a line must not run into this one.
      const last = Buffer.alloc(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      if (size > 0 && last.toString() !== "\n") await this.cutTornLine();
      await file.appendFile(`${JSON.stringify(entry)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  private async cutTornLine(): Promise<void> {
    const file = await open(this.path, "r+");
    try {
      const text = await file.readFile("utf8");
      await file.truncate(Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1)));
    } finally {
      await file.close();
    }
  }
}
