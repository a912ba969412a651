import type { View } from "./view";

/** One statement of an IAM, key, bucket, topic or secret policy, with every list a list. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  /** Whether the statement is for everything but its actions. */
  readonly isForOtherActions: boolean;
  /** "*", ARNs, account numbers and service names. */
  readonly principals: readonly string[];
  readonly resources: readonly string[];
  /** Operator → condition key in lower case → values. */
  readonly conditions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

type Json = Readonly<Record<string, unknown>>;

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

function statement(json: Json): Statement {
  const principal = json["Principal"];
  return {
    effect: json["Effect"] === "Deny" ? "Deny" : "Allow",
    actions: texts(json["Action"] ?? json["NotAction"]),
    isForOtherActions: json["NotAction"] !== undefined,
    // Whoever is not named: everybody else, as far as anybody can say.
    principals:
      json["NotPrincipal"] !== undefined
        ? ["*"]
        : isJson(principal)
          ? Object.values(principal).flatMap(texts)
          : texts(principal),
    resources: json["NotResource"] !== undefined ? ["*"] : texts(json["Resource"]),
    conditions: Object.fromEntries(
      Object.entries(isJson(json["Condition"]) ? json["Condition"] : {}).map(([operator, keys]) => [
        operator,
        Object.fromEntries(
          Object.entries(isJson(keys) ? keys : {}).map(([key, it]) => [
            key.toLowerCase(),
            texts(it),
          ]),
        ),
      ]),
    ),
  };
}

/**
 * The statements of a policy document in a property.
 * @returns undefined if there is none, or if it is not known yet (then the finding is recorded as undecided)
 */
export function statements(view: View, property: string): Statement[] | undefined {
  const found: unknown = view.json(property)?.get("Statement");
  return found === undefined
    ? undefined
    : (Array.isArray(found) ? found : [found]).filter(isJson).map(statement);
}

/** Condition keys that tie a caller to an account, an organisation, a network or a resource. */
const TIES = new Set([
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceowner",
  "aws:sourceorgid",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "kms:calleraccount",
]);

/** Operators that demand a value; `…IfExists`, negations and `ForAllValues` (true without the key) do not. */
export const DEMANDS = /^(?:ForAnyValue:)?(?:String|Arn)(?:Equals|Like|EqualsIgnoreCase)$/;

/** A value that leaves the account open: "*", or an ARN with a wildcard for the account. */
const isAnybody = (value: string) => /^\*+$|^arn:[^:]*:[^:]*:[^:]*:\*+(?::|$)/.test(value);

/** Whether anybody on earth may do something by it. */
export const isPublic = ({ effect, principals, conditions }: Statement): boolean =>
  effect === "Allow" &&
  principals.some((it) => it === "*" || it === "arn:aws:iam::*:root") &&
  !Object.entries(conditions).some(
    ([operator, keys]) =>
      DEMANDS.test(operator) &&
      Object.entries(keys).some(([key, values]) => TIES.has(key) && !values.some(isAnybody)),
  );

/** Whether a statement is about an action, by name or by wildcard. */
export const isAbout = (
  { actions, isForOtherActions }: Pick<Statement, "actions" | "isForOtherActions">,
  action: string,
): boolean => actions.some((pattern) => glob(pattern).test(action)) !== isForOtherActions;

const glob = (pattern: string) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "i",
  );

/** Finds fault with a policy document that lets everybody in. */
export function mustNotBePublic(view: View, property: string): void {
  if (statements(view, property)?.some(isPublic))
    view.wrong(
      property,
      "principals by their ARN or service, or a condition on account, organisation or source",
      "open to everybody",
    );
}
