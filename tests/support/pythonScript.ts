import { execFile } from "node:child_process";

export interface ScriptResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a script as ECS would: `python3 -c <script>` with nothing but the given environment.
 * @throws if Python 3 is missing, or if the script takes longer than ten seconds
 */
export function runPython(script: string, env: Record<string, string> = {}): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    execFile(
      "python3",
      ["-c", script],
      { env: { PATH: process.env["PATH"] ?? "", ...env }, timeout: 10_000 },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== "number") {
          reject(new Error("tests of container scripts need python3 on PATH", { cause: error }));
        } else {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        }
      },
    );
  });
}
