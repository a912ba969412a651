import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..", "..");
const CACHE = join(ROOT, ".cache", "bundles");

const BUILD_MS = 60_000;

/** First file → its bundle; each is built once by a process. */
const built = new Map<string, string>();

/**
 * A program with all that it imports, as one file that Node runs by itself: each process would hold 15 MB more if it
 * had to strip types. It is called after what is in it, so that processes which build it at once make the same file.
 * @param entry its first file, from the folder of the project
 * @returns path of the bundle, in the project's .cache
 * @throws Error with what does not build
 */
export function bundle(entry: string): string {
  const known = built.get(entry);
  if (known !== undefined) return known;
  mkdirSync(CACHE, { recursive: true });
  const own = mkdtempSync(join(CACHE, "build-"));
  try {
    // By its command: called from here, esbuild would stay, a process and a thread, for as long as this one lives.
    execFileSync(
      join(ROOT, "node_modules", ".bin", "esbuild"),
      [
        entry,
        "--bundle",
        "--platform=node",
        "--target=node22",
        "--format=cjs",
        // pg's other driver, which it asks for and does without.
        "--external:pg-native",
        "--log-level=error",
        `--outdir=${own}`,
        "--entry-names=[name]-[hash]",
      ],
      { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"], timeout: BUILD_MS },
    );
    const [name = ""] = readdirSync(own);
    const path = join(CACHE, name);
    renameSync(join(own, name), path);
    built.set(entry, path);
    return path;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
