import { isMark, type Value } from "./value";

/** What a property must be. */
export interface Constraint {
  /** In words, as a violation prints it after "allowed:". */
  readonly allowed: string;
  /** Whether a known value (or undefined, if there is none) is right. */
  readonly test: (value: Value) => boolean;
  /** Whether a value counts that nobody knows yet. Only where being set is all that matters. @default false */
  readonly acceptsUnknown?: boolean;
}

/** The judgement of a value, marks included. */
export function satisfies(value: Value, constraint: Constraint): boolean {
  if (isMark(value)) return constraint.acceptsUnknown === true;
  return constraint.test(value);
}

const words = (values: readonly unknown[]) => values.map((it) => JSON.stringify(it)).join(", ");

export const is = (...expected: readonly (string | number | boolean)[]): Constraint => ({
  allowed: words(expected),
  test: (value) => expected.includes(value as string),
});

/** Not set at all: the cluster-style arguments, for instance. */
export const absent: Constraint = {
  allowed: "nothing",
  test: (value) => value === undefined || value === null,
};

/** Not set, or right; for what has a sound default. */
export const absentOr = (constraint: Constraint): Constraint => ({
  ...constraint,
  allowed: `${constraint.allowed}, or nothing`,
  test: (value) => value === undefined || value === null || constraint.test(value),
});

/** Anything at all; a reference to another resource's output counts before it is known. */
export const set: Constraint = {
  allowed: "a value",
  test: (value) => value !== undefined && value !== null && value !== "",
  acceptsUnknown: true,
};

/** A list with something in it, of things known or not. */
export const notEmpty: Constraint = {
  allowed: "at least one",
  test: (value) => Array.isArray(value) && value.length > 0,
  acceptsUnknown: true,
};

export const atLeast = (minimum: number, unit = ""): Constraint => ({
  allowed: `at least ${minimum}${unit === "" ? "" : ` ${unit}`}`,
  test: (value) => typeof value === "number" && value >= minimum,
});

export const between = (minimum: number, maximum: number, unit = ""): Constraint => ({
  allowed: `${minimum} to ${maximum}${unit === "" ? "" : ` ${unit}`}`,
  test: (value) => typeof value === "number" && value >= minimum && value <= maximum,
});

export const matches = (pattern: RegExp, allowed: string): Constraint => ({
  allowed,
  test: (value) => typeof value === "string" && pattern.test(value),
});

/** A list that contains a value. */
export const includes = (element: string): Constraint => ({
  allowed: `a list with ${JSON.stringify(element)}`,
  test: (value) => Array.isArray(value) && value.includes(element),
});

/** Anything but. */
export const not = (constraint: Constraint, allowed: string): Constraint => ({
  allowed,
  test: (value) => !constraint.test(value),
});
