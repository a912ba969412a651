import { factsOf } from "./facts";
import type { RecordedResource, Recording } from "./recorder";

const STACK = "pulumi:pulumi:Stack";

/** "aws:rds/instance:Instance" → "rds Instance"; components keep their own name. */
export function shortType(type: string): string {
  const [, module = "", name = ""] = type.split(":");
  const service = module.split("/")[0] ?? "";
  return service === "index" ? name : `${service} ${name}`;
}

/** All resources below their components, one line each, with what a reviewer wants to know. */
export function tree({ resources }: Recording): string[] {
  const children = new Map<string, RecordedResource[]>();
  const stack = resources.find(({ type }) => type === STACK);
  for (const resource of resources.filter((it) => it !== stack)) {
    const parent = resource.parent ?? "";
    children.set(parent, [...(children.get(parent) ?? []), resource]);
  }
  const below = (urn: string, indent: string): string[] => {
    const here = [...(children.get(urn) ?? [])].sort(byOrder);
    return here.flatMap((resource, index) => {
      const last = index === here.length - 1;
      const facts = factsOf(resource).join(" · ");
      return [
        `${indent}${last ? "└─" : "├─"} ${shortType(resource.type)} ${resource.name}${facts === "" ? "" : `  ${facts}`}`,
        ...below(resource.urn, `${indent}${last ? "   " : "│  "}`),
      ];
    });
  };
  return below(stack?.urn ?? "", "");
}

/** Components first, then by how much there is to say, then in the order of types and names. */
function byOrder(one: RecordedResource, other: RecordedResource): number {
  const rank = (it: RecordedResource) => (it.custom || it.remote ? factsOf(it).length : Infinity);
  return (
    Math.sign(rank(other) - rank(one)) ||
    one.type.localeCompare(other.type) ||
    one.name.localeCompare(other.name)
  );
}

/** How many resources of each type, most first. */
export function totals({ resources }: Recording): [type: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { type } of resources.filter((it) => it.type !== STACK)) {
    counts.set(shortType(type), (counts.get(shortType(type)) ?? 0) + 1);
  }
  return [...counts].sort(([one, many], [other, few]) => few - many || one.localeCompare(other));
}
