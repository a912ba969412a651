import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleText } from "../../../components/moveBundle";
import { type Door, openDoor } from "./door";

const ROOT = join(__dirname, "..", "..", "..");
export const FUNCTION_NAME = "redash-move";
/** The longest that Lambda gives. */
const LIMIT_MS = 900_000;

/** Calls the bundle as Lambda's runtime does. What it is asked comes by the input, so that no argument holds it. */
const RUNTIME = `
  const { handler } = require(process.argv[1]);
  let text = "";
  process.stdin.on("data", (data) => (text += data));
  process.stdin.on("end", () => {
    const { event, context, limitMs } = JSON.parse(text);
    const end = Date.now() + limitMs;
    handler(event, { ...context, getRemainingTimeInMillis: () => end - Date.now() }).then(
      (answer) => console.log(JSON.stringify(answer)),
      (error) => {
        console.error(error.stack);
        process.exitCode = 1;
      },
    );
  });`;

/** A run of the function: a process of its own. */
export interface Invocation {
  readonly process: ChildProcess;
  readonly requestId: string;
  /** Everything that it has written. */
  readonly log: () => string;
  /** Its exit code; null if it was killed. */
  readonly ended: Promise<number | null>;
}

/**
 * Lambda with the function of the move: an asynchronous invocation is taken with 202, and runs the bundle in a fresh
 * process of Node, which is killed when its time is over. GetFunctionConfiguration is a recorded shape
 * (https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html).
 */
export class LambdaDoor {
  readonly invocations: Invocation[] = [];
  /** What the next invocations have of time, milliseconds; then what Lambda gives. */
  readonly limitsMs: number[] = [];
  /** Of the function: what `REDASH_MOVE` is, and how the SDK finds its services. */
  environment: Readonly<Record<string, string>> = {};

  private constructor(
    private readonly folder: string,
    private readonly bundle: string,
    private readonly door: () => Door,
  ) {}

  static async start(): Promise<LambdaDoor> {
    const folder = mkdtempSync(join(tmpdir(), "redash-function-"));
    const bundle = join(folder, "index.js");
    writeFileSync(bundle, bundleText(ROOT));
    const lambda = new LambdaDoor(folder, bundle, () => door);
    const door: Door = await openDoor((incoming, body, answer) => {
      const { method = "", url = "" } = incoming;
      switch (`${method} ${url.replace(/^\/2015-03-31\/functions\//, "")}`) {
        case `POST ${FUNCTION_NAME}/invocations`:
          if (incoming.headers["x-amz-invocation-type"] !== "Event")
            throw new Error("the move invokes its function without waiting for it");
          lambda.run(body);
          answer.writeHead(202).end();
          break;
        case `GET ${FUNCTION_NAME}/configuration`:
          answer.end(
            JSON.stringify({
              FunctionName: FUNCTION_NAME,
              State: "Active",
              LastUpdateStatus: "Successful",
              Timeout: LIMIT_MS / 1000,
            }),
          );
          break;
        default:
          answer.writeHead(404, { "x-amzn-errortype": "ResourceNotFoundException" }).end("{}");
      }
      return Promise.resolve();
    });
    return lambda;
  }

  get endpoint(): string {
    return this.door().endpoint;
  }

  /** The run that was begun last. */
  get last(): Invocation {
    const last = this.invocations.at(-1);
    if (last === undefined) throw new Error("the function was never invoked");
    return last;
  }

  async stop(): Promise<void> {
    for (const { process } of this.invocations) process.kill("SIGKILL");
    await Promise.all(this.invocations.map(({ ended }) => ended));
    await this.door().stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(event: string): void {
    const requestId = randomUUID();
    const limitMs = this.limitsMs.shift() ?? LIMIT_MS;
    const child = spawn(process.execPath, ["-e", RUNTIME, this.bundle], {
      // Nothing of the repository, and of the environment what Lambda gives.
      cwd: this.folder,
      env: {
        ...this.environment,
        AWS_LAMBDA_FUNCTION_NAME: FUNCTION_NAME,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let log = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (log += data.toString()));
    const context = { awsRequestId: requestId, functionName: FUNCTION_NAME };
    child.stdin.end(JSON.stringify({ event: JSON.parse(event) as object, context, limitMs }));
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    const ended = once(child, "close").then(([code]) => {
      clearTimeout(timer);
      return code as number | null;
    });
    this.invocations.push({ process: child, requestId, log: () => log, ended });
  }
}
