/** What test_decoding prints of a change, read column by column: values may look like anything. */
import { identifier } from "./taskSession";

/** Stands where the WAL has no value: a large one that an update left as it was. */
export const UNCHANGED = Symbol("unchanged");

/** Column → text; null for NULL. */
export type Tuple = ReadonlyMap<string, string | null | typeof UNCHANGED>;

export interface Change {
  readonly kind: "INSERT" | "UPDATE" | "DELETE";
  /** Quoted, with its schema. */
  readonly table: string;
  /** The key before, if it was printed: with a changed key, or a table that logs whole rows. */
  readonly old: Tuple | undefined;
  /** The row after; of a deleted row what identifies it, which is nothing without a primary key. */
  readonly tuple: Tuple;
}

/**
 * Reads a line such as `table public.users: UPDATE: id[integer]:1 name[text]:'it''s'`.
 * @returns undefined for a truncation, which DMS does not replicate
 * @throws Error if it is no change
 */
export function readChange(line: string): Change | undefined {
  const reader = new Reader(line);
  reader.expect("table ");
  const schema = reader.name(".");
  reader.expect(".");
  // A truncation may name several tables.
  const table = reader.name(":,");
  if (reader.at(", ")) return undefined;
  reader.expect(": ");
  const kind = reader.word();
  reader.expect(": ");
  if (kind === "TRUNCATE") return undefined;
  if (kind !== "INSERT" && kind !== "UPDATE" && kind !== "DELETE")
    throw new Error(`test_decoding printed a change of an unknown kind: ${kind}`);
  let old: Tuple | undefined;
  if (reader.skip("old-key: ")) {
    old = reader.tuple();
    reader.expect("new-tuple: ");
  }
  return {
    kind,
    table: `${identifier(schema)}.${identifier(table)}`,
    old,
    tuple: reader.skip("(no-tuple-data)") ? new Map() : reader.tuple(),
  };
}

class Reader {
  private place = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  at(words: string): boolean {
    return this.text.startsWith(words, this.place);
  }

  skip(words: string): boolean {
    const there = this.at(words);
    if (there) this.place += words.length;
    return there;
  }

  expect(words: string): void {
    // The line itself holds values of rows.
    if (!this.skip(words))
      throw new Error(`test_decoding printed something else than "${words}" at ${this.place}`);
  }

  /** A name, quoted or up to one of the characters. */
  name(ends: string): string {
    if (this.skip('"')) return this.quoted('"');
    const start = this.place;
    while (this.place < this.text.length && !ends.includes(this.text.charAt(this.place)))
      this.place++;
    return this.text.slice(start, this.place);
  }

  word(): string {
    const end = this.text.indexOf(":", this.place);
    const word = this.text.slice(this.place, end);
    this.place = end;
    return word;
  }

  /** Columns up to the end, or to the new row after an old key. */
  tuple(): Tuple {
    const tuple = new Map<string, string | null | typeof UNCHANGED>();
    while (this.place < this.text.length && !this.at("new-tuple: ")) {
      const name = this.name("[");
      // The type, which may be one of arrays: `text[]`.
      this.place = this.text.indexOf("]:", this.place) + "]:".length;
      tuple.set(name, this.value());
      this.skip(" ");
    }
    return tuple;
  }

  private value(): string | null | typeof UNCHANGED {
    this.skip("B");
    if (this.skip("'")) return this.quoted("'");
    const end = this.text.indexOf(" ", this.place);
    const bare = this.text.slice(this.place, end === -1 ? undefined : end);
    this.place += bare.length;
    if (bare === "null") return null;
    return bare === "unchanged-toast-datum" ? UNCHANGED : bare;
  }

  /** Up to the closing quote; by indexOf, because a value may have millions of characters. */
  private quoted(quote: string): string {
    const start = this.place;
    for (;;) {
      const end = this.text.indexOf(quote, this.place);
      if (end === -1) throw new Error("test_decoding printed a quote that does not end");
      this.place = end + 1;
      if (!this.skip(quote)) return this.text.slice(start, end).replaceAll(quote + quote, quote);
    }
  }
}
