import type { Entry, Journal, Lock } from "../../../cutover/engine/journal";

/** A journal that outlives the processes of a test. */
export class MemoryJournal implements Journal {
  readonly entries: Entry[] = [];

  read = (): Promise<readonly Entry[]> => Promise.resolve([...this.entries]);
  append = (...entries: readonly Entry[]): Promise<void> => {
    this.entries.push(...entries);
    return Promise.resolve();
  };

  /** The journal as a process sees it that is killed as soon as some entries of its own are written: nothing returns any more. */
  forProcessKilledAfter(entries: number): Journal & { readonly dead: Promise<void> } {
    let left = entries;
    let die: () => void;
    const dead = new Promise<void>((resolve) => {
      die = resolve;
    });
    return {
      read: this.read,
      append: async (...given) => {
        if (left > 0) await this.append(...given);
        left -= given.length;
        if (left > 0) return;
        die();
        await new Promise(() => undefined);
      },
      dead,
    };
  }
}

export class MemoryLock implements Lock {
  holder: string | undefined;
  constructor(private readonly name = "one") {}
  heldBy = (): Promise<string | undefined> => Promise.resolve(this.holder);
  acquire = (): Promise<() => Promise<void>> => {
    if (this.holder !== undefined) return Promise.reject(new Error(`${this.holder} is at work`));
    this.holder = this.name;
    return Promise.resolve(() => {
      this.holder = undefined;
      return Promise.resolve();
    });
  };
}
