import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { bundle } from "./bundle";

/** A process that stands in for a part of Redash or of AWS. */
export interface StandIn<Ready> {
  readonly ready: Ready;
  readonly pid: number;
  readonly isRunning: () => boolean;
  /** Lets it finish what it does. */
  readonly stop: () => Promise<void>;
  /** Ends it without a word. */
  readonly kill: () => Promise<void>;
}

const FOLDER = "cutover/adapters/local/standIn";
const START_DEADLINE_MS = 15_000;
/** Longer than a stand-in gives itself (standIn/standIn.ts): who does not heed that is not at work any more. */
const STOP_DEADLINE_MS = 15_000;
/** There are many of them: each tidies up early rather than grow. */
const NODE_OPTIONS = ["--max-semi-space-size=2"];

/**
 * Starts a stand-in.
 * @param config handed over by its standard input, as it may hold passwords
 * @throws Error with what it wrote if it is not ready in time
 */
export async function startStandIn<Ready = unknown>(
  name: "front" | "server" | "worker" | "scheduler" | "users" | "task",
  config: object,
): Promise<StandIn<Ready>> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, bundle(`${FOLDER}/${name}.ts`)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let words = "";
  child.stderr.on("data", (data: Buffer) => (words += data.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.write(`${JSON.stringify(config)}\n`);
  const ready = await readiness<Ready>(name, child, () => words);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    await ended;
    clearTimeout(timer);
  };
  return {
    ready,
    pid: child.pid ?? 0,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

function readiness<Ready>(name: string, child: ChildProcess, words: () => string): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the stand-in ${name} is not ready in time: ${words()}`));
    }, START_DEADLINE_MS);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the stand-in ${name} ended with ${String(code)}: ${words()}`));
    });
    if (child.stdout === null) throw new Error("a stand-in without standard output");
    createInterface({ input: child.stdout }).once("line", (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as Ready);
    });
  });
}
