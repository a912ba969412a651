import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const CACHE = join(__dirname, "..", "..", ".cache", "python");

/**
 * A directory with packages from PyPI in exact versions, for PYTHONPATH; fetched once into the project's .cache.
 * @throws what pip says if it cannot
 */
export async function pythonPackages(...requirements: readonly string[]): Promise<string> {
  const home = join(CACHE, requirements.join("-").replaceAll("==", "-"));
  if (existsSync(home)) return home;
  mkdirSync(CACHE, { recursive: true });
  const temporary = mkdtempSync(join(CACHE, "fetching-"));
  try {
    await promisify(execFile)(
      "python3",
      [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        temporary,
        ...requirements,
      ],
      { timeout: 180_000 },
    );
    if (!existsSync(home)) renameSync(temporary, home);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return home;
}
