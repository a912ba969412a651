import { GetFunctionConfigurationCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { GetBucketVersioningCommand, type S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Read } from "./read";

/** The function in which the move runs. */
export interface FunctionFacts {
  readonly state: string;
  /** `Successful`, `InProgress` or `Failed`. */
  readonly lastUpdate: string;
  readonly limitSeconds: number;
}

export async function functionFacts(
  read: Read,
  client: LambdaClient,
  name: string,
): Promise<FunctionFacts> {
  const it = await read("lambda:GetFunctionConfiguration", name, (abortSignal) =>
    client.send(new GetFunctionConfigurationCommand({ FunctionName: name }), { abortSignal }),
  );
  return {
    state: it.State ?? "",
    lastUpdate: it.LastUpdateStatus ?? "",
    limitSeconds: it.Timeout ?? 0,
  };
}

/** `Enabled`, `Suspended`, or undefined if it was never on. */
export async function bucketVersioning(
  read: Read,
  client: S3Client,
  bucket: string,
): Promise<string | undefined> {
  const { Status } = await read("s3:GetBucketVersioning", bucket, (abortSignal) =>
    client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal }),
  );
  return Status;
}

/**
 * Reads a secret, which also shows that its key decrypts it.
 * @returns of a URL its role, of anything else nothing; never more of its value
 */
export async function secretRole(
  read: Read,
  client: SecretsManagerClient,
  arn: string,
): Promise<string | undefined> {
  const { SecretString } = await read("secretsmanager:GetSecretValue", arn, (abortSignal) =>
    client.send(new GetSecretValueCommand({ SecretId: arn }), { abortSignal }),
  );
  if (SecretString === undefined || SecretString === "")
    throw new Error(`secret ${arn} has no text; run pulumi up, which writes it`);
  return URL.canParse(SecretString)
    ? decodeURIComponent(new URL(SecretString).username)
    : undefined;
}
