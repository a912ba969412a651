import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { INGRESS_ARGS, recordIngress } from "../support/ingress";
import { only } from "../support/recordings";

describe("the bucket of the load balancer's logs", () => {
  it("is private, encrypted, versioned, without ACLs, and forgets", async () => {
    const recording = await recordIngress(INGRESS_ARGS);
    const inputs = (type: string) => only(recording, type, "redash-logs").inputs;
    const { bucket } = inputs("BucketOwnershipControls");
    assert.equal(typeof bucket, "string");
    assert.deepEqual(inputs("Bucket"), { forceDestroy: false });
    assert.deepEqual(inputs("BucketOwnershipControls"), {
      bucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    assert.deepEqual(inputs("BucketPublicAccessBlock"), {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    assert.deepEqual(inputs("BucketServerSideEncryptionConfiguration"), {
      bucket,
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    });
    assert.deepEqual(inputs("BucketVersioning"), {
      bucket,
      versioningConfiguration: { status: "Enabled" },
    });
    assert.deepEqual(inputs("BucketLifecycleConfiguration"), {
      bucket,
      rules: [
        {
          id: "expire",
          status: "Enabled",
          filter: {},
          expiration: { days: 90 },
          noncurrentVersionExpiration: { noncurrentDays: 1 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
        },
      ],
    });
  });

  it("takes logs from load balancers of this account, and nothing without TLS", async () => {
    const policy = only(await recordIngress(INGRESS_ARGS), "BucketPolicy", "redash-logs");
    const document = JSON.parse(String(policy.inputs["policy"])) as {
      Statement: { Resource: string[] }[];
    };
    const arn = document.Statement[1]!.Resource[0]!;
    assert.match(arn, /^arn:aws:s3:::redash-logs/);
    assert.deepEqual(document, {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "LoadBalancersWrite",
          Effect: "Allow",
          Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
          Action: "s3:PutObject",
          Resource: [
            `${arn}/access/AWSLogs/111122223333/*`,
            `${arn}/connections/AWSLogs/111122223333/*`,
          ],
        },
        {
          Sid: "TlsOnly",
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: [arn, `${arn}/*`],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    });
  });

  it("has its policy before the load balancer, which writes to it at once", async () => {
    const recording = await recordIngress(INGRESS_ARGS);
    const policy = only(recording, "BucketPolicy", "redash-logs");
    assert.ok(only(recording, "LoadBalancer", "redash-alb").dependsOn.includes(policy.urn));
    assert.ok(
      policy.dependsOn.includes(only(recording, "BucketPublicAccessBlock", "redash-logs").urn),
    );
  });

  it("is deleted with its logs where nothing is protected", async () => {
    const bucket = only(
      await recordIngress({ ...INGRESS_ARGS, protect: false }),
      "Bucket",
      "redash-logs",
    );
    assert.deepEqual(bucket.inputs, { forceDestroy: true });
  });
});
