import { UNKNOWN, type Value } from "./value";
import { canonical, type Finding, type Resource, View } from "./view";

export type Mode = "rehearsal" | "production";
export type Phase = "greenfield" | "replicating" | "switched" | "complete";

const STACK = "pulumi:pulumi:Stack";

/** All resources of a stack together, for what one alone does not show. */
export class Stack {
  readonly views: readonly View[];
  private readonly byUrn: ReadonlyMap<string, View>;

  constructor(
    readonly resources: readonly Resource[],
    private readonly findings: Finding[],
  ) {
    this.views = resources.map((resource) => new View(resource, findings));
    this.byUrn = new Map(this.views.map((view) => [view.resource.urn, view]));
  }

  /** What the stack is for (its output `mode`). Whoever does not say is judged as production. */
  get mode(): Mode {
    return this.output("mode") === "rehearsal" ? "rehearsal" : "production";
  }

  /** How far a move has come (its output `phase`); undefined for a stack that knows no phases. */
  get phase(): Phase | undefined {
    const phase = this.output("phase");
    return ["greenfield", "replicating", "switched", "complete"].includes(phase as string)
      ? (phase as Phase)
      : undefined;
  }

  /** The stack itself, to find fault with what belongs to no resource. */
  get self(): View {
    const found = this.views.find(({ type }) => type === STACK);
    return (
      found ??
      new View(
        {
          type: STACK,
          name: "stack",
          urn: "",
          props: {},
          protect: false,
          propertyDependencies: {},
        },
        this.findings,
      )
    );
  }

  /** Resources of the types; a type may have `*`. */
  of(...types: readonly string[]): View[] {
    return this.views.filter(({ type }) => types.some((pattern) => isOfType(type, pattern)));
  }

  /**
   * The resource of this stack that a property refers to: by the dependency that the program recorded, or by value.
   * @returns undefined if it refers to none of this stack's resources of that type
   */
  target(view: View, property: string, type: string): View | undefined {
    const recorded = (view.resource.propertyDependencies[property] ?? [])
      .map((urn) => this.byUrn.get(urn))
      .find((it) => it?.type === type);
    if (recorded !== undefined) return recorded;
    const value = view.get(property);
    if (value === UNKNOWN || value === undefined) return undefined;
    return this.of(type).find((candidate) =>
      ["name", "id", "arn", "identifier"].some((key) => candidate.get(key) === value),
    );
  }

  private output(name: string): Value {
    return this.views.find(({ type }) => type === STACK)?.get(name);
  }
}

/** Whether a resource type is meant by a pattern, in which `*` is anything and capitals do not count. */
export const isOfType = (type: string, pattern: string): boolean =>
  pattern.includes("*") ? expressionOf(pattern).test(type) : canonical(type) === pattern;

const expressions = new Map<string, RegExp>();
function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known !== undefined) return known;
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  const made = new RegExp(`^${escaped}$`, "i");
  expressions.set(pattern, made);
  return made;
}
