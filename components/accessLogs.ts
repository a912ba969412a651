import * as s3 from "@pulumi/aws/s3";
import * as pulumi from "@pulumi/pulumi";

export interface AccessLogsArgs {
  readonly accountId: pulumi.Input<string>;
  readonly retentionDays: number;
  readonly protect: boolean;
}

/** Where a load balancer writes, in the shape of its arguments. */
export interface LogTarget {
  readonly bucket: pulumi.Output<string>;
  readonly prefix: string;
  readonly enabled: true;
}

export interface LogTargets {
  /** One line per request. */
  readonly accessLogs: LogTarget;
  /** One line per connection: the only trace of a failed TLS handshake. */
  readonly connectionLogs: LogTarget;
}

/**
 * A private bucket for a load balancer's logs. A step that needs another takes the bucket's name from it: S3 refuses
 * two changes of one bucket at a time, and a load balancer tries to write before it accepts the bucket.
 */
export function accessLogs(
  name: string,
  args: AccessLogsArgs,
  parent: pulumi.Resource,
): LogTargets {
  const bucket = new s3.Bucket(
    `${name}-logs`,
    { forceDestroy: !args.protect },
    { parent, protect: args.protect },
  );
  const ownership = new s3.BucketOwnershipControls(
    `${name}-logs`,
    { bucket: bucket.bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
    { parent },
  );
  const publicAccess = new s3.BucketPublicAccessBlock(
    `${name}-logs`,
    {
      bucket: ownership.bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    { parent },
  );
  new s3.BucketServerSideEncryptionConfiguration(
    `${name}-logs`,
    // Load balancers write to no bucket that is encrypted with a key of its own.
    {
      bucket: bucket.bucket,
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    },
    { parent },
  );
  const versioning = new s3.BucketVersioning(
    `${name}-logs`,
    { bucket: bucket.bucket, versioningConfiguration: { status: "Enabled" } },
    { parent },
  );
  new s3.BucketLifecycleConfiguration(
    `${name}-logs`,
    {
      bucket: versioning.bucket,
      rules: [
        {
          id: "expire",
          status: "Enabled",
          filter: {},
          expiration: { days: args.retentionDays },
          noncurrentVersionExpiration: { noncurrentDays: 1 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
        },
      ],
    },
    { parent },
  );
  const policy = new s3.BucketPolicy(
    `${name}-logs`,
    { bucket: publicAccess.bucket, policy: logDeliveryPolicy(bucket.arn, args.accountId) },
    { parent },
  );
  return {
    accessLogs: { bucket: policy.bucket, prefix: ACCESS_PREFIX, enabled: true },
    connectionLogs: { bucket: policy.bucket, prefix: CONNECTION_PREFIX, enabled: true },
  };
}

const ACCESS_PREFIX = "access";
const CONNECTION_PREFIX = "connections";

/**
 * The account in the path is what keeps other accounts' load balancers out.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
 */
function logDeliveryPolicy(
  bucketArn: pulumi.Output<string>,
  accountId: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "LoadBalancersWrite",
        Effect: "Allow",
        Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: [ACCESS_PREFIX, CONNECTION_PREFIX].map(
          (prefix) => pulumi.interpolate`${bucketArn}/${prefix}/AWSLogs/${accountId}/*`,
        ),
      },
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucketArn, pulumi.interpolate`${bucketArn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
}
