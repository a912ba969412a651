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

/**
 * Calls the bundle as Lambda's runtime does, and tells what would keep a process alive afterwards. What it is asked comes
 * by the input, so that no argument holds it.
 */
const RUNTIME = `
  const { createInterface } = require("node:readline");
  const { handler } = require(process.argv[1]);
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { event, context, limitMs } = JSON.parse(line);
    const end = Date.now() + limitMs;
    handler(event, { ...context, getRemainingTimeInMillis: () => end - Date.now() })
      .then(
        (answer) => (console.log(JSON.stringify(answer)), 0),
        (error) => (console.error(error.stack), 1),
      )
      .then((code) => {
        process.exitCode = code;
        // What was closed is gone a moment later; the timer itself must not be counted.
        const tell = () => process.send({ code, left: process.getActiveResourcesInfo() });
        setTimeout(() => setImmediate(tell), 50);
      });
  });`;

/** A run of the function: a process of its own, unless an environment is used again. */
export interface Invocation {
  readonly process: ChildProcess;
  readonly requestId: string;
  /** Everything that it has written. */
  readonly log: () => string;
  /** Its exit code; null if it was killed. */
  readonly ended: Promise<number | null>;
}

/** What an environment tells when an invocation is over. */
interface Over {
  readonly code: number;
  /** Kinds of what would keep it alive (`process.getActiveResourcesInfo`). */
  readonly left: readonly string[];
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
  /**
   * Whether a process that has answered is frozen, and used again for the next invocation, as Lambda does as a rule
   * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). @default each has a fresh one
   */
  isWarm = false;
  /** Done before an invocation is answered that has begun. */
  whenInvoked: () => Promise<void> = () => Promise.resolve();
  /** What each invocation of a warm environment has left behind, but for the pipes to its runtime. */
  readonly left: (readonly string[])[] = [];
  /** Of the function: what `REDASH_MOVE` is, and how the SDK finds its services. */
  environment: Readonly<Record<string, string>> = {};
  private readonly frozen: ChildProcess[] = [];

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
    const door: Door = await openDoor(async (incoming, body, answer) => {
      const { method = "", url = "" } = incoming;
      switch (`${method} ${url.replace(/^\/2015-03-31\/functions\//, "")}`) {
        case `POST ${FUNCTION_NAME}/invocations`:
          if (incoming.headers["x-amz-invocation-type"] !== "Event")
            throw new Error("the move invokes its function without waiting for it");
          lambda.invoke(JSON.parse(body) as object);
          await lambda.whenInvoked();
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
    const alive = this.invocations
      .map(({ process }) => process)
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(
      [...new Set(alive)].map((child) => {
        const closed = once(child, "close");
        child.kill("SIGKILL");
        return closed;
      }),
    );
    await this.door().stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Begins a run, as Lambda does for whoever may invoke it. */
  invoke(event: object): void {
    const requestId = randomUUID();
    const limitMs = this.limitsMs.shift() ?? LIMIT_MS;
    const child = this.frozen.shift() ?? this.begin();
    child.kill("SIGCONT");
    let log = "";
    const write = (data: Buffer) => (log += data.toString());
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", write);
    const context = { awsRequestId: requestId, functionName: FUNCTION_NAME };
    const asked = { event, context, limitMs };
    child.stdin?.write(`${JSON.stringify(asked)}\n`);
    if (!this.isWarm) child.stdin?.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    const ended = new Promise<number | null>((resolve) => {
      const over = ({ code, left }: Over) => {
        if (child.stdin?.writableEnded === true) return;
        child.kill("SIGSTOP");
        this.left.push(left.filter((it) => it !== "PipeWrap"));
        this.frozen.push(child);
        resolve(code);
      };
      child.once("message", over).once("close", resolve);
    }).finally(() => {
      clearTimeout(timer);
      child.removeAllListeners();
      for (const stream of [child.stdout, child.stderr]) stream?.off("data", write);
    });
    this.invocations.push({ process: child, requestId, log: () => log, ended });
  }

  private begin(): ChildProcess {
    return spawn(process.execPath, ["-e", RUNTIME, this.bundle], {
      // Nothing of the repository, and of the environment what Lambda gives.
      cwd: this.folder,
      env: {
        ...this.environment,
        AWS_LAMBDA_FUNCTION_NAME: FUNCTION_NAME,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
      },
      stdio: ["pipe", "pipe", "pipe", "ipc"],
    });
  }
}
