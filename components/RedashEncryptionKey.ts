import * as kms from "@pulumi/aws/kms";
import * as pulumi from "@pulumi/pulumi";

export interface RedashEncryptionKeyArgs {
  /** Days between deletion and the end, 7 to 30; in them it can be called back, and everything it encrypts with it. */
  readonly deletionWindowDays: number;
  readonly protect: boolean;
  /** Region whose CloudWatch Logs may use it, such as "eu-west-1". */
  readonly regionName: string;
  /** Account whose IAM policies decide who may use it. */
  readonly accountId: pulumi.Input<string>;
}

/**
 * The stack's own key for the database, the queue, secrets and logs, rotated every year. Without it none of them can
 * be read again, backups included.
 */
export class RedashEncryptionKey extends pulumi.ComponentResource {
  /** Resolves with its policy in place. */
  readonly keyArn: pulumi.Output<string>;

  constructor(name: string, args: RedashEncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redash:index:RedashEncryptionKey", name, {}, opts);
    const key = new kms.Key(
      `${name}-key`,
      {
        description: "Redash: database, queue, secrets and logs",
        enableKeyRotation: true,
        deletionWindowInDays: args.deletionWindowDays,
        policy: keyPolicy(args),
      },
      { parent: this, protect: args.protect },
    );
    new kms.Alias(`${name}-key`, { targetKeyId: key.keyId }, { parent: this });
    this.keyArn = key.arn;
    this.registerOutputs({ keyArn: this.keyArn });
  }
}

/**
 * The account's IAM policies decide, and CloudWatch Logs of this account may use it, which IAM cannot grant.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
 */
function keyPolicy({ accountId, regionName }: RedashEncryptionKeyArgs): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Account",
        Effect: "Allow",
        Principal: { AWS: pulumi.interpolate`arn:aws:iam::${accountId}:root` },
        Action: "kms:*",
        Resource: "*",
      },
      {
        Sid: "CloudWatchLogs",
        Effect: "Allow",
        Principal: { Service: `logs.${regionName}.amazonaws.com` },
        Action: [
          "kms:Encrypt",
          "kms:Decrypt",
          "kms:ReEncrypt*",
          "kms:GenerateDataKey*",
          "kms:DescribeKey",
        ],
        Resource: "*",
        Condition: {
          ArnLike: {
            "kms:EncryptionContext:aws:logs:arn": pulumi.interpolate`arn:aws:logs:${regionName}:${accountId}:*`,
          },
        },
      },
    ],
  });
}
