import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import type { Write } from "../adapters/local/standIn/write.mts";

/** A write, and whether its user was told that it is done. */
export interface LedgerEntry {
  readonly write: Write;
  /** `unknown`: it failed, and a failure may come after the commit. */
  readonly state: "acknowledged" | "unknown";
}

/** A span in which nobody was served. */
export interface Gap {
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** Rows of the seeded data that users may touch, apart from each other. */
export interface Touchable {
  /** Queries that are edited, executed and fail. */
  readonly queryIds: readonly number[];
  /** Queries to archive, once each. */
  readonly archiveIds: readonly number[];
  /** Results to clean up, once each. */
  readonly resultIds: readonly number[];
}

const WRITERS = 4;
const READERS = 2;
const PAUSE_MS = 2;
const REQUEST_DEADLINE_MS = 15_000;

/** People at work: they write and read through the load balancer without a pause, and remember what they were told. */
export class Users {
  readonly ledger: LedgerEntry[] = [];
  /** When a write was acknowledged, by the monotonic clock. */
  private readonly writtenMs: number[] = [];
  private readonly readMs: number[] = [];
  private readonly failedReadsMs: number[] = [];
  private readonly agent = new Agent({ keepAlive: true });
  private stopped = false;
  private readonly work: Promise<unknown>;
  private readonly archive: number[];
  private readonly results: number[];

  constructor(
    private readonly url: string,
    private readonly touchable: Touchable,
  ) {
    this.archive = [...touchable.archiveIds];
    this.results = [...touchable.resultIds];
    this.work = Promise.all([
      ...Array.from({ length: WRITERS }, (_, writer) => this.write(writer)),
      ...Array.from({ length: READERS }, () => this.read()),
    ]);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
    this.agent.destroy();
  }

  /** Longest time without an acknowledged write, or without an answered read, since a moment. */
  longestGap(of: "writes" | "reads", sinceMs: number): Gap {
    const times = (of === "writes" ? this.writtenMs : this.readMs).filter((it) => it >= sinceMs);
    let gap: Gap = { fromMs: sinceMs, lengthMs: 0 };
    let before = sinceMs;
    for (const at of [...times, performance.now()]) {
      if (at - before > gap.lengthMs) gap = { fromMs: before, lengthMs: at - before };
      before = at;
    }
    return gap;
  }

  failedReads(sinceMs: number): number {
    return this.failedReadsMs.filter((at) => at >= sinceMs).length;
  }

  counts(): { readonly acknowledged: number; readonly unknown: number; readonly reads: number } {
    const acknowledged = this.writtenMs.length;
    return {
      acknowledged,
      unknown: this.ledger.length - acknowledged,
      reads: this.readMs.length,
    };
  }

  /** Has Redash execute a query and waits for its end, as people do. @throws Error if it fails or takes too long */
  async executeQuery(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    const token = newToken();
    const { body } = await this.call("POST", "/api/query_results", { token });
    const { job } = JSON.parse(body) as { job: string };
    for (;;) {
      const answer = await this.call("GET", `/api/jobs/${job}`);
      const { status } = JSON.parse(answer.body) as { status: number };
      if (status === 3) return;
      if (status === 4) throw new Error("the executed query failed");
      if (performance.now() > end)
        throw new Error(`the executed query has not ended after ${deadlineMs} ms`);
      await pause(10);
    }
  }

  private async write(writer: number): Promise<void> {
    for (let turn = 0; !this.stopped; turn++) {
      const write = this.next(writer, turn);
      const ok = await this.call("POST", "/api/write", write).then(
        ({ status }) => status === 200,
        () => false,
      );
      if (ok) this.writtenMs.push(performance.now());
      this.ledger.push({ write, state: ok ? "acknowledged" : "unknown" });
      await pause(PAUSE_MS);
    }
  }

  private async read(): Promise<void> {
    const { queryIds } = this.touchable;
    for (let turn = 0; !this.stopped; turn++) {
      const id = queryIds[turn % queryIds.length] ?? 1;
      const ok = await this.call("GET", `/api/queries/${id}`).then(
        ({ status }) => status === 200,
        () => false,
      );
      (ok ? this.readMs : this.failedReadsMs).push(performance.now());
      await pause(PAUSE_MS);
    }
  }

  /** Mostly results, as Redash does; the rest in turn. */
  private next(writer: number, turn: number): Write {
    const { queryIds } = this.touchable;
    const own = queryIds.filter((_, index) => index % WRITERS === writer);
    const queryId = own[turn % own.length] ?? 1;
    const token = newToken();
    switch (turn % 12) {
      case 1:
        return { kind: "user", token };
      case 3:
        return { kind: "failure", queryId };
      case 5:
        return { kind: "dashboard", token };
      case 7:
        return { kind: "favorite", token };
      case 9: {
        const resultId = this.results.pop();
        if (resultId !== undefined) return { kind: "cleanup", resultId };
        break;
      }
      case 11: {
        const archived = turn % 48 === 11 ? this.archive.pop() : undefined;
        if (archived !== undefined) return { kind: "archive", queryId: archived };
        break;
      }
      case 4:
      case 8:
        return { kind: "edit", token, queryId };
    }
    return { kind: "result", token, queryId };
  }

  private call(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.url}${path}`,
        { method, agent: this.agent, timeout: REQUEST_DEADLINE_MS },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (part: string) => (text += part));
          answer.on("end", () => {
            resolve({ status: answer.statusCode ?? 0, body: text });
          });
          answer.on("error", reject);
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

const newToken = () => randomBytes(16).toString("hex");
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
