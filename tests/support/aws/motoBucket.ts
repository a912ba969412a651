import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { S3Bucket } from "../../../cutover/adapters/aws/s3Bucket";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import type { Clock } from "../../../cutover/engine/clock";
import { type Moto, REGION } from "./moto";

export const BUCKET = "redash-move";

/** An empty bucket with versions, as the program makes it. */
export async function motoBucket(moto: Moto): Promise<S3Client> {
  const client = new S3Client(clientConfig(moto.options));
  await client.send(
    new CreateBucketCommand({
      Bucket: BUCKET,
      CreateBucketConfiguration: { LocationConstraint: REGION },
    }),
  );
  await client.send(
    new PutBucketVersioningCommand({
      Bucket: BUCKET,
      VersioningConfiguration: { Status: "Enabled" },
    }),
  );
  moto.requests.length = 0;
  return client;
}

/** Sleeps nowhere: the pauses of `call` cost a test nothing. */
const impatient = (clock: Clock): Clock => ({ ...clock, sleep: () => Promise.resolve() });

export const bucketOf = (client: S3Client, clock: Clock) =>
  new S3Bucket(client, BUCKET, impatient(clock));
