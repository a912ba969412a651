import assert from "node:assert/strict";
import type { RecordedResource, Recording } from "../../preview/recorder";

/** The one resource of a type (its last part) and name; fails with what there is instead. */
export function only(recording: Recording, type: string, name: string): RecordedResource {
  const found = recording.resources.filter(
    (resource) => resource.type.endsWith(`:${type}`) && resource.name === name,
  );
  assert.equal(
    found.length,
    1,
    `${type} ${name}: ${found.length} found in\n${inventory(recording).join("\n")}`,
  );
  return found[0]!;
}

/** "Type name" of everything that a provider makes, sorted. */
export function inventory(recording: Recording): string[] {
  return recording.resources
    .filter(({ custom, remote }) => custom || remote)
    .map((resource) => `${resource.type.split(":").at(-1) ?? ""} ${resource.name}`)
    .sort();
}

/** Names of the resources that a resource waits for, through their URNs. */
export const waitsFor = (resource: RecordedResource): string[] =>
  resource.dependsOn.map((urn) => urn.split("$").at(-1)!.split("::").slice(-2).join(" ")).sort();

/** A property that holds a JSON document, as a policy does. */
export const document = (resource: RecordedResource, property: string) =>
  JSON.parse(String(resource.inputs[property])) as unknown;
