import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RedashEncryptionKey } from "../../components/RedashEncryptionKey";
import { record } from "../../preview/recorder";
import { inventory, only } from "../support/recordings";

const recorded = () =>
  record(
    () =>
      new RedashEncryptionKey("redash", {
        deletionWindowDays: 30,
        protect: true,
        regionName: "eu-west-1",
        accountId: "111122223333",
      }),
    { stack: "test", config: {} },
  );

describe("RedashEncryptionKey", () => {
  it("rotates, can be called back for its window, and is protected", async () => {
    const recording = await recorded();
    assert.deepEqual(inventory(recording), ["Alias redash-key", "Key redash-key"]);
    const { inputs, protect } = only(recording, "Key", "redash-key");
    assert.deepEqual(
      [protect, inputs["enableKeyRotation"], inputs["deletionWindowInDays"]],
      [true, true, 30],
    );
  });

  it("lets the account's IAM decide, and CloudWatch Logs of this account and region, nobody else", async () => {
    const { inputs } = only(await recorded(), "Key", "redash-key");
    const { Statement } = JSON.parse(String(inputs["policy"])) as {
      Statement: { Principal: unknown; Condition?: unknown }[];
    };
    assert.deepEqual(
      Statement.map(({ Principal, Condition }) => ({ Principal, Condition })),
      [
        { Principal: { AWS: "arn:aws:iam::111122223333:root" }, Condition: undefined },
        {
          Principal: { Service: "logs.eu-west-1.amazonaws.com" },
          Condition: {
            ArnLike: {
              "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:*",
            },
          },
        },
      ],
    );
  });
});
