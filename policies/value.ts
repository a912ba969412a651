/** Stands for a value that is not known before the update has made another resource. */
export const UNKNOWN = Symbol("unknown");
/** Stands for a secret whose value the caller withholds (the offline preview does; the engine shows it). */
export const HIDDEN = Symbol("hidden");

/** What a policy may see at a path: JSON, nothing, or one of the two marks. */
export type Value = unknown;

export const isMark = (value: Value): boolean => value === UNKNOWN || value === HIDDEN;

const SECRET_NAME =
  /(?:password|passwd|secret|token|credential|private_?key|connection_?string|_url|url$|dsn)/i;

/**
 * A value as it may be printed. Policies see secrets in clear, so text is shown only where neither the property's
 * name nor the text's shape speaks of a secret.
 * @param property the path, whose last word is looked at
 */
export function shown(value: Value, property: string): string {
  if (value === undefined || value === null) return "not set";
  if (value === UNKNOWN) return "not known before the update";
  if (value === HIDDEN) return "a secret";
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  if (Array.isArray(value))
    return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value !== "string") return "an object";
  if (value === "") return "empty";
  const name = property.split(".").at(-1) ?? "";
  if (
    (SECRET_NAME.test(name) && name !== "httpTokens") ||
    /:\/\/[^/]*:[^/]*@/.test(value) ||
    /[A-Za-z0-9+/=_-]{40,}/.test(value)
  ) {
    return value.startsWith("arn:") ? value : "(hidden)";
  }
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
}
