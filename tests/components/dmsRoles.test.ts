import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { recordDms } from "../support/migration";
import { KEY } from "../support/migrationArgs";
import { document, inventory, only } from "../support/recordings";

describe("the account's roles for DMS", () => {
  const NAMES = ["dms-vpc-role", "dms-cloudwatch-logs-role"];

  it("are used where they exist, and not made", async () => {
    const recording = await recordDms();
    assert.deepEqual(
      inventory(recording).filter((line) => /^Role(PolicyAttachment)? redash-dms/.test(line)),
      ["Role redash-dms-secrets"],
    );
  });

  for (const [found, missing] of [
    [[], "dms-vpc-role and dms-cloudwatch-logs-role"],
    [["dms-vpc-role"], "dms-cloudwatch-logs-role"],
  ] as const) {
    it(`are missed by name where the account lacks ${missing}`, async () => {
      const answers = { "aws:iam/getRoles:getRoles": { names: found } };
      await assert.rejects(recordDms({}, { answers }), (error: Error) =>
        error.message.endsWith(
          `: AWS DMS needs ${missing}, which this account lacks; have this stack make both with: pulumi config set redash:dmsCreateRoles true`,
        ),
      );
    });
  }

  it("are made on request, with AWS's policies, before DMS is asked for anything, and stay behind", async () => {
    const recording = await recordDms({ createRoles: true });
    const group = only(recording, "ReplicationSubnetGroup", "redash-dms");
    for (const name of NAMES) {
      const role = only(recording, "Role", `redash-dms-${name}`);
      const attachment = only(recording, "RolePolicyAttachment", `redash-dms-${name}`);
      assert.deepEqual(document(role, "assumeRolePolicy"), {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "dms.amazonaws.com" },
            Action: "sts:AssumeRole",
          },
        ],
      });
      assert.equal(role.inputs["name"], name);
      assert.deepEqual(attachment.inputs, {
        role: name,
        policyArn: `arn:aws:iam::aws:policy/service-role/${name === "dms-vpc-role" ? "AmazonDMSVPCManagementRole" : "AmazonDMSCloudWatchLogsRole"}`,
      });
      assert.deepEqual([role.retainOnDelete, attachment.retainOnDelete], [true, true]);
      assert.ok(group.dependsOn.includes(attachment.urn), name);
    }
  });
});

describe("the role for the assessment of DMS", () => {
  it("lets DMS write its assessment into its folder of the journal's bucket, and read nothing else there", async () => {
    const recording = await recordDms();
    const bucket = `arn:aws:s3:::${String(recording.outputs["journalBucket"])}`;
    assert.deepEqual(
      document(only(recording, "RolePolicy", "redash-migration-assessment"), "policy"),
      {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: ["s3:PutObject", "s3:DeleteObject", "s3:GetObject", "s3:PutObjectTagging"],
            Resource: `${bucket}/assessments/*`,
          },
          {
            Effect: "Allow",
            Action: ["s3:ListBucket", "s3:GetBucketLocation"],
            Resource: bucket,
          },
          {
            Effect: "Allow",
            Action: ["kms:Decrypt", "kms:GenerateDataKey"],
            Resource: KEY,
            Condition: { StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } },
          },
        ],
      },
    );
    assert.deepEqual(
      document(only(recording, "Role", "redash-migration-assessment"), "assumeRolePolicy"),
      {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "dms.amazonaws.com" },
            Action: "sts:AssumeRole",
          },
        ],
      },
    );
  });
});
