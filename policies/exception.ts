/** A violation that somebody has decided to live with, for a reason and a time. */
export interface Exception {
  /** Id of the policy. */
  readonly policy: string;
  /** Project in which it holds; elsewhere it is not looked at. */
  readonly project: string;
  /** Stack in which it holds, exact or with `*`. */
  readonly stack: string;
  /** Logical name of the resource, exact or with `*`. */
  readonly resource: string;
  /** Why the violation is right here, in a sentence. */
  readonly reason: string;
  /** Who answers for it. */
  readonly owner: string;
  /** Last day on which it holds, "YYYY-MM-DD" (UTC). */
  readonly expires: string;
}

const pattern = (text: string) =>
  new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);

/** Project and stack of a URN: `urn:pulumi:<stack>::<project>::…`. */
function whereabouts(urn: string): { project: string; stack: string } {
  const [head = "", project = ""] = urn.split("::");
  return { project, stack: head.split(":").at(-1) ?? "" };
}

/** Whether an exception is meant for a stack at all. */
export const isMeantFor = (exception: Exception, urn: string): boolean => {
  const { project, stack } = whereabouts(urn);
  return exception.project === project && pattern(exception.stack).test(stack);
};

/** Whether an exception covers a violation, were it not for its date. */
export const covers = (
  exception: Exception,
  policy: string,
  resource: { readonly urn: string; readonly name: string },
): boolean =>
  exception.policy === policy &&
  isMeantFor(exception, resource.urn) &&
  pattern(exception.resource).test(resource.name);

export const isExpired = (exception: Exception, today: string): boolean =>
  exception.expires < today;

/** What is wrong with an exception as written, apart from its date; nothing if it is sound. */
export function exceptionProblem(
  exception: Exception,
  policyIds: ReadonlySet<string>,
): string | undefined {
  if (!policyIds.has(exception.policy))
    return "there is no such policy (docs/policies.md lists them)";
  for (const key of ["project", "stack", "resource", "reason", "owner"] as const) {
    if (typeof exception[key] !== "string" || exception[key].trim() === "")
      return `${key} is missing`;
  }
  const { expires } = exception;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(expires) || Number.isNaN(Date.parse(`${expires}T00:00:00Z`))) {
    return `expires is ${JSON.stringify(expires)}, not a day such as 2027-06-30`;
  }
  return undefined;
}
