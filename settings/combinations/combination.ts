import { type KeyName, KEYS, type Values } from "../keys";
import { type Problem, setCommand } from "../problem";

/** A problem between keys that are sound by themselves. */
export interface CombinationProblem extends Problem {
  /** The keys that take part. */
  readonly parts: readonly KeyName[];
}

/** What a rule finds wrong with keys taken together. */
export type Found = Iterable<CombinationProblem>;

/** A problem with a key, given how it is and how it should be. */
export function problem(
  values: Values,
  parts: readonly [KeyName, ...KeyName[]],
  allowed: string,
  fix?: string,
): CombinationProblem {
  const [name] = parts;
  const value = values[name];
  return {
    parts,
    key: `redash:${name}`,
    value: value === undefined || typeof value === "string" ? value : JSON.stringify(value),
    allowed,
    fix: fix ?? setCommand(`redash:${name}`, KEYS[name].example),
  };
}
