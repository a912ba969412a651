import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..", "..");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `npm run move`, as npm would. @param state folder of its settings, journal and lock */
export const startMove = (state: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, ["--import=tsx", "cutover/cli.ts", ...args, "--state", state], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });

/** Waits for its end. @param onStderr called with everything that it has written so far */
export async function ended(
  child: ChildProcess,
  onStderr?: (text: string) => void,
): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr?.on("data", (data: Buffer) => {
    stderr += data.toString();
    onStderr?.(stderr);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
