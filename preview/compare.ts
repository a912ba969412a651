import type { RecordedResource, Recording } from "./recorder";

/** What differs between two recordings, one resource at a time. */
export interface Difference {
  readonly kind: "added" | "removed" | "changed";
  readonly type: string;
  readonly name: string;
  /** Paths that differ, for a changed resource. */
  readonly changes: readonly Change[];
}
export interface Change {
  readonly path: string;
  /** Undefined where the path did not exist. */
  readonly before?: unknown;
  readonly after?: unknown;
}

const identity = ({ type, name }: RecordedResource) => `${type} ${name}`;

/** Compares property by property, in the order of types and names. JSON texts are compared by their content. */
export function compare(before: Recording, after: Recording): Difference[] {
  const old = new Map(before.resources.map((it) => [identity(it), it]));
  const now = new Map(after.resources.map((it) => [identity(it), it]));
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((key): Difference[] => {
    const [was, is] = [old.get(key), now.get(key)];
    const { type, name } = (is ?? was) as RecordedResource;
    if (type === "pulumi:pulumi:Stack") return [];
    if (was === undefined) return [{ kind: "added", type, name, changes: [] }];
    if (is === undefined) return [{ kind: "removed", type, name, changes: [] }];
    const changes = differences(compared(was), compared(is), "");
    return changes.length === 0 ? [] : [{ kind: "changed", type, name, changes }];
  });
}

/** What counts: the inputs and the options that change what the engine does. */
const compared = ({ inputs, protect, ignoreChanges, retainOnDelete }: RecordedResource) => ({
  ...inputs,
  $protect: protect,
  $ignoreChanges: ignoreChanges,
  $retainOnDelete: retainOnDelete,
});

function differences(before: unknown, after: unknown, path: string): Change[] {
  const [was, is] = [opened(before), opened(after)];
  if (isTree(was) && isTree(is)) {
    const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
    return [...keys].flatMap((key) =>
      differences(was[key], is[key], path === "" ? key : `${path}.${key}`),
    );
  }
  return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ path, before: was, after: is }];
}

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null;

/** Container definitions, policies and the like are JSON in a text; lists of named things are compared by name. */
function opened(value: unknown): unknown {
  if (typeof value === "string" && /^[[{]/.test(value)) {
    try {
      return opened(JSON.parse(value));
    } catch {
      return value;
    }
  }
  if (Array.isArray(value) && value.length > 0 && value.every(isNamed)) {
    return Object.fromEntries(value.map((element) => [element.name, element]));
  }
  return value;
}

const isNamed = (value: unknown): value is { name: string } =>
  isTree(value) && typeof value["name"] === "string";
