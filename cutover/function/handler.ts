import { InvokeCommand } from "@aws-sdk/client-lambda";
import type { Answer } from "../ask";
import { call } from "../adapters/aws/call";
import { type AwsClients, awsClients } from "../adapters/aws/clients";
import { connectAwsWorld } from "../adapters/aws/connect";
import { type AwsWorldDescription, awsWorldDescription } from "../adapters/aws/description";
import { S3Bucket } from "../adapters/aws/s3Bucket";
import { S3Journal } from "../adapters/aws/s3Journal";
import { S3Lock } from "../adapters/aws/s3Lock";
import { S3Progress } from "../adapters/aws/s3Progress";
import { systemClock as clock } from "../engine/clock";
import { Move } from "../move";
import { MoveFunction } from "./moveFunction";
import { answerKey, isWatch, stopKey } from "./request";
import { watchSource } from "./watch";

/** What Lambda tells of an invocation (docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html). */
export interface Invocation {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly getRemainingTimeInMillis: () => number;
}

/**
 * Beside the write-outage budget: to undo what was done in the window, at worst twice the limits of the flip, of the turn
 * and of the fence, which are 90 s, and to write the answer. All else ends within a second, also an undo.
 */
const UNDO_RESERVE_MS = 120_000;
/** To read secrets, and the certificate of the source by SSM. */
const CONNECT_MS = 120_000;

/**
 * What Lambda calls. The world comes with the function's environment, which holds names and ARNs only; AWS_ENDPOINT_URL
 * leads elsewhere than to AWS, as the SDK reads it itself.
 * @returns the answer, which is also kept in the bucket if it is one to a request
 */
export async function handler(event: unknown, invocation: Invocation): Promise<Answer> {
  const description = awsWorldDescription.parse(JSON.parse(process.env["REDASH_MOVE"] ?? "null"));
  const clients = awsClients(description);
  try {
    return isWatch(event)
      ? await watchSource(description, clients, clock)
      : await served(event, invocation, description, clients);
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

async function served(
  event: unknown,
  invocation: Invocation,
  description: AwsWorldDescription,
  clients: AwsClients,
): Promise<Answer> {
  const { limits, journalBucket } = description;
  const bucket = new S3Bucket(clients.s3, journalBucket, clock);
  const journal = new S3Journal(bucket);
  const lock = new S3Lock(bucket, clock, `function request ${invocation.awsRequestId}`);
  const progress = new S3Progress(bucket, clock, (error) => {
    console.warn(`progress cannot be shown: ${(error as Error).message}`);
  });
  // Another one works on the same databases: nothing more may be done here, not even an undo.
  for (const { lost } of [journal, lock])
    lost.addEventListener("abort", () => {
      console.error((lost.reason as Error).message);
      process.exit(1);
    });
  let close = () => Promise.resolve();
  try {
    return await new MoveFunction({
      clock,
      connect: async (options) => {
        const signal = AbortSignal.timeout(CONNECT_MS);
        const connected = await connectAwsWorld(
          description,
          { ...options, clients, functionName: invocation.functionName },
          clock,
          signal,
        );
        ({ close } = connected);
        return new Move({ ...limits, ...options, world: connected.world, journal, lock, clock });
      },
      show: progress.show,
      isStopAsked: async (id) => (await bucket.get(stopKey(id))) !== undefined,
      answer: async (id, answer) => {
        await bucket.put(answerKey(id), JSON.stringify(answer), "none");
      },
      again: async (request) => {
        await call(
          {
            action: "lambda:InvokeFunction",
            on: invocation.functionName,
            // A second one would be refused by the lock, and this one's answer with it.
            isIdempotent: false,
            signal: AbortSignal.timeout(30_000),
          },
          (abortSignal) =>
            clients.lambda.send(
              new InvokeCommand({
                FunctionName: invocation.functionName,
                InvocationType: "Event",
                Payload: Buffer.from(JSON.stringify(request)),
              }),
              { abortSignal },
            ),
          clock,
        );
      },
      reserveMs: limits.writeOutageBudgetMs + UNDO_RESERVE_MS,
    }).serve(event, invocation.getRemainingTimeInMillis);
  } finally {
    await progress.end();
    await close();
  }
}
