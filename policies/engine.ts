import type { PolicyPackArgs, PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import {
  evaluate,
  exceptionFor,
  exceptionProblems,
  judge,
  judgeStack,
  sentence,
  type Violation,
} from "./evaluate";
import type { Exception } from "./exception";
import type { Policy } from "./policy";
import { isOfType } from "./stack";
import { UNKNOWN, type Value } from "./value";
import type { Finding, Resource } from "./view";

type EnginePolicy = PolicyPackArgs["policies"][number];

/** Exported without a type of its own: what reading an unknown value throws. */
const { UnknownValueError } = require("@pulumi/policy") as {
  UnknownValueError: new (mark: string, path: readonly string[]) => Error;
};

/**
 * Our policies as the engine takes them.
 *
 * What is not known before the update: a property is a violation at preview (the engine itself would turn it into an
 * advisory with exit code 0); a document made of outputs becomes the engine's advisory "can't run policy … during
 * preview" and is judged in the update: by `check` before the resource is made, by `checkStack` when all are.
 */
export function enginePolicies(
  policies: readonly Policy[],
  committed: readonly Exception[],
): EnginePolicy[] {
  const today = new Date().toISOString().slice(0, 10);
  // The engine hands each policy its own configuration only; this one is first and keeps it for the others.
  let configured: readonly Exception[] = [];
  const exceptions = () => [...committed, ...configured];
  // What resources were asked for: a stack check sees outputs, in which whatever AWS may fill in is unknown before.
  const inputs = new Map<string, Resource>();
  const used = new Set<Exception>();
  const seen = (resources: readonly PolicyResource[]) =>
    resources.map((it) => withoutFillings(fromEngine(it), inputs.get(it.urn)));

  const keeper: EnginePolicy = {
    name: "exceptions",
    description: "Every exception is sound, in force, and covers something.",
    enforcementLevel: "mandatory",
    configSchema: EXCEPTIONS_SCHEMA,
    validateResource: (args) => {
      configured = args.getConfig<{ list?: Exception[] }>().list ?? [];
      inputs.set(args.urn, fromEngine(args));
    },
    validateStack: (args, report) => {
      configured = args.getConfig<{ list?: Exception[] }>().list ?? [];
      const plain = seen(args.resources);
      const { violations, excepted, undecided } = evaluate(policies, plain, [], today);
      const found = [...violations, ...excepted.map(({ violation }) => violation), ...undecided];
      for (const { exception, problem } of exceptionProblems(
        policies,
        found,
        plain,
        exceptions().filter((it) => !used.has(it)),
        today,
      )) {
        report(
          `exception for ${exception.policy} on ${exception.resource} (${exception.owner}): ${problem}`,
        );
      }
    },
  };
  const undecidedKeeper: EnginePolicy = {
    name: "undecided",
    description: "What a preview cannot judge is said.",
    enforcementLevel: "advisory",
    validateStack: ({ resources }, report) => {
      const plain = seen(resources);
      for (const policy of policies.filter(({ checkStack }) => checkStack !== undefined)) {
        for (const finding of judgeStack(policy, plain).filter(({ undecided }) => undecided)) {
          report(
            `${policy.id} could not judge ${finding.resource.name}: ${finding.property} is ${finding.found}; the update does`,
            finding.resource.urn,
          );
        }
      }
    },
  };
  const violation = (policy: Policy, finding: Finding): string | undefined => {
    const exception = exceptionFor(policy.id, finding.resource, exceptions(), today);
    if (exception === undefined) return sentence(finding, policy.fix);
    used.add(exception);
    return undefined;
  };

  return [
    keeper,
    ...policies.map((policy) => enginePolicy(policy, violation, seen)),
    undecidedKeeper,
  ];
}

function enginePolicy(
  policy: Policy,
  violation: (policy: Policy, finding: Finding) => string | undefined,
  seen: (resources: readonly PolicyResource[]) => Resource[],
): EnginePolicy {
  const { id: name, title, controls, why, severity, enforcement: enforcementLevel } = policy;
  const head = {
    name,
    description: [title, why, controls.length > 0 ? `(${controls.join(", ")})` : ""]
      .join(" ")
      .trim(),
    enforcementLevel,
    severity,
  };
  const validateStack: NonNullable<
    Extract<EnginePolicy, { validateStack: unknown }>["validateStack"]
  > = ({ resources }, report) => {
    for (const finding of judgeStack(policy, seen(resources))) {
      const text = finding.undecided ? undefined : violation(policy, finding);
      if (text !== undefined) report(text, finding.resource.urn);
    }
  };
  if (policy.check === undefined) return { ...head, validateStack };
  return {
    ...head,
    validateResource: (args, report) => {
      if (!policy.types.some((pattern) => isOfType(args.type, pattern))) return;
      const findings = judge(policy, fromEngine(args));
      for (const finding of findings) {
        const text = finding.undecided ? undefined : violation(policy, finding);
        if (text !== undefined) report(text);
      }
      const undecided = findings.find((finding) => finding.undecided);
      if (undecided !== undefined)
        throw new UnknownValueError(UNKNOWN_STRING, [undecided.property]);
    },
    ...(policy.checkStack && { validateStack }),
  };
}

/** The engine's mark for an unknown text, which its error type wants. */
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function fromEngine(resource: PolicyResource | ResourceValidationArgs): Resource {
  const { type, name, urn, opts } = resource;
  const dependencies = "propertyDependencies" in resource ? resource.propertyDependencies : {};
  return {
    type,
    name,
    urn,
    props: plain(resource.props) as Record<string, Value>,
    protect: opts.protect,
    parent: opts.parent,
    propertyDependencies: Object.fromEntries(
      Object.entries(dependencies).map(([property, targets]) => [
        property,
        targets.map((it) => it.urn),
      ]),
    ),
  };
}

/** A resource without what is not known and was not asked for: AWS fills it in. */
function withoutFillings(resource: Resource, asked: Resource | undefined): Resource {
  if (asked === undefined) return resource;
  const props = Object.entries(resource.props).filter(
    ([key, value]) => value !== UNKNOWN || asked.props[key] !== undefined,
  );
  return { ...resource, props: Object.fromEntries(props) };
}

/** A copy of what the engine shows, with UNKNOWN where reading throws. */
function plain(value: unknown): Value {
  if (typeof value !== "object" || value === null) return value;
  const read = (key: string | number): Value => {
    try {
      return plain((value as Record<string | number, unknown>)[key]);
    } catch (error) {
      if (error instanceof UnknownValueError) return UNKNOWN;
      throw error;
    }
  };
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => read(index));
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(key)]));
}

const text = (description: string) => ({ type: "string" as const, description });

const EXCEPTIONS_SCHEMA = {
  properties: {
    list: {
      type: "array" as const,
      description: "violations to live with, each for a reason and a time",
      items: {
        type: "object" as const,
        additionalProperties: false,
        required: ["policy", "project", "stack", "resource", "reason", "owner", "expires"],
        properties: {
          policy: text("id of the policy"),
          project: text("project in which it holds"),
          stack: text("stack in which it holds, exact or with *"),
          resource: text("logical name of the resource, exact or with *"),
          reason: text("why the violation is right here"),
          owner: text("who answers for it"),
          expires: text("last day on which it holds, YYYY-MM-DD"),
        },
      },
    },
  },
};

export type { Violation };
