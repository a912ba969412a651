import type { Entry, Journal, Lock } from "../../../cutover/engine/journal";

/** A journal that survives the "process" of a test, and can kill it: from an entry on, nothing is written any more. */
export class MemoryJournal implements Journal {
  readonly entries: Entry[] = [];
  /** Entries after which the process is dead; Infinity lives for ever. */
  diesAfter = Infinity;

  read = (): Promise<readonly Entry[]> => Promise.resolve([...this.entries]);
  append = (entry: Entry): Promise<void> => {
    if (this.entries.length >= this.diesAfter) return new Promise(() => undefined);
    this.entries.push(entry);
    return Promise.resolve();
  };
  get isDead(): boolean {
    return this.entries.length >= this.diesAfter;
  }
}

export class MemoryLock implements Lock {
  holder: string | undefined;
  constructor(private readonly name = "one") {}
  acquire = (): Promise<() => Promise<void>> => {
    if (this.holder !== undefined) return Promise.reject(new Error(`${this.holder} is at work`));
    this.holder = this.name;
    return Promise.resolve(() => {
      this.holder = undefined;
      return Promise.resolve();
    });
  };
}
