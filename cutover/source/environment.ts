import { commonEnvironment, looksSecret, SECRET_VARIABLES } from "../../redash/environment";
import { Refusal } from "../engine/refusal";

/** What a move takes over of the environment of the source's server. */
export interface SourceEnvironment {
  /** What sessions are signed with (REDASH_COOKIE_SECRET). */
  readonly cookieSecret: string;
  /** What data sources are encrypted with (REDASH_SECRET_KEY). */
  readonly secretKey: string;
  /** Other secrets: variable → value. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Other settings of Redash: variable → value. */
  readonly plain: Readonly<Record<string, string>>;
}

/** Variables of Redash and of what it is built on; the others are the image's own. */
const OF_REDASH = /^(?:REDASH|RQ|SQLALCHEMY|ATHENA|GOOGLE|BIGQUERY|MAX_REQUESTS)/;
/** What the program decides: its own variables, addresses of the old host, and sizes of its processes. */
const DECIDED: ReadonlySet<string> = new Set([
  ...SECRET_VARIABLES,
  ...Object.keys(
    commonEnvironment({
      host: "",
      adhocQueryTimeLimitSeconds: 0,
      scheduledQueryTimeLimitSeconds: 0,
      silent: false,
    }),
  ),
  "RQ_REDIS_URL",
  "REDASH_LIMITER_STORAGE",
  "REDASH_WEB_WORKERS",
  "REDASH_LOG_LEVEL",
]);

/**
 * @param text lines NAME=value
 * @throws Refusal if there is no cookie secret, without which nothing of Redash starts
 */
export function sourceEnvironment(text: string): SourceEnvironment {
  const variables: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) variables[line.slice(0, at)] = line.slice(at + 1);
  }
  const cookieSecret = variables["REDASH_COOKIE_SECRET"] ?? "";
  if (cookieSecret === "")
    throw new Refusal(
      "the source's server has no REDASH_COOKIE_SECRET: name the service that is Redash's server (--servers)",
    );
  const others = Object.entries(variables)
    .filter(([name, value]) => OF_REDASH.test(name) && !DECIDED.has(name) && value !== "")
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    cookieSecret,
    // Set-ups from before October 2019 have none of their own: then it is the cookie secret (redash/settings/__init__.py).
    secretKey: variables["REDASH_SECRET_KEY"] || cookieSecret,
    secrets: Object.fromEntries(others.filter(([name]) => looksSecret(name))),
    plain: Object.fromEntries(others.filter(([name]) => !looksSecret(name))),
  };
}

/** The lines for the stack file. Values of secrets are not among them. */
export function stackLines(
  { secrets, plain }: SourceEnvironment,
  arns: { readonly keys: string; readonly others: string | undefined },
): string[] {
  const map = (name: string, entries: readonly (readonly [string, string])[]) =>
    entries.length === 0
      ? []
      : [
          `  redash:${name}:`,
          ...entries.map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`),
        ];
  return [
    `  redash:sourceSecretsArn: ${arns.keys}`,
    ...map("environment", Object.entries(plain)),
    ...map(
      "secretEnvironment",
      arns.others === undefined
        ? []
        : Object.keys(secrets).map((name) => [name, `${arns.others ?? ""}:${name}::`] as const),
    ),
  ];
}
