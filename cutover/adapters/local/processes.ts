import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type pg from "pg";
import { QUEUES } from "../../../redash/processes";
import type { Part, SideName } from "../../ports";
import { freePort } from "./freePort";
import { type StandIn, startStandIn } from "./standInProcess";

const PARTS: readonly Part[] = ["servers", "workers", "scheduler"];
/** A queue of one data source only, as `data_sources.queue_name` may have it. */
const OWN_QUEUE = "big_queries";

export interface ProcessesOptions {
  readonly database: pg.ClientConfig;
  readonly redisUrl: string;
  /** Version that the servers say they are. */
  readonly version: string;
}

/** Redash's processes of one side, each a process of the operating system. */
export class Processes {
  private readonly running = new Map<Part, StandIn<unknown>>();
  private serverPort: number | undefined;

  constructor(private readonly options: ProcessesOptions) {}

  /** Where the server of this side answers, also after it was started again. */
  async serverUrl(): Promise<string> {
    this.serverPort ??= await freePort();
    return `http://127.0.0.1:${this.serverPort}`;
  }

  isRunning = (part: Part): boolean => this.running.get(part)?.isRunning() ?? false;

  async start(part: Part): Promise<void> {
    if (this.isRunning(part)) return;
    const { database, redisUrl, version } = this.options;
    await this.serverUrl();
    const made =
      part === "servers"
        ? startStandIn("server", { database, redisUrl, version, port: this.serverPort })
        : part === "workers"
          ? startStandIn("worker", {
              database,
              redisUrl,
              queues: [...QUEUES, OWN_QUEUE],
              queryMs: 20,
            })
          : startStandIn("scheduler", { redisUrl, intervalMs: 250 });
    this.running.set(part, await made);
  }

  async stop(part: Part): Promise<void> {
    await this.running.get(part)?.stop();
    this.running.delete(part);
  }

  /** Ends it as the kernel does when memory is short. */
  async kill(part: Part): Promise<void> {
    await this.running.get(part)?.kill();
    this.running.delete(part);
  }

  pids = (): number[] => [...this.running.values()].map(({ pid }) => pid);

  async end(): Promise<void> {
    await Promise.all([...this.running.values()].map((it) => it.stop()));
  }
}

/** Lets other processes start and stop the parts: `GET /source/workers`, `PUT /target/scheduler/started`. */
export async function serveProcesses(
  processes: Readonly<Record<SideName, Processes>>,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const [, side = "", part = "", wanted = ""] = (incoming.url ?? "").split("/");
    const of = processes[side as SideName] as Processes | undefined;
    if (of === undefined || !PARTS.includes(part as Part)) {
      outgoing.writeHead(404).end();
      return;
    }
    const done =
      wanted === "started"
        ? of.start(part as Part)
        : wanted === "stopped"
          ? of.stop(part as Part)
          : Promise.resolve();
    done.then(
      () => outgoing.end(JSON.stringify({ running: of.isRunning(part as Part) ? 1 : 0 })),
      (error: unknown) => outgoing.writeHead(500).end((error as Error).message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
