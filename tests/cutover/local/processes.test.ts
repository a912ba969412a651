import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { connectLocalWorld } from "../../../cutover/adapters/local/connect";
import type { LocalSideDescription } from "../../../cutover/adapters/local/description";
import { Processes, serveProcesses } from "../../../cutover/adapters/local/processes";
import { startValkey, type ValkeyServer } from "../../../cutover/adapters/local/valkeyServer";
import type { Workload } from "../../../cutover/ports";

describe("Redash's processes on this machine", () => {
  let valkey: ValkeyServer;
  let redis: Redis;
  let processes: Processes;
  before(async () => {
    valkey = await startValkey();
    redis = new Redis(valkey.url);
  });
  after(async () => {
    redis.disconnect();
    await valkey.remove();
  });
  beforeEach(() => {
    processes = new Processes({
      // Nobody asks it for anything.
      database: { host: "127.0.0.1", port: 1, database: "redash", user: "redash" },
      redisUrl: valkey.url,
      version: "25.8.0",
    });
  });
  afterEach(() => processes.end());

  const workers = () => redis.smembers("rq:workers");
  /** What a move sees of the processes behind a URL. */
  const through = async (processesUrl: string, ask: (workload: Workload) => Promise<void>) => {
    const side: LocalSideDescription = {
      database: { host: "127.0.0.1", port: 1, database: "redash", user: "redash", password: "-" },
      applicationRole: "redash",
      dataDirectory: ".",
      redisUrl: valkey.url,
      serverUrl: await processes.serverUrl(),
      secretKey: "-",
    };
    const front = { url: processesUrl, controlUrl: processesUrl };
    const { world, close } = connectLocalWorld({
      kind: "local",
      source: side,
      target: side,
      front,
      processesUrl,
    });
    try {
      await ask(world.source.workload);
    } finally {
      await close();
    }
  };

  it("run after a start that came while their stop was under way, and are others", async () => {
    await processes.start("workers");
    const [first] = processes.pids();
    const stopped = processes.stop("workers");
    await processes.start("workers");
    await stopped;
    assert.equal(processes.isRunning("workers"), true);
    assert.equal(processes.pids().length, 1);
    assert.notEqual(processes.pids()[0], first);
    assert.equal((await workers()).length, 1);
  });

  it("do not run after a stop that came while their start was under way", async () => {
    const started = processes.start("workers");
    await processes.stop("workers");
    await started;
    assert.equal(processes.isRunning("workers"), false);
    assert.deepEqual(processes.pids(), []);
    assert.deepEqual(await workers(), []);
  });

  it("run once although two have started them at once", async () => {
    await Promise.all([processes.start("workers"), processes.start("workers")]);
    assert.equal((await workers()).length, 1);
    await processes.end();
    assert.deepEqual(await workers(), []);
  });

  it("can be stopped and started after a start that failed", async () => {
    const port = Number(new URL(await processes.serverUrl()).port);
    const other = createServer().listen(port, "127.0.0.1");
    await assert.rejects(processes.start("servers"), /^Error: the stand-in server ended with 1: /);
    await new Promise((resolve) => other.close(resolve));
    await processes.start("servers");
    assert.equal(processes.isRunning("servers"), true);
  });

  it("run when another process was told that they started, also if their stop was given up before", async () => {
    const served = await serveProcesses({ source: processes, target: processes });
    await through(served.url, async ({ start, stop, state }) => {
      const patience = () => AbortSignal.timeout(30_000);
      await start("workers", patience());
      const [first = 0] = processes.pids();
      // A worker that cannot end in time, and then does.
      process.kill(first, "SIGSTOP");
      await assert.rejects(stop("workers", AbortSignal.timeout(500)), { name: "TimeoutError" });
      const started = start("workers", patience());
      process.kill(first, "SIGCONT");
      await started;
      assert.notEqual(processes.pids()[0], first);
      assert.deepEqual(await state("workers", patience()), { running: 1, wanted: 0 });
      assert.equal((await workers()).length, 1);
    });
    await served.close();
  });

  it("are not believed to be started or stopped when the answer says otherwise", async () => {
    const server = createServer((incoming, outgoing) => {
      outgoing.end(JSON.stringify({ running: incoming.url?.endsWith("stopped") === true ? 1 : 0 }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await through(`http://127.0.0.1:${port}`, async ({ start, stop }) => {
      const signal = AbortSignal.timeout(10_000);
      await assert.rejects(start("scheduler", signal), {
        message: "scheduler started, but not running any more",
      });
      await assert.rejects(stop("workers", signal), {
        message: "workers stopped, but running again",
      });
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
