import { getObject } from "@pulumi/aws/s3/getObject";
import { getObjects } from "@pulumi/aws/s3/getObjects";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { PHASES, type Phase } from "../redash/phase";

const KEY = "phase.json";
const record = z.object({ phase: z.enum(PHASES) });

/**
 * The phase that the move has recorded last (cutover/adapters/aws/s3Phase.ts).
 * @returns `replicating` if it has recorded none yet; undefined if the bucket is gone, which `complete` removes
 * @throws pulumi.RunError if it cannot be read: then nobody knows where users are
 */
export async function recordedPhase(bucket: string): Promise<Phase | undefined> {
  try {
    // Reading an object that is not there is an error like any other, so it is looked for first.
    const { keys } = await getObjects({ bucket, prefix: KEY });
    if (!keys.includes(KEY)) return "replicating";
    const { body } = await getObject({ bucket, key: KEY });
    return record.parse(JSON.parse(body)).phase;
  } catch (error) {
    const { message } = error as Error;
    if (message.includes("NoSuchBucket")) return undefined;
    throw new pulumi.RunError(
      `how far the move has come cannot be read from s3://${bucket}/${KEY}: ${message}; whoever runs Pulumi needs s3:ListBucket, s3:GetObject and s3:GetObjectVersion there, and kms:Decrypt with its key`,
    );
  }
}
