import { looksSecret } from "../redash/environment";
import type { Mode } from "../redash/phase";
import { combinationProblems } from "./combinations";
import { exampleValues } from "./examples";
import type { AnyKey } from "./key";
import { KEYS, type KeyName, type Values } from "./keys";
import { type Problem, setCommand, variableNames } from "./problem";

/** What was found in a stack's config. `values` exists only without problems. */
export interface Reading {
  readonly values?: Values;
  readonly problems: readonly Problem[];
  /** Keys whose values are still the examples of the committed stack files. */
  readonly examples: readonly Problem[];
}

const NAMESPACE = "redash:";

/**
 * Judges a whole stack config at once: unknown keys, each key by itself, then their combinations.
 * @param config key → text as the engine hands it over; lists and maps as JSON; an empty text is "not set"
 */
export function readSettings(config: Readonly<Record<string, string>>): Reading {
  const texts = new Map(
    Object.entries(config)
      .filter(([name, text]) => name.startsWith(NAMESPACE) && text !== "")
      .map(([name, text]) => [name.slice(NAMESPACE.length), text]),
  );
  const problems: Problem[] = [...texts]
    .filter(([name]) => !Object.hasOwn(KEYS, name))
    .map(([name, text]) => unknownKey(name, text));
  const found: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(KEYS)) {
    const text = texts.get(name);
    if (text === undefined || isUnsetList(key, text)) {
      if (key.required) problems.push(missing(name, key));
      continue;
    }
    const value = parse(key, text);
    const judged = value === undefined ? undefined : key.schema.safeParse(value);
    if (judged?.success) found[name] = judged.data;
    else problems.push(wrong(name, text, key, judged?.error.issues[0]));
  }
  const mode = (found["mode"] ?? "rehearsal") as Mode;
  const values = Object.freeze({
    phase: "greenfield",
    ...defaults(mode),
    ...found,
    mode,
  }) as Values;
  // A combination is judged only if its parts are sound: a wrong or missing part has its problem already.
  const broken = new Set(problems.map(({ key }) => key.slice(NAMESPACE.length)));
  problems.push(
    ...combinationProblems(values).filter(({ parts }) => !parts.some((part) => broken.has(part))),
  );
  const examples = exampleValues(found);
  return problems.length > 0 ? { problems, examples } : { values, problems, examples };
}

/** The values of all keys that are not set, for a mode. */
export function defaults(mode: Mode): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(KEYS)) {
    const value = key.modeDefault === undefined ? key.default : key.modeDefault[mode];
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** Pulumi.yaml cannot say "no default", so an empty list stands for the mode's own (docs/settings.md). */
const isUnsetList = (key: AnyKey, text: string) =>
  (key.type === "array" && text === "[]") || (key.type === "object" && text === "{}");

function parse(key: AnyKey, text: string): unknown {
  switch (key.type) {
    case "string":
      return text;
    case "integer":
      return /^-?\d+$/.test(text) ? Number(text) : undefined;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "array":
    case "object":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return undefined;
      }
  }
}

const missing = (name: string, key: AnyKey): Problem => ({
  key: NAMESPACE + name,
  allowed: key.allowed,
  fix: setCommand(NAMESPACE + name, key.example),
});

function wrong(
  name: string,
  text: string,
  key: AnyKey,
  issue?: { readonly path: readonly PropertyKey[]; readonly message: string },
): Problem {
  const where = issue?.path.map(String).join(".") ?? "";
  return {
    key: NAMESPACE + name,
    value: shownText(name, text),
    allowed: where === "" ? key.allowed : `${key.allowed} (at ${where}: ${issue?.message ?? ""})`,
    fix: setCommand(NAMESPACE + name, key.example),
  };
}

/** A value as it may be printed: a secret may stand where its ARN, a variable or a certificate belongs. */
function shownText(name: string, text: string): string {
  if (name === "environment" || name === "secretEnvironment") return shownVariables(text);
  const isSecret = name === "sourceSecretsArn" && !text.startsWith("arn:");
  return isSecret || text.includes("PRIVATE KEY") ? "(hidden)" : text;
}

function shownVariables(text: string): string {
  try {
    return variableNames(JSON.parse(text) as object);
  } catch {
    return "(hidden)";
  }
}

function unknownKey(name: string, text: string): Problem {
  const nearest = (Object.keys(KEYS) as KeyName[]).reduce((best, candidate) =>
    distance(name, candidate) < distance(name, best) ? candidate : best,
  );
  return {
    key: NAMESPACE + name,
    // A secret may have been meant, and written, by whatever name.
    value: looksSecret(name) ? "(hidden)" : text,
    allowed: `the keys of docs/settings.md; the nearest is ${NAMESPACE}${nearest}`,
    fix: `pulumi config rm ${NAMESPACE}${name}, or rename it`,
  };
}

/** Levenshtein distance, without regard to case. */
function distance(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
