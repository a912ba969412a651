import * as pulumi from "@pulumi/pulumi";
import { privateBucket } from "./privateBucket";

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

/** A private bucket for a load balancer's logs, ready for the load balancer, which tries to write before it accepts it. */
export function accessLogs(
  name: string,
  args: AccessLogsArgs,
  parent: pulumi.Resource,
): LogTargets {
  const bucket = privateBucket(
    `${name}-logs`,
    {
      protect: args.protect,
      expiration: { days: args.retentionDays },
      oldVersionDays: 1,
      statements: (arn) => [logDelivery(arn, args.accountId)],
    },
    parent,
  );
  return {
    accessLogs: { bucket: bucket.name, prefix: ACCESS_PREFIX, enabled: true },
    connectionLogs: { bucket: bucket.name, prefix: CONNECTION_PREFIX, enabled: true },
  };
}

const ACCESS_PREFIX = "access";
const CONNECTION_PREFIX = "connections";

/**
 * The account in the path is what keeps other accounts' load balancers out.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
 */
const logDelivery = (bucketArn: pulumi.Output<string>, accountId: pulumi.Input<string>) => ({
  Sid: "LoadBalancersWrite",
  Effect: "Allow",
  Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
  Action: "s3:PutObject",
  Resource: [ACCESS_PREFIX, CONNECTION_PREFIX].map(
    (prefix) => pulumi.interpolate`${bucketArn}/${prefix}/AWSLogs/${accountId}/*`,
  ),
});
