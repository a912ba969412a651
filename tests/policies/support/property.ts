import { type Case, type Given, HIDDEN, UNKNOWN } from "./cases";

/** Values of one property of a resource that is right otherwise, and what a policy says of each. */
export interface PropertyCases {
  /** Values that pass; `undefined` is none at all. */
  readonly right?: readonly unknown[];
  /** Values that are found fault with. */
  readonly wrong?: readonly unknown[];
  /** Values that wait for the update. */
  readonly undecided?: readonly unknown[];
  /** What is printed of a wrong value. @default as policies print it */
  readonly as?: string;
  /** Property that the finding names. @default the one that is set */
  readonly at?: string;
  /** Outputs of the stack. @default none, which is production */
  readonly stack?: Record<string, unknown>;
  /** Other resources of the stack. @default none */
  readonly beside?: readonly Given[];
}

/** A stack that is made and destroyed. */
export const REHEARSAL = { mode: "rehearsal" };
export const PRODUCTION = { mode: "production" };

/**
 * One case per value.
 * @param path property such as "options.key"; a number counts in a list
 */
export function property(base: Given, path: string, of: PropertyCases): Record<string, Case> {
  const made = (
    word: string,
    values: readonly unknown[] = [],
    finds: (value: unknown) => string[],
  ) =>
    values.map((value): [string, Case] => [
      `${word} ${path} ${words(value)}${of.stack ? ` in a stack for ${String(of.stack["mode"])}` : ""} (${base.type.split(":").at(-1) ?? ""}${base.name === undefined ? "" : ` ${base.name}`})`,
      {
        given: [{ ...base, props: set(base.props ?? {}, path.split("."), value) as Given["props"] & object }, ...(of.beside ?? [])], // prettier-ignore
        ...(of.stack && { stack: of.stack }),
        finds: finds(value),
      },
    ]);
  const at = of.at ?? path;
  return Object.fromEntries([
    ...made("accepts", of.right, () => []),
    ...made("refuses", of.wrong, (value) => [`${at} is ${of.as ?? printed(value)}`]),
    ...made("waits for the update to judge", of.undecided, (value) => [
      `undecided: ${at} is ${printed(value)}`,
    ]),
  ]);
}

/** A value as the policies print it, said once more: the tests do not ask the code under test. */
function printed(value: unknown): string {
  if (value === undefined) return "not set";
  if (value === UNKNOWN) return "not known before the update";
  if (value === HIDDEN) return "a secret";
  if (Array.isArray(value))
    return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  return value === "" ? "empty" : JSON.stringify(value);
}

const words = (value: unknown): string =>
  value === undefined || value === UNKNOWN || value === HIDDEN
    ? printed(value)
    : JSON.stringify(value, (_, it: unknown) => (typeof it === "symbol" ? String(it) : it));

function set(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  const inner = (value as Record<string, unknown> | undefined)?.[key];
  const changed = set(inner, rest, to);
  return Array.isArray(value)
    ? value.map((it: unknown, index) => (String(index) === key ? changed : it))
    : { ...(value as object | undefined), [key]: changed };
}
