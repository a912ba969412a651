import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { record } from "../../preview/recorder";

/** A text that a recording hides, as the program computes it. */
export async function hiddenText(
  program: () => unknown,
  [type, name, property]: readonly [type: string, name: string, property: string],
): Promise<string> {
  let text: Promise<string> | undefined;
  await record(
    () => {
      pulumi.runtime.registerStackTransformation((it) => {
        if (it.type.endsWith(`:${type}`) && it.name === name) {
          const { [property]: value } = it.props as Record<string, pulumi.Input<string>>;
          text = new Promise((resolve) => {
            pulumi.unsecret(pulumi.output(value ?? "")).apply(resolve);
          });
        }
        return undefined;
      });
      return program();
    },
    { stack: "test", config: {} },
  );
  assert.ok(text, name);
  return text;
}
