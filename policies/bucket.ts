import type { Stack } from "./stack";
import type { View } from "./view";

/** Provider 6 and 7 name the bucket and its parts `…V2` as well. */
export const BUCKETS = ["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"] as const;

/** The two types of a part of a bucket: `part("Versioning")`. */
export const part = (name: string): string[] =>
  ["", "V2"].map((version) => `aws:s3/bucket${name}${version}:Bucket${name}${version}`);

/**
 * The bucket that a property of a resource refers to, through parts of it: a policy may take the bucket's name from
 * the public access block, so that S3 gets one request after the other.
 * @returns undefined if it is none of this stack's
 */
export function bucketOf(
  stack: Stack,
  view: View,
  property = "bucket",
  seen: ReadonlySet<string> = new Set(),
): View | undefined {
  if (seen.has(view.resource.urn)) return undefined;
  const buckets = stack.of(...BUCKETS);
  const urns = view.resource.propertyDependencies[property] ?? [];
  const recorded = buckets.find((bucket) => urns.includes(bucket.resource.urn));
  if (recorded !== undefined) return recorded;
  const through = stack.views
    .filter((it) => urns.includes(it.resource.urn) && it.type.startsWith("aws:s3/"))
    .map((it) => bucketOf(stack, it, "bucket", new Set([...seen, view.resource.urn])))
    .find((bucket) => bucket !== undefined);
  if (through !== undefined) return through;
  const name = view.get(property);
  return typeof name === "string"
    ? buckets.find((bucket) => ["bucket", "id", "arn"].some((key) => bucket.get(key) === name))
    : undefined;
}

/** The parts of a bucket of a kind, such as "Policy". */
export const partsOf = (stack: Stack, bucket: View, name: string): View[] =>
  stack.of(...part(name)).filter((it) => bucketOf(stack, it)?.resource.urn === bucket.resource.urn);

/** Resources that write logs to a bucket, and the property that names it. */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  "aws:lb/loadBalancer:LoadBalancer": ["accessLogs", "connectionLogs"],
  "aws:ec2/flowLog:FlowLog": ["logDestination"],
  "aws:cloudtrail/trail:Trail": ["s3BucketName"],
  "aws:s3/bucketLogging:BucketLogging": ["targetBucket"],
  "aws:s3/bucketLoggingV2:BucketLoggingV2": ["targetBucket"],
};

/** Whether AWS itself writes logs to a bucket of this stack. */
export const isLogDestination = (stack: Stack, bucket: View): boolean =>
  Object.entries(WRITERS).some(([type, properties]) =>
    stack
      .of(type)
      .some((writer) =>
        properties.some(
          (property) =>
            bucketOf(stack, writer, property)?.resource.urn === bucket.resource.urn ||
            (typeof writer.get(`${property}.bucket`) === "string" &&
              writer.get(`${property}.bucket`) === bucket.get("bucket")),
        ),
      ),
  );
