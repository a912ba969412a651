import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..", "..");

/**
 * Runs a program of this folder that cannot let a file grow beyond a size (RLIMIT_FSIZE): what it writes fails with
 * EFBIG, as it does with ENOSPC on a full disk.
 * @param blocks of 512 bytes, or of 1024, as the shell counts
 * @param input a line of its standard input
 * @returns its lines
 */
export function cramped(program: string, blocks: number, input: object): string[] {
  const { stdout, stderr, status } = spawnSync(
    "sh",
    [
      "-c",
      'ulimit -f "$1"; shift; exec "$@"',
      "sh",
      String(blocks),
      process.execPath,
      "--import=tsx",
      join(__dirname, program),
    ],
    {
      cwd: ROOT,
      input: `${JSON.stringify(input)}\n`,
      encoding: "utf8",
      timeout: 30_000,
      // Of the compiler, which could not write it.
      env: { ...process.env, TSX_DISABLE_CACHE: "1" },
    },
  );
  if (status !== 0) throw new Error(`${program} ended with ${String(status)}: ${stderr}`);
  return stdout.trimEnd().split("\n");
}
