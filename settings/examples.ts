import { KEYS } from "./keys";
import { type Problem, variableNames } from "./problem";

/**
 * Marks of a value that nobody has filled in yet: the documentation's account, domains (RFC 2606),
 * networks (RFC 5737) and ids. The committed stack files consist of them.
 */
const EXAMPLE =
  /:123456789012:|\bexample\.(?:com|org|net)\b|\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d|-0123456789abcdef[0-9a-f]\b|^Z0123456789/;

/** The keys whose values are still examples: fine for a look, refused by a real run. */
export function exampleValues(found: Readonly<Record<string, unknown>>): Problem[] {
  return Object.entries(found)
    .filter(([, value]) => EXAMPLE.test(typeof value === "string" ? value : JSON.stringify(value)))
    .map(([name, value]) => ({
      key: `redash:${name}`,
      value:
        name === "environment"
          ? variableNames(value as object)
          : typeof value === "string"
            ? value
            : JSON.stringify(value),
      allowed: `your own value in place of the example: ${KEYS[name as keyof typeof KEYS].allowed}`,
      fix: `pulumi config set redash:${name} <yours>`,
    }));
}
