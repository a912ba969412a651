import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { evaluate } from "../../../policies/evaluate";
import type { Exception } from "../../../policies/exception";
import { POLICIES } from "../../../policies/pack";
import { HIDDEN, UNKNOWN } from "../../../policies/value";
import type { Resource } from "../../../policies/view";

export { HIDDEN, UNKNOWN };

/** A resource by what matters to a case. */
export interface Given {
  readonly type: string;
  readonly name?: string;
  readonly props?: Record<string, unknown>;
  readonly protect?: boolean;
  /** URN of the component that it belongs to. */
  readonly parent?: string;
  /** Property → names of the resources it is made of. */
  readonly refersTo?: Record<string, string>;
}

const urnOf = ({ type, name = "it" }: Given) => `urn:pulumi:test::redash::${type}::${name}`;

export function resources(
  given: readonly Given[],
  outputs: Record<string, unknown> = {},
): Resource[] {
  const stack: Given = { type: "pulumi:pulumi:Stack", name: "redash-test", props: outputs };
  return [stack, ...given].map((it) => ({
    type: it.type,
    name: it.name ?? "it",
    urn: urnOf(it),
    props: it.props ?? {},
    protect: it.protect ?? false,
    parent: it.parent,
    propertyDependencies: Object.fromEntries(
      Object.entries(it.refersTo ?? {}).map(([property, name]) => [
        property,
        given.filter((other) => other.name === name).map(urnOf),
      ]),
    ),
  }));
}

/** One case: what is given, and what the policy says of it ("property: found", "?" in front if undecided). */
export interface Case {
  readonly given: Given | readonly Given[];
  /** Outputs of the stack: mode, phase. */
  readonly stack?: Record<string, unknown>;
  /** Findings as "property is found", in any order; none if it is right. */
  readonly finds?: readonly string[];
}

/** Cases in one line each: what is given, then what is found. */
export const cases = (
  list: Record<string, readonly [given: Given | readonly Given[], ...finds: string[]]>,
): Record<string, Case> =>
  Object.fromEntries(
    Object.entries(list).map(([title, [given, ...finds]]) => [title, { given, finds }]),
  );

/** What a policy finds, as "property is found"; "undecided: " in front where it is. */
export function findings(
  policyId: string,
  { given, stack }: Case,
  exceptions: readonly Exception[] = [],
) {
  const policy = POLICIES.find(({ id }) => id === policyId);
  assert.ok(policy, `no policy ${policyId}`);
  const list = Array.isArray(given) ? (given as Given[]) : [given as Given];
  const verdict = evaluate([policy], resources(list, stack), exceptions, "2026-06-30");
  return {
    ...verdict,
    texts: [
      ...verdict.violations.map(({ property, found }) => `${property} is ${found}`),
      ...verdict.undecided.map(({ property, found }) => `undecided: ${property} is ${found}`),
    ].sort(),
  };
}

/**
 * Describes a policy by its cases, and adds what holds for each: another type is not judged, an exception covers a
 * violation, an expired one does not.
 */
export function describePolicy(id: string, cases: Readonly<Record<string, Case>>): void {
  describe(id, () => {
    for (const [title, given] of Object.entries(cases)) {
      it(title, () => {
        assert.deepEqual(findings(id, given).texts, [...(given.finds ?? [])].sort());
      });
    }
    it("does not judge another type", () => {
      const { texts, notApplicable } = findings(id, { given: { type: "aws:sqs/queue:Queue" } });
      assert.deepEqual(texts, []);
      assert.deepEqual(notApplicable, [id]);
    });
    const wrong = Object.values(cases).find(({ finds = [] }) =>
      finds.some((it) => !it.startsWith("undecided")),
    );
    it("has a case that it finds fault with, which an exception covers until its day", () => {
      assert.ok(wrong);
      const exception = {
        policy: id,
        project: "redash",
        stack: "test",
        resource: "*",
        reason: "a test",
        owner: "sre",
        expires: "2026-06-30",
      };
      const covered = findings(id, wrong, [exception]);
      assert.deepEqual(covered.violations, []);
      assert.ok(covered.excepted.length > 0);
      assert.deepEqual(covered.exceptionProblems, []);
      const expired = { ...exception, expires: "2026-06-29" };
      const again = findings(id, wrong, [expired]);
      assert.ok(again.violations.length > 0);
      assert.deepEqual(again.exceptionProblems, [
        { exception: expired, problem: "it expired on 2026-06-29" },
      ]);
    });
  });
}
