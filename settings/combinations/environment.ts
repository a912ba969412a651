import {
  commonEnvironment,
  isLoud,
  looksSecret,
  OTHER_QUEUE_VARIABLE,
  SECRET_VARIABLES,
} from "../../redash/environment";
import type { KeyName, Values } from "../keys";
import { variableNames } from "../problem";
import { type CombinationProblem, type Found, problem } from "./combination";

/** Further variables: each once, none of the program's own, no secret in clear, none that a silent Redash speaks by. */
export function* environment(values: Values): Found {
  const owned = new Set([
    ...Object.keys(
      commonEnvironment({
        host: "",
        adhocQueryTimeLimitSeconds: 0,
        scheduledQueryTimeLimitSeconds: 0,
        silent: values.silent,
      }),
    ),
    ...SECRET_VARIABLES,
    ...["QUEUES", "WORKERS_COUNT", "REDASH_WEB_WORKERS", "REDASH_GUNICORN_TIMEOUT"],
    ...["REDASH_GUNICORN_BIND", "HOME", "SECRETS_VERSION"],
    ...["ADMINISTRATOR_EMAIL", "ADMINISTRATOR_NAME", "ADMINISTRATOR_PASSWORD"],
  ]);
  const found = (
    part: "environment" | "secretEnvironment",
    allowed: string,
    fix: string,
    more: readonly KeyName[] = [],
  ): CombinationProblem => ({
    ...problem(values, [part, ...more], allowed, fix),
    value: variableNames(values[part]),
  });
  for (const name of Object.keys(values.environment)) {
    if (!(name in values.secretEnvironment)) continue;
    yield found(
      "environment",
      `each variable once; ${name} is in secretEnvironment too, and ECS refuses both`,
      `remove ${name} from redash:environment`,
      ["secretEnvironment"],
    );
  }
  for (const part of ["environment", "secretEnvironment"] as const) {
    for (const name of Object.keys(values[part])) {
      const remove = `remove ${name} from redash:${part}`;
      if (values.silent && isLoud(name)) {
        yield found(
          part,
          `nothing by which a silent Redash would tell somebody; ${name} does`,
          `${remove}; or let it speak: pulumi config set redash:silent false`,
          ["silent"],
        );
      } else if (owned.has(name)) {
        yield found(
          part,
          `variables that the program does not set itself; it sets ${name}`,
          remove,
        );
      } else if (name === OTHER_QUEUE_VARIABLE) {
        yield found(
          part,
          `one Redis for everything, REDASH_REDIS_URL's, which the program sets; ${name} is another for the queue`,
          remove,
        );
      } else if (part === "environment" && looksSecret(name)) {
        yield found(
          part,
          `no secrets; ${name} looks like one`,
          `move ${name} to redash:secretEnvironment, as the ARN of a secret`,
        );
      }
    }
  }
}
