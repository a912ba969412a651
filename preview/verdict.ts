import { evaluate, sentence, type Verdict } from "../policies/evaluate";
import { EXCEPTIONS } from "../policies/exceptions";
import { POLICIES } from "../policies/pack";
import { HIDDEN, UNKNOWN, type Value } from "../policies/value";
import type { Resource } from "../policies/view";
import { SECRET, UNKNOWN as UNKNOWN_TEXT } from "./internals";
import type { Recording } from "./recorder";

/** A recording as the policies see it: the stack has its outputs, secrets and unknown values their marks. */
export function judged({ resources, outputs }: Recording): Resource[] {
  return resources.map(
    ({ type, name, urn, inputs, protect, parent, propertyDependencies }): Resource => ({
      type,
      name,
      urn,
      props: marked(type === "pulumi:pulumi:Stack" ? outputs : inputs) as Record<string, Value>,
      protect,
      parent,
      propertyDependencies,
    }),
  );
}

function marked(value: unknown): Value {
  if (value === SECRET) return HIDDEN;
  if (value === UNKNOWN_TEXT) return UNKNOWN;
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, marked(it)]));
}

/** What the policy pack says of a recording. @param today "YYYY-MM-DD", for the exceptions' last days */
export const verdictOf = (
  recording: Recording,
  today: string = new Date().toISOString().slice(0, 10),
): Verdict => evaluate(POLICIES, judged(recording), EXCEPTIONS, today);

/** The verdict as lines for a person: one of summary, one per violation, exception and wrong exception. */
export function verdictLines(verdict: Verdict): string[] {
  const { violations, excepted, exceptionProblems, undecided, notApplicable } = verdict;
  const mandatory = violations.filter(({ policy }) => policy.enforcement === "mandatory");
  const advisory = violations.filter(({ policy }) => policy.enforcement === "advisory");
  const line = (level: string, policy: string, text: string) => `  ${level}  ${policy}: ${text}`;
  return [
    `${POLICIES.length} policies, ${notApplicable.length} not applicable: ${mandatory.length} violations, ${advisory.length} advisories, ${excepted.length} excepted, ${undecided.length} undecided`,
    ...mandatory.map((it) => line("VIOLATION", it.policy.id, sentence(it, it.policy.fix))),
    ...exceptionProblems.map(({ exception, problem }) =>
      line("VIOLATION", "exceptions", `${exception.policy} on ${exception.resource}: ${problem}`),
    ),
    ...advisory.map((it) => line("advisory ", it.policy.id, sentence(it, it.policy.fix))),
    ...undecided.map((it) =>
      line("undecided", it.policy.id, `${it.resource.name}: ${it.property}`),
    ),
    ...excepted.map(({ violation, exception }) =>
      line(
        "exception",
        violation.policy.id,
        `${violation.resource.name} until ${exception.expires} (${exception.owner}): ${exception.reason}`,
      ),
    ),
  ];
}

/** Whether a deployment would be refused. */
export const isRefused = ({ violations, exceptionProblems }: Verdict): boolean =>
  exceptionProblems.length > 0 ||
  violations.some(({ policy }) => policy.enforcement === "mandatory");
