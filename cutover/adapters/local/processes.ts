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
  /** Part → the end of what was asked of it last. */
  private readonly turns = new Map<Part, Promise<void>>();
  private serverPort: number | undefined;

  constructor(private readonly options: ProcessesOptions) {}

  /** Where the server of this side answers, also after it was started again. */
  async serverUrl(): Promise<string> {
    this.serverPort ??= await freePort();
    return `http://127.0.0.1:${this.serverPort}`;
  }

  isRunning = (part: Part): boolean => this.running.get(part)?.isRunning() ?? false;

  start = (part: Part): Promise<void> =>
    this.inTurn(part, async () => {
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
    });

  stop = (part: Part): Promise<void> =>
    this.inTurn(part, async () => {
      await this.running.get(part)?.stop();
      this.running.delete(part);
    });

  /** Ends a part without a word, as the kernel does when memory is short. */
  kill = (part: Part): Promise<void> =>
    this.inTurn(part, async () => {
      await this.running.get(part)?.kill();
      this.running.delete(part);
    });

  pids = (): number[] => [...this.running.values()].map(({ pid }) => pid);

  async end(): Promise<void> {
    await Promise.all(PARTS.map(this.stop));
  }

  /**
   * Does one thing with a part after the other: the start of an undo, whose stop is still under way, would find the part
   * running and leave it to that stop.
   */
  private inTurn(part: Part, work: () => Promise<void>): Promise<void> {
    const turn = (this.turns.get(part) ?? Promise.resolve()).then(work);
    // Whoever asked is told of a failure; the next one has its turn all the same.
    this.turns.set(
      part,
      turn.catch(() => undefined),
    );
    return turn;
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
