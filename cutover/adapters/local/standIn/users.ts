/**
 * People at work: they write and read through the load balancer without a pause, and remember what they were told. A
 * process of its own, so that neither their clocks nor their memory depend on whoever moves Redash under them.
 */
import { randomBytes } from "node:crypto";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { sleep, standIn } from "./standIn";
import type { Write } from "./write";

/** A write, and whether its user was told that it is done. */
export interface LedgerEntry {
  readonly write: Write;
  /** `unknown`: it failed, and a failure may come after the commit. */
  readonly state: "acknowledged" | "unknown";
}

/** A span in which nobody was served; milliseconds since the epoch. */
export interface Gap {
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** What people had since a moment. */
export interface Experience {
  readonly writeGap: Gap;
  readonly readGap: Gap;
  readonly failedReads: number;
  /** What those who failed were told, each once. */
  readonly readErrors: readonly string[];
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

export interface UsersConfig extends Touchable {
  /** The load balancer. */
  readonly url: string;
  /** How long each rests after an answer. @default 2 */
  readonly pauseMs?: number;
}

const WRITERS = 4;
const READERS = 2;
/** Who was refused tries again a little later; the outage is measured no finer than this. */
const REFUSED_PAUSE_MS = 5;
const REQUEST_DEADLINE_MS = 15_000;

/** A clock that never jumps, and that processes of one machine agree on. */
const now = () => performance.timeOrigin + performance.now();

standIn<UsersConfig>(async (config, onStop) => {
  const { url, queryIds, archiveIds, resultIds, pauseMs = 2 } = config;
  const ledger: LedgerEntry[] = [];
  const writtenMs: number[] = [];
  const readMs: number[] = [];
  const failedReads: { readonly atMs: number; readonly error: string }[] = [];
  const agent = new Agent({ keepAlive: true });
  const archive = [...archiveIds];
  const results = [...resultIds];
  let stopped = false;

  /** @returns nothing if it went well, or what the user was told */
  const call = (method: string, path: string, body?: object): Promise<string | undefined> =>
    new Promise((resolve) => {
      const outgoing = request(
        `${url}${path}`,
        { method, agent, timeout: REQUEST_DEADLINE_MS },
        (answer) => {
          const isServed = answer.statusCode === 200;
          let words = "";
          if (isServed) answer.resume();
          else answer.on("data", (data: Buffer) => (words += data.toString()));
          answer.on("end", () => {
            resolve(isServed ? undefined : `${answer.statusCode ?? ""} ${words}`);
          });
          answer.on("error", (error) => {
            resolve(error.message);
          });
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error("no answer in time")));
      outgoing.on("error", (error) => {
        resolve(error.message);
      });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });

  /** Mostly results, as Redash does; the rest in turn. */
  const next = (writer: number, turn: number): Write => {
    const own = queryIds.filter((_, index) => index % WRITERS === writer);
    const queryId = own[turn % own.length] ?? 1;
    const token = randomBytes(16).toString("hex");
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
        const resultId = results.pop();
        if (resultId !== undefined) return { kind: "cleanup", resultId };
        break;
      }
      case 11: {
        const archived = turn % 48 === 11 ? archive.pop() : undefined;
        if (archived !== undefined) return { kind: "archive", queryId: archived };
        break;
      }
      case 4:
      case 8:
        return { kind: "edit", token, queryId };
    }
    return { kind: "result", token, queryId };
  };
  const write = async (writer: number) => {
    for (let turn = 0; !stopped; turn++) {
      const it = next(writer, turn);
      const ok = (await call("POST", "/api/write", it)) === undefined;
      if (ok) writtenMs.push(now());
      ledger.push({ write: it, state: ok ? "acknowledged" : "unknown" });
      await sleep(ok ? pauseMs : REFUSED_PAUSE_MS);
    }
  };
  const read = async () => {
    for (let turn = 0; !stopped; turn++) {
      const id = queryIds[turn % queryIds.length] ?? 1;
      const error = await call("GET", `/api/queries/${id}`);
      if (error === undefined) readMs.push(now());
      else failedReads.push({ atMs: now(), error });
      await sleep(pauseMs);
    }
  };
  const longestGap = (times: readonly number[], sinceMs: number): Gap => {
    let gap: Gap = { fromMs: sinceMs, lengthMs: 0 };
    let before = sinceMs;
    for (const at of [...times.filter((it) => it >= sinceMs), now()]) {
      if (at - before > gap.lengthMs) gap = { fromMs: before, lengthMs: at - before };
      before = at;
    }
    return gap;
  };
  const experience = (sinceMs: number): Experience => {
    const failed = failedReads.filter(({ atMs }) => atMs >= sinceMs);
    return {
      writeGap: longestGap(writtenMs, sinceMs),
      readGap: longestGap(readMs, sinceMs),
      failedReads: failed.length,
      readErrors: [...new Set(failed.map(({ error }) => error))],
    };
  };
  const work = Promise.all([
    ...Array.from({ length: WRITERS }, (_, writer) => write(writer)),
    ...Array.from({ length: READERS }, () => read()),
  ]);
  const stop = async () => {
    stopped = true;
    await work;
    agent.destroy();
  };

  const control = createServer((incoming, outgoing) => {
    const [, what, since = "0"] = (incoming.url ?? "").split("/");
    const answer = async () => {
      if (what === "experience") return experience(Number(since));
      if (what === "stopped") await stop();
      return { ledger, reads: readMs.length };
    };
    void answer().then((body) => outgoing.end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));
  onStop(async () => {
    await stop();
    control.closeAllConnections();
    await new Promise((resolve) => control.close(resolve));
  });
  return { controlPort: (control.address() as AddressInfo).port };
});
