import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "./freePort";

/** Majors that npm brings along as binaries: the one of the old hosts, and the one of the new home. */
export type PostgresMajor = 13 | 17;

export interface PostgresOptions {
  readonly major: PostgresMajor;
  /** Settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server on this machine, on the loopback interface. */
export interface PostgresServer {
  readonly port: number;
  /** Data and log; removed by `remove`. */
  readonly directory: string;
  /** Its superuser. The password is random and stands in no file once the server runs. */
  readonly connection: pg.ClientConfig & { readonly user: string; readonly password: string };
  readonly pid: () => number | undefined;
  /** Ends it: `fast` rolls open transactions back, `immediate` is a power cut for the processes. */
  readonly stop: (mode?: "fast" | "immediate") => Promise<void>;
  /** Kills it without a word, as the kernel does when memory is short. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port with the same data. */
  readonly start: () => Promise<void>;
  /** Stops it, and removes its directory. */
  readonly remove: () => Promise<void>;
}

const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 20_000;

/**
 * Makes a server and starts it.
 * @throws Error with the server's own words if it cannot be made or does not answer in time
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { major, settings = {} } = options;
  // Of its own, because as root the server runs as somebody else, who cannot go wherever we can.
  const directory = mkdtempSync(join(tmpdir(), `redash-postgres-${major}-`));
  const owner = ownerFor(directory);
  const native = binariesFor(major, directory, owner);
  const data = join(directory, "data");
  const password = randomBytes(24).toString("hex");
  const port = await freePort();
  const connection = { host: "127.0.0.1", port, user: "postgres", password, database: "postgres" };
  const log = join(directory, "postgres.log");
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  let child: ChildProcess | undefined;

  const start = async () => {
    child = spawn(
      "sh",
      [
        "-c",
        'log=$1; shift; exec "$@" >>"$log" 2>&1',
        "sh",
        log,
        join(native, "bin", "postgres"),
        "-D",
        data,
        "-p",
        String(port),
        ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      // A group of its own: Ctrl-C in a terminal must not take it away before what is under way is undone.
      { ...owner, stdio: "ignore", env: environment(native), detached: true },
    );
    await answers(connection, child, log);
  };
  const end = async (signal: NodeJS.Signals) => {
    const running = child;
    if (running?.exitCode === null && running.signalCode === null) {
      const ended = new Promise<void>((resolve) =>
        running.once("exit", () => {
          resolve();
        }),
      );
      running.kill(signal);
      const timer = setTimeout(() => running.kill("SIGKILL"), STOP_DEADLINE_MS);
      await ended;
      clearTimeout(timer);
    }
    child = undefined;
  };
  const stop = (mode: "fast" | "immediate" = "fast") => end(mode === "fast" ? "SIGINT" : "SIGQUIT");
  const remove = async () => {
    await stop("immediate");
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    initialize(native, directory, data, password, owner);
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    port,
    directory,
    connection,
    pid: () => child?.pid,
    stop,
    kill: () => end("SIGKILL"),
    start,
    remove,
  };
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root; then it runs as nobody. */
function ownerFor(directory: string): Owner {
  if (process.getuid?.() !== 0) return {};
  const NOBODY = 65534;
  chownSync(directory, NOBODY, NOBODY);
  return { uid: NOBODY, gid: NOBODY };
}

/** Where npm has put the binaries; a copy if the server's user may not go there. */
function binariesFor(major: PostgresMajor, directory: string, owner: Owner): string {
  const packageName = `pg${major}-${process.platform}-${process.arch}`;
  const native = join(__dirname, "..", "..", "..", "node_modules", packageName, "native");
  if (!existsSync(native)) {
    throw new Error(
      `npm has no PostgreSQL ${major} for ${process.platform} on ${process.arch} (${packageName}); use Linux on x64, and npm ci without --omit=optional`,
    );
  }
  const usable = spawnSync(join(native, "bin", "postgres"), ["--version"], {
    ...owner,
    env: environment(native),
  });
  if (usable.status === 0) return native;
  const copy = join(directory, "native");
  cpSync(native, copy, { recursive: true });
  return copy;
}

const environment = (native: string) => ({
  PATH: process.env["PATH"],
  LC_ALL: "C.UTF-8",
  LD_LIBRARY_PATH: join(native, "lib"),
});

function initialize(
  native: string,
  directory: string,
  data: string,
  password: string,
  owner: Owner,
): void {
  const passwordFile = join(directory, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (owner.uid !== undefined && owner.gid !== undefined)
    chownSync(passwordFile, owner.uid, owner.gid);
  const { status, stderr } = spawnSync(
    join(native, "bin", "initdb"),
    [
      "--pgdata",
      data,
      "--username=postgres",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // The wrapper's own default is a locale that many machines lack.
      "--locale=C.UTF-8",
      "--lc-messages=C",
      // If the machine loses its power now, nobody goes on with this server.
      "--no-sync",
    ],
    { ...owner, env: environment(native), encoding: "utf8" },
  );
  rmSync(passwordFile, { force: true });
  if (status !== 0) throw new Error(`initdb failed: ${stderr.trim()}`);
  chmodSync(data, 0o700);
}

/** Waits until the server lets somebody in. */
async function answers(
  connection: pg.ClientConfig,
  child: ChildProcess,
  log: string,
): Promise<void> {
  const end = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const client = new pg.Client({ ...connection, connectionTimeoutMillis: 2000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended at once; ${log} says why`);
      if (performance.now() > end) {
        throw new Error(`PostgreSQL does not answer: ${(error as Error).message}; ${log} says why`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
