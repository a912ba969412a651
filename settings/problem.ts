/** One thing that is wrong with the settings: enough to mend it without opening the documentation. */
export interface Problem {
  /** The key, with its namespace. */
  readonly key: string;
  /** The value found, as written; undefined if the key is missing. */
  readonly value?: string | undefined;
  /** What would be allowed. */
  readonly allowed: string;
  /** What to type. */
  readonly fix: string;
}

/** The names of variables, never their values: one of them may be a secret. */
export const variableNames = (variables: object): string =>
  `(${Object.keys(variables).join(", ")})`;

const shown = (value: string) => (value.length > 120 ? `${value.slice(0, 117)}...` : value);

/** All problems as one text: the only error that a person with wrong settings sees. */
export function problemText(stack: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [
    `${count} in the settings of stack ${stack}; nothing was changed.`,
    ...problems.flatMap(({ key, value, allowed, fix }) => [
      "",
      value === undefined ? `  ${key} is missing` : `  ${key} = ${shown(value)}`,
      `    allowed: ${allowed}`,
      `    fix:     ${fix}`,
    ]),
  ].join("\n");
}

/** How to set a key: a command for a scalar, a line of the stack file for a list or a map. */
export function setCommand(key: string, example: unknown): string {
  const text = typeof example === "string" ? example : JSON.stringify(example);
  return typeof example === "object"
    ? `write ${key}: ${text} into the stack file`
    : `pulumi config set ${key} ${text}`;
}
