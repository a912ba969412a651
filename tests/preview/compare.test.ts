import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compare } from "../../preview/compare";
import type { RecordedResource, Recording } from "../../preview/recorder";

const resource = (
  name: string,
  inputs: Record<string, unknown>,
  more: Partial<RecordedResource> = {},
): RecordedResource => ({
  type: "aws:x/y:Z",
  name,
  urn: `urn::${name}`,
  custom: true,
  remote: false,
  inputs,
  secretPaths: [],
  protect: false,
  dependsOn: [],
  propertyDependencies: {},
  ignoreChanges: [],
  deleteBeforeReplace: false,
  additionalSecretOutputs: [],
  retainOnDelete: false,
  ...more,
});
const recording = (...resources: RecordedResource[]): Recording => ({ resources, outputs: {} });

describe("comparing recordings", () => {
  it("finds nothing where nothing differs, whatever the order of keys", () => {
    assert.deepEqual(
      compare(
        recording(resource("a", { x: 1, y: { z: 2 } })),
        recording(resource("a", { y: { z: 2 }, x: 1 })),
      ),
      [],
    );
  });

  it("says what came, what went and what changed, by path", () => {
    assert.deepEqual(
      compare(
        recording(resource("gone", {}), resource("kept", { list: [1, 2], deep: { a: 1 } })),
        recording(resource("kept", { list: [1, 3], deep: { b: 1 } }), resource("new", {})),
      ),
      [
        { kind: "removed", type: "aws:x/y:Z", name: "gone", changes: [] },
        {
          kind: "changed",
          type: "aws:x/y:Z",
          name: "kept",
          changes: [
            { path: "list.1", before: 2, after: 3 },
            { path: "deep.a", before: 1, after: undefined },
            { path: "deep.b", before: undefined, after: 1 },
          ],
        },
        { kind: "added", type: "aws:x/y:Z", name: "new", changes: [] },
      ],
    );
  });

  it("looks into JSON texts, and compares lists of named things by name", () => {
    const containers = (...list: unknown[]) =>
      resource("task", { definitions: JSON.stringify(list) });
    assert.deepEqual(
      compare(
        recording(containers({ name: "a", memory: 1 }, { name: "b" })),
        recording(containers({ name: "b" }, { memory: 2, name: "a" })),
      ).flatMap(({ changes }) => changes),
      [{ path: "definitions.a.memory", before: 1, after: 2 }],
    );
  });

  it("counts protection and ignored changes, which change what the engine does", () => {
    const paths = compare(
      recording(resource("a", {})),
      recording(resource("a", {}, { protect: true, ignoreChanges: ["x"], retainOnDelete: true })),
    ).flatMap(({ changes }) => changes.map(({ path }) => path));
    assert.deepEqual(paths, ["$protect", "$ignoreChanges.0", "$retainOnDelete"]);
  });
});
