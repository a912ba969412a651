import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { MoveControl } from "../../control";
import { systemClock as clock } from "../../engine/clock";
import { Refusal } from "../../engine/refusal";
import { TRANSPORTS } from "../../ports";
import { reportOf } from "../../report/report";
import { clientConfig } from "./clients";
import { RemoteMove } from "./remoteMove";
import { S3Bucket } from "./s3Bucket";
import { S3Journal } from "./s3Journal";
import { S3Lock } from "./s3Lock";
import { S3Progress } from "./s3Progress";

/** The stack's output `move`. */
const moveOutput = z.strictObject({
  region: z.string().min(1),
  functionName: z.string().min(1),
  journalBucket: z.string().min(1),
  transport: z.enum(TRANSPORTS),
});

/** Where the output is read: of a stack by Pulumi, or from a file into which somebody has written it. */
export type OutputPlace = { readonly stack: string } | { readonly file: string };

const PROJECT = join(__dirname, "..", "..", "..");
const PULUMI_DEADLINE_MS = 120_000;

/**
 * A move that a function in the VPC carries out.
 * @throws Refusal if the output is not there, or not as it should be
 */
export async function awsControl(place: OutputPlace): Promise<MoveControl> {
  const { region, functionName, journalBucket, transport } = await readOutput(place);
  const lambda = new LambdaClient(clientConfig({ region }));
  const s3 = new S3Client(clientConfig({ region }));
  const bucket = new S3Bucket(s3, journalBucket, clock);
  const journal = new S3Journal(bucket);
  const remote = new RemoteMove({
    lambda,
    functionName,
    bucket,
    journal,
    progress: new S3Progress(bucket, clock, () => undefined),
    lock: new S3Lock(bucket, clock, "the command line"),
    clock,
  });
  return {
    ask: (ask, { onEvent, stop }) => remote.ask(ask, onEvent, stop),
    left: () => remote.left(),
    report: async () => reportOf(await journal.read(), { transport }),
    close: () => {
      lambda.destroy();
      s3.destroy();
      return Promise.resolve();
    },
  };
}

async function readOutput(place: OutputPlace): Promise<z.infer<typeof moveOutput>> {
  const where = "stack" in place ? `the output "move" of stack ${place.stack}` : place.file;
  let text: string;
  try {
    text = "stack" in place ? await stackOutput(place.stack) : await readFile(place.file, "utf8");
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Refusal(
      `${where} cannot be read: ${(stderr ?? "") || message}; it is there in the phases replicating and switched, after pulumi up`,
    );
  }
  const parsed = moveOutput.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `  ${path.join(".") || "(everything)"}: ${message}`,
  );
  throw new Refusal(`${where} has ${problems.length} problems:\n${problems.join("\n")}`);
}

async function stackOutput(stack: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    "pulumi",
    ["stack", "output", "move", "--json", "--stack", stack],
    { cwd: PROJECT, timeout: PULUMI_DEADLINE_MS },
  );
  return stdout;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
