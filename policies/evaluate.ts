import { covers, type Exception, exceptionProblem, isExpired, isMeantFor } from "./exception";
import type { Policy } from "./policy";
import { isOfType, Stack } from "./stack";
import { type Finding, type Resource, View } from "./view";

/** A finding with the policy that made it. */
export interface Violation extends Finding {
  readonly policy: Policy;
}

/** What the whole pack says of a stack. */
export interface Verdict {
  readonly violations: readonly Violation[];
  /** Not judged yet, because a document is not known before the update. */
  readonly undecided: readonly Violation[];
  /** Violations that an exception covers. */
  readonly excepted: readonly { readonly violation: Violation; readonly exception: Exception }[];
  /** Exceptions that are wrong, expired, or cover nothing. */
  readonly exceptionProblems: readonly {
    readonly exception: Exception;
    readonly problem: string;
  }[];
  /** Ids of policies with nothing to judge in this stack. */
  readonly notApplicable: readonly string[];
}

/** What a policy finds in one resource. */
export function judge(policy: Policy, resource: Resource): Finding[] {
  const findings: Finding[] = [];
  if (policy.check && policy.types.some((type) => isOfType(resource.type, type))) {
    policy.check(new View(resource, findings));
  }
  return findings;
}

/** What a policy finds in all resources together. */
export function judgeStack(policy: Policy, resources: readonly Resource[]): Finding[] {
  const findings: Finding[] = [];
  if (policy.checkStack && isApplicable(policy, resources)) {
    policy.checkStack(new Stack(resources, findings));
  }
  return findings;
}

const isApplicable = (policy: Policy, resources: readonly Resource[]) =>
  resources.some(({ type }) => policy.types.some((pattern) => isOfType(type, pattern)));

/**
 * Judges a stack in this process.
 * @param today "YYYY-MM-DD", for exceptions
 */
export function evaluate(
  policies: readonly Policy[],
  resources: readonly Resource[],
  exceptions: readonly Exception[],
  today: string,
): Verdict {
  const found = policies.flatMap((policy) =>
    [
      ...resources.flatMap((resource) => judge(policy, resource)),
      ...judgeStack(policy, resources),
    ].map((finding): Violation => ({ ...finding, policy })),
  );
  const excepted: { violation: Violation; exception: Exception }[] = [];
  const violations = found.filter((violation) => {
    if (violation.undecided) return false;
    const exception = exceptionFor(violation.policy.id, violation.resource, exceptions, today);
    if (exception !== undefined) excepted.push({ violation, exception });
    return exception === undefined;
  });
  return {
    violations,
    undecided: found.filter(({ undecided }) => undecided),
    excepted,
    exceptionProblems: exceptionProblems(policies, found, resources, exceptions, today),
    notApplicable: policies
      .filter((policy) => !isApplicable(policy, resources))
      .map(({ id }) => id),
  };
}

/** The exception that covers a violation today, if there is one. */
export const exceptionFor = (
  policyId: string,
  resource: Resource,
  exceptions: readonly Exception[],
  today: string,
): Exception | undefined =>
  exceptions.find((it) => covers(it, policyId, resource) && !isExpired(it, today));

/** Exceptions for this stack that are wrong, expired, or cover nothing that was found. */
export function exceptionProblems(
  policies: readonly Policy[],
  found: readonly Violation[],
  resources: readonly Resource[],
  exceptions: readonly Exception[],
  today: string,
): { exception: Exception; problem: string }[] {
  const ids = new Set(policies.map(({ id }) => id));
  return exceptions.flatMap((exception) => {
    const problem = exceptionProblem(exception, ids);
    if (problem !== undefined) return [{ exception, problem }];
    if (!resources.some(({ urn }) => isMeantFor(exception, urn))) return [];
    if (isExpired(exception, today))
      return [{ exception, problem: `it expired on ${exception.expires}` }];
    return found.some(({ policy, resource }) => covers(exception, policy.id, resource))
      ? []
      : [{ exception, problem: "it covers nothing; remove it" }];
  });
}

/** A violation in one sentence for a person. */
export function sentence({ resource, property, found, allowed }: Finding, fix: string): string {
  const what = property === "" ? resource.name : `${resource.name}: ${property}`;
  return `${what} is ${found}; allowed: ${allowed}. ${fix}`;
}
