import assert from "node:assert/strict";
import { it } from "mocha";
import { readSettings } from "../../settings/read";
import { soundConfig } from "./configs";

type Changes = Readonly<Record<string, string | undefined>>;

/** A sound production config in the phase that needs the most, and what differs; undefined takes a key out. */
export const changedConfig = (changes: Changes) =>
  Object.fromEntries(
    Object.entries({ ...soundConfig("production", "replicating"), ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );

/** What is said of a changed config, as "key = value | what is allowed | the fix". */
export const said = (changes: Changes) =>
  readSettings(changedConfig(changes)).problems.map(
    ({ key, value, allowed, fix }) => `${key} = ${value ?? "(missing)"} | ${allowed} | ${fix}`,
  );

/** A test for each: what it says of a config, the changes, and the exact problems. */
export function itSays(
  cases: readonly (readonly [sentence: string, changes: Changes, expected: readonly string[]])[],
): void {
  for (const [sentence, changes, expected] of cases) {
    it(sentence, () => {
      assert.deepEqual(said(changes), expected);
    });
  }
}
