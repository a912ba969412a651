import type { Entry, Journal } from "../../engine/journal";
import type { S3Bucket, StoredObject } from "./s3Bucket";

const PREFIX = "journal/";
/** Objects that are fetched at once: each must be there within the limit of one call, also on a busy machine. */
const AT_ONCE = 10;

/**
 * A journal in a bucket: objects numbered without a gap, each with the entries of one `append`, a line an entry. A
 * number is written once: of two that write the same one, one is told so. This fences a process that was frozen, lost
 * its lease, and woke: whoever took over has written since, so its next number is taken, and `lost` says that it must
 * end at once.
 */
export class S3Journal implements Journal {
  /** Entries never change, so that each is fetched once. */
  private readonly entries: Entry[] = [];
  private objects = 0;
  /** Text → entries that were to be written under the number that is due: one may be there although no answer said so. */
  private readonly tried = new Map<string, readonly Entry[]>();
  private isRead = false;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly losing = new AbortController();

  constructor(private readonly bucket: S3Bucket) {}

  /**
   * Aborts when somebody else has written the number that was due. The process must end then, and not even undo:
   * another one works on the same databases.
   */
  get lost(): AbortSignal {
    return this.losing.signal;
  }

  /** @throws Error if an entry is missing or damaged: what would be resumed by it is not what happened */
  read = (): Promise<readonly Entry[]> =>
    this.inTurn(async () => {
      await this.fetchNew();
      return [...this.entries];
    });

  /** @throws Error if another process has written this number */
  append = (...entries: readonly Entry[]): Promise<void> =>
    this.inTurn(async () => {
      this.lost.throwIfAborted();
      if (!this.isRead) await this.fetchNew();
      let left = entries;
      for (let attempt = 1; ; attempt++) {
        const key = keyOf(this.objects + 1);
        const text = textOf(left);
        this.tried.set(text, left);
        const found = await this.bucket.put(key, text, "absent");
        const written = this.tried.get(found?.text ?? "");
        // This, or what was tried before; then the next number is due, and what of this was part of it is written.
        if (written !== undefined) {
          this.add(written);
          left = left.filter((it) => !written.includes(it));
          if (left.length === 0) return;
          continue;
        }
        // Somebody was about to write at the same moment and did not: the number is still free.
        if (found === undefined && attempt < 3) continue;
        this.losing.abort(
          new Error(
            `${this.bucket.name}/${key} was written by another run, so this one has stopped; look at it with: npm run move -- status`,
          ),
        );
        this.lost.throwIfAborted();
      }
    });

  /** Takes over what the object holds whose number was due. */
  private add(entries: readonly Entry[]): void {
    this.entries.push(...entries);
    this.objects++;
    this.tried.clear();
  }

  private async fetchNew(): Promise<void> {
    for await (const keys of this.bucket.keys(PREFIX, keyOf(this.objects))) {
      for (let first = 0; first < keys.length; first += AT_ONCE) {
        const some = keys.slice(first, first + AT_ONCE);
        const objects = await Promise.all(some.map((key) => this.bucket.get(key)));
        for (const [index, object] of objects.entries()) this.take(some[index] ?? "", object);
      }
    }
    this.isRead = true;
  }

  /** @throws Error if it is not the object that is due */
  private take(key: string, object: StoredObject | undefined): void {
    const due = keyOf(this.objects + 1);
    if (key !== due || object === undefined)
      throw new Error(
        `${this.bucket.name}/${due} is missing, but ${key} is there: somebody has removed an entry; restore it (the bucket keeps versions)`,
      );
    this.add(object.text.split("\n").map((line) => this.parsed(due, line)));
  }

  private parsed(key: string, text: string): Entry {
    try {
      return JSON.parse(text) as Entry;
    } catch (error) {
      throw new Error(`${this.bucket.name}/${key} is no journal entry`, { cause: error });
    }
  }

  /** Two appends at once would want the same number. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}

const textOf = (entries: readonly Entry[]) =>
  entries.map((entry) => JSON.stringify(entry)).join("\n");

/** As S3 lists them: in the order of their bytes. */
const keyOf = (number: number) => `${PREFIX}${`${number}`.padStart(9, "0")}.json`;
