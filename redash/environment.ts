/** Environment variables of Redash that this program sets or refuses (redash/settings/__init__.py). */

/** Redash's secrets, injected by ARN and never in plain environment. */
export const SECRET_VARIABLES = [
  "REDASH_DATABASE_URL",
  "REDASH_REDIS_URL",
  "REDASH_COOKIE_SECRET",
  "REDASH_SECRET_KEY",
] as const;

/** Gives RQ a Redis of its own: the move suspends, drains and carries the one of REDASH_REDIS_URL, and knows no other. */
export const OTHER_QUEUE_VARIABLE = "RQ_REDIS_URL";

export interface EnvironmentArgs {
  /** Public host name; becomes https://<host> in mails and alerts. */
  readonly host: string;
  /** Limit of an ad-hoc query in seconds; Redash's own default is none. */
  readonly adhocQueryTimeLimitSeconds: number;
  /** Limit of a scheduled query in seconds; Redash's own default is none. */
  readonly scheduledQueryTimeLimitSeconds: number;
  /** Whether it runs no schedule and tells nobody, as a copy of a living Redash must. */
  readonly silent: boolean;
}

/**
 * What keeps a copy of a living Redash from acting in the world. E-mail, by which it also tells of alerts to whoever has
 * no other destination, is silent without a server: see `isLoud`.
 */
const SILENCE = {
  // No schedule runs, so no alert is checked. The worker of queue `periodic` reads it (redash/tasks/queries/maintenance.py).
  REDASH_FEATURE_DISABLE_REFRESH_QUERIES: "true",
  // A query that a person runs has its alerts checked too: Slack, webhooks and pagers are not told (redash/tasks/alerts.py).
  REDASH_ENABLED_DESTINATIONS: "redash.destinations.email",
} as const;

/** Whether a variable would have a silent Redash speak: a mail server, more destinations, receivers of events. */
export const isLoud = (name: string): boolean =>
  name.startsWith("REDASH_MAIL_") ||
  ["REDASH_ADDITIONAL_DESTINATIONS", "REDASH_EVENT_REPORTING_WEBHOOKS"].includes(name);

/** What every process gets behind one ALB, each variable with its reason. */
export function commonEnvironment(args: EnvironmentArgs): Record<string, string> {
  return {
    REDASH_HOST: `https://${args.host}`,
    // One proxy in front (the ALB): too few and all users share one login rate limit, too many and it can be forged.
    REDASH_PROXIES_COUNT: "1",
    // Secure cookies and HSTS; the ALB sets X-Forwarded-Proto, and /ping is exempt.
    REDASH_ENFORCE_HTTPS: "true",
    REDASH_ENFORCE_CSRF: "true",
    // Otherwise the first requests after a database failover answer 500 (getredash/redash#4675).
    SQLALCHEMY_ENABLE_POOL_PRE_PING: "true",
    REDASH_ADHOC_QUERY_TIME_LIMIT: String(args.adhocQueryTimeLimitSeconds),
    REDASH_SCHEDULED_QUERY_TIME_LIMIT: String(args.scheduledQueryTimeLimitSeconds),
    REDASH_VERSION_CHECK: "false",
    PYTHONUNBUFFERED: "1",
    ...(args.silent ? SILENCE : {}),
  };
}

/** Whether Redash takes a variable's text for true (`parse_boolean` of redash/settings/helpers.py). */
export const isOn = (text = ""): boolean =>
  ["yes", "true", "on", "1"].includes(text.trim().toLowerCase());

/** Names that look like a secret's; a value under such a name must come from Secrets Manager. */
const SECRET_NAME =
  /(SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL|_DSN$|DATABASE_URL|REDIS_URL|_KEY$)/;

/** Whether a variable of this name must not stand in plain environment. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name.toUpperCase());
}
