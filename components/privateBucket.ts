import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";

export interface PrivateBucketArgs {
  /** Whether Pulumi refuses to delete it; otherwise it goes with all that is in it. */
  readonly protect: boolean;
  /** @default AES256: load balancers write to no bucket that is encrypted with a key of its own */
  readonly keyArn?: pulumi.Input<string> | undefined;
  /** When objects end: after days, or only what marks a deleted one whose versions are gone. */
  readonly expiration: { readonly days: number } | { readonly expiredObjectDeleteMarker: true };
  /** Days that an overwritten or deleted object is kept. */
  readonly oldVersionDays: number;
  /** Statements of its policy besides the one that refuses requests without TLS. @default none */
  readonly statements?: (bucketArn: pulumi.Output<string>) => object[];
}

export interface PrivateBucket {
  /** Resolves when its policy is in place. */
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
}

/**
 * A bucket with versions that nobody outside of the account reaches. A part that comes after another takes the
 * bucket's name from it: S3 refuses two changes of one bucket at a time.
 */
export function privateBucket(
  name: string,
  args: PrivateBucketArgs,
  parent: pulumi.Resource,
): PrivateBucket {
  const opts = { parent };
  const bucket = new s3.Bucket(
    name,
    { forceDestroy: !args.protect },
    { parent, protect: args.protect },
  );
  const ownership = new s3.BucketOwnershipControls(
    name,
    { bucket: bucket.bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
    opts,
  );
  const publicAccess = new s3.BucketPublicAccessBlock(
    name,
    {
      bucket: ownership.bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    opts,
  );
  new s3.BucketServerSideEncryptionConfiguration(
    name,
    { bucket: bucket.bucket, rules: [encryption(args.keyArn)] },
    opts,
  );
  const versioning = new s3.BucketVersioning(
    name,
    { bucket: bucket.bucket, versioningConfiguration: { status: "Enabled" } },
    opts,
  );
  new s3.BucketLifecycleConfiguration(
    name,
    {
      bucket: versioning.bucket,
      rules: [
        {
          id: "expire",
          status: "Enabled",
          filter: {},
          expiration: args.expiration,
          noncurrentVersionExpiration: { noncurrentDays: args.oldVersionDays },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
        },
      ],
    },
    opts,
  );
  const policy = new s3.BucketPolicy(
    name,
    {
      bucket: publicAccess.bucket,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [...(args.statements?.(bucket.arn) ?? []), tlsOnly(bucket.arn)],
      }),
    },
    opts,
  );
  return { name: policy.bucket, arn: bucket.arn };
}

const encryption = (keyArn: pulumi.Input<string> | undefined) =>
  keyArn === undefined
    ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }
    : {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
        // One call of KMS for many objects.
        bucketKeyEnabled: true,
      };

const tlsOnly = (bucketArn: pulumi.Output<string>) => ({
  Sid: "TlsOnly",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: [bucketArn, pulumi.interpolate`${bucketArn}/*`],
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});
