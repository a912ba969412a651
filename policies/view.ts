import { type Constraint, satisfies } from "./constraint";
import { HIDDEN, shown, UNKNOWN, type Value } from "./value";

/** A resource as a policy sees it, the same from the engine, from a state file and from the offline preview. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Plain JSON, with UNKNOWN and HIDDEN at their places. Inputs, or outputs in a stack check of the engine. */
  readonly props: Readonly<Record<string, Value>>;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
  readonly parent?: string | undefined;
  /** Property → URNs of the resources whose outputs it is made of: what an unknown value refers to. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** One thing that a policy found. */
export interface Finding {
  readonly resource: Resource;
  readonly property: string;
  /** Never a secret. */
  readonly found: string;
  readonly allowed: string;
  /**
   * Whether the judgement has to wait: a document made of outputs (JSON text) is not known before the update. Then it
   * is no violation yet, and no pass either: it is reported, and decided in the update before the resource is made.
   */
  readonly undecided: boolean;
}

/** A type by one name: what `aws.alb` makes is what `aws.lb` makes, under a type of its own. */
export const canonical = (type: string): string => type.replace(/^aws:alb\//, "aws:lb/");

/** A resource, or a part of one, to be judged. What is wrong goes to `findings`. */
export class View {
  constructor(
    readonly resource: Resource,
    private readonly findings: Finding[],
    private readonly value: Value = resource.props,
    private readonly path = "",
  ) {}

  get type(): string {
    return canonical(this.resource.type);
  }
  get name(): string {
    return this.resource.name;
  }

  /** The value at a path such as "forward.targetGroups"; a mark if it or what it is part of has one. */
  get(path: string): Value {
    let value = this.value;
    for (const key of path === "" ? [] : path.split(".")) {
      if (value === UNKNOWN || value === HIDDEN) return value;
      value =
        typeof value === "object" && value !== null
          ? (value as Record<string, Value>)[key]
          : undefined;
    }
    return value ?? undefined;
  }

  /** Finds fault with a property unless it is right. An unknown value is wrong unless the constraint says otherwise. */
  must(path: string, constraint: Constraint): void {
    if (!satisfies(this.get(path), constraint)) this.wrong(path, constraint.allowed);
  }

  /** Finds fault with a property, in words. @param found what to print in place of the value */
  wrong(path: string, allowed: string, found = shown(this.get(path), this.at(path))): void {
    this.findings.push({
      resource: this.resource,
      property: this.at(path),
      found,
      allowed,
      undecided: false,
    });
  }

  /** The elements of a list; none if there is no list. A list that is not known is found fault with. */
  each(path: string): View[] {
    const list = this.get(path);
    if (list === UNKNOWN || list === HIDDEN) {
      this.wrong(path, "a list that is known before the update");
      return [];
    }
    if (!Array.isArray(list)) return [];
    return list.map(
      (element: Value, index) =>
        new View(this.resource, this.findings, element, `${this.at(path)}.${index}`),
    );
  }

  /** A document in a JSON text. Undecided while it is not known; a text that is no JSON is found fault with. */
  json(path: string): View | undefined {
    const text = this.get(path);
    if (text === undefined) return undefined;
    if (text === UNKNOWN || text === HIDDEN) {
      this.undecided(path);
      return undefined;
    }
    try {
      const value: unknown = typeof text === "string" ? JSON.parse(text) : text;
      return new View(this.resource, this.findings, value, this.at(path));
    } catch {
      this.wrong(path, "JSON", "not JSON");
      return undefined;
    }
  }

  undecided(path: string): void {
    this.findings.push({
      resource: this.resource,
      property: this.at(path),
      found: shown(this.get(path), this.at(path)),
      allowed: "decided in the update, before the resource is made",
      undecided: true,
    });
  }

  private at(path: string): string {
    return [this.path, path].filter((part) => part !== "").join(".");
  }
}
