import assert from "node:assert/strict";
import * as kms from "@pulumi/aws/kms";
import * as sqs from "@pulumi/aws/sqs";
import { getZoneOutput } from "@pulumi/aws/route53/getZone";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { describe, it } from "mocha";
import { record } from "../../preview/recorder";
import { only } from "../support/recordings";

const run = (program: () => unknown, options = {}) =>
  record(program, { stack: "test", config: {}, ...options });

describe("the recorder", () => {
  it("refuses a resource type that it has no answer for: an empty answer would look like a working program", async () => {
    await assert.rejects(
      run(() => new sqs.Queue("jobs")),
      {
        message:
          /no answer for resource type aws:sqs\/queue:Queue: add it to preview\/mockResources.ts/,
      },
    );
  });

  it("refuses a call that it has no answer for", async () => {
    await assert.rejects(
      run(() => new kms.Alias("zone", { targetKeyId: getZoneOutput({ name: "acme.io" }).id })),
      /no answer for call aws:route53\/getZone:getZone: add it to preview\/mocks.ts/,
    );
  });

  it("fails with what a program throws, also in an apply that feeds a resource", async () => {
    await assert.rejects(
      run(() => {
        throw new pulumi.RunError("at once");
      }),
      { message: "at once" },
    );
    await assert.rejects(
      run(() => {
        const late = pulumi.output(1).apply((): string => {
          throw new Error("later");
        });
        new kms.Key("key", { description: late });
      }),
      /later/,
    );
  });

  it("never shows a secret: marked in inputs with its path, and in outputs", async () => {
    const recording = await run(() => {
      const { result } = new random.RandomPassword("password", { length: 48 });
      const key = new kms.Key("key", {
        description: pulumi.interpolate`it is ${result}`,
        tags: { a: pulumi.secret("hush"), b: "open" },
      });
      return { result, tags: key.tags, plain: "open" };
    });
    const { inputs, secretPaths } = only(recording, "Key", "key");
    assert.deepEqual(inputs, { description: "[secret]", tags: { a: "[secret]", b: "open" } });
    assert.deepEqual(secretPaths, ["description", "tags.a"]);
    assert.equal(recording.outputs["result"], "[secret]");
    assert.equal(recording.outputs["plain"], "open");
    assert.doesNotMatch(JSON.stringify(recording), /hush/);
  });

  it("marks what is not known before the update, where it stands", async () => {
    const recording = await run(
      () => {
        const { keyId, arn } = new kms.Key("key", { description: "known" });
        new kms.Alias("alias", { targetKeyId: keyId, name: "alias/known" });
        return { arn };
      },
      { unknowns: true },
    );
    assert.deepEqual(only(recording, "Alias", "alias").inputs, {
      name: "alias/known",
      targetKeyId: "[unknown]",
    });
    assert.deepEqual(recording.outputs, { arn: "[unknown]" });
  });

  it("says which resources an input is made of", async () => {
    const recording = await run(() => {
      const { keyId } = new kms.Key("key");
      new kms.Alias("alias", { targetKeyId: keyId });
    });
    const { urn } = only(recording, "Key", "key");
    assert.deepEqual(only(recording, "Alias", "alias").propertyDependencies, {
      targetKeyId: [urn],
    });
  });

  it("keeps recordings apart, also when they run at the same time", async () => {
    const one = (name: string) => run(() => new kms.Key(name));
    const recordings = await Promise.all(["a", "b", "c"].map(one));
    for (const [index, name] of ["a", "b", "c"].entries()) {
      assert.deepEqual(
        recordings[index]!.resources.filter(({ custom }) => custom)
          .map((it) => it.name)
          .filter((it) => !it.startsWith("redash")),
        [name],
      );
    }
  });
});
