import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readChange, UNCHANGED } from "../../../cutover/adapters/local/standIn/taskChange";

describe("a change as test_decoding prints it", () => {
  it("is read column by column, whatever its values look like", () => {
    assert.deepEqual(
      readChange(
        `table public."Odd.name: x": INSERT: id[integer]:1 "a b"[character varying]:'it''s id[integer]:7 new-tuple: ''' tags[text[]]:'{"a,b",NULL}' n[numeric]:-1.5 gone[text]:null word[text]:'null' bits[bit varying]:B'101' empty[text]:'' at[timestamp with time zone]:'2026-01-01 00:00:00+00'`,
      ),
      {
        kind: "INSERT",
        table: '"public"."Odd.name: x"',
        old: undefined,
        tuple: new Map<string, unknown>([
          ["id", "1"],
          ["a b", "it's id[integer]:7 new-tuple: '"],
          ["tags", '{"a,b",NULL}'],
          ["n", "-1.5"],
          ["gone", null],
          ["word", "null"],
          ["bits", "101"],
          ["empty", ""],
          ["at", "2026-01-01 00:00:00+00"],
        ]),
      },
    );
  });

  it("has an old key if the key changed, and no value where a large one did not", () => {
    assert.deepEqual(
      readChange(
        "table public.t: UPDATE: old-key: id[integer]:1 new-tuple: id[integer]:2 body[text]:unchanged-toast-datum",
      ),
      {
        kind: "UPDATE",
        table: '"public"."t"',
        old: new Map([["id", "1"]]),
        tuple: new Map<string, unknown>([
          ["id", "2"],
          ["body", UNCHANGED],
        ]),
      },
    );
  });

  it("identifies a deleted row by its key, or by nothing", () => {
    const of = (rest: string) => readChange(`table public.t: DELETE: ${rest}`)?.tuple;
    assert.deepEqual(of("id[integer]:1"), new Map([["id", "1"]]));
    assert.deepEqual(of("(no-tuple-data)"), new Map());
  });

  it("is none if it is a truncation, of one table or of several", () => {
    assert.equal(readChange("table public.t: TRUNCATE: (no-flags)"), undefined);
    assert.equal(readChange("table public.t, public.u: TRUNCATE: cascade"), undefined);
  });

  it("is refused without repeating it if it is anything else", () => {
    assert.throws(() => readChange("message: a secret"), {
      message: 'test_decoding printed something else than "table " at 0',
    });
    assert.throws(() => readChange("table public.t: INSERT: id[text]:'a secret"), {
      message: "test_decoding printed a quote that does not end",
    });
  });
});
