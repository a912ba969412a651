import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { binary } from "./binary";
import { freePort } from "./freePort";

/** A Valkey (or Redis) server on this machine, on the loopback interface. */
export interface ValkeyServer {
  readonly port: number;
  /** `redis://:password@127.0.0.1:port/0`. A secret. */
  readonly url: string;
  readonly pid: () => number | undefined;
  /** Kills it without a word. What it held is gone, as with a lost node. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port, empty. */
  readonly start: () => Promise<void>;
  /** Stops it, and removes its directory. */
  readonly remove: () => Promise<void>;
}

export interface ValkeyOptions {
  /** One node that owns every slot, to show what cluster mode does to RQ. @default false */
  readonly clusterMode?: boolean;
  /** Path of the server, such as of a Redis that an old host has. @default what `binary` finds */
  readonly program?: string | undefined;
}

const START_DEADLINE_MS = 10_000;

/**
 * Makes a server and starts it.
 * @throws Error if there is no server program, or if it does not answer in time
 */
export async function startValkey(options: ValkeyOptions = {}): Promise<ValkeyServer> {
  const { clusterMode = false, program = await binary("valkey") } = options;
  const directory = mkdtempSync(join(tmpdir(), "redash-valkey-"));
  const port = await freePort();
  const password = randomBytes(24).toString("hex");
  // In a file: arguments can be read by everybody on the machine.
  const configuration = join(directory, "valkey.conf");
  writeFileSync(
    configuration,
    [
      "bind 127.0.0.1",
      `port ${port}`,
      `requirepass ${password}`,
      `dir ${directory}`,
      `logfile ${join(directory, "valkey.log")}`,
      'save ""',
      "appendonly no",
      "maxmemory-policy noeviction",
      `cluster-enabled ${clusterMode ? "yes" : "no"}`,
      "",
    ].join("\n"),
    { mode: 0o600 },
  );
  const url = `redis://:${password}@127.0.0.1:${port}/0`;
  let child: ChildProcess | undefined;
  const start = async () => {
    // A group of its own: Ctrl-C in a terminal must not take it away before what is under way is undone.
    child = spawn(program, [configuration], { stdio: "ignore", detached: true });
    await answers(url, child, clusterMode);
  };
  const kill = async () => {
    const running = child;
    child = undefined;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      running.once("exit", () => {
        resolve();
      });
      running.kill("SIGKILL");
    });
  };
  const remove = async () => {
    await kill();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return { port, url, pid: () => child?.pid, kill, start, remove };
}

async function answers(url: string, child: ChildProcess, clusterMode: boolean): Promise<void> {
  const end = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const client = new Redis(url, {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.ping();
      if (!clusterMode) return;
      const state = await client.cluster("INFO");
      if (/^cluster_state:ok/m.test(state)) return;
      if (/^cluster_slots_assigned:0/m.test(state)) await client.cluster("ADDSLOTSRANGE", 0, 16383);
      throw new Error("the cluster is not up yet");
    } catch (error) {
      if (child.exitCode !== null) throw new Error("Valkey ended at once");
      if (performance.now() > end)
        throw new Error(`Valkey does not answer: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      client.disconnect();
    }
  }
}
