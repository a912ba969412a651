import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { serverHealthScript, workerHealthScript } from "../../redash/health";
import { runPython } from "../support/pythonScript";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly state?: string;
}

/** What a worker container with two RQ workers looks like, idle. */
const SUPERVISORD = { pid: 1, parent: 0, command: "supervisord -c worker.conf" };
const LISTENER = { pid: 7, parent: 1, command: "python ./manage.py rq healthcheck" };
const worker = (pid: number, parent = 1): Process => ({
  pid,
  parent,
  command: "/usr/local/bin/python ./manage.py rq worker queries",
});

describe("the container check of a worker", () => {
  let proc: string;
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), "proc-"));
    writeFileSync(join(proc, "uptime"), "1 1");
  });
  afterEach(() => {
    rmSync(proc, { recursive: true });
  });

  async function check(processes: Process[], wanted = "2") {
    for (const { pid, parent, command, state = "S" } of processes) {
      mkdirSync(join(proc, String(pid)));
      writeFileSync(join(proc, String(pid), "cmdline"), `${command.replaceAll(" ", "\0")}\0`);
      writeFileSync(join(proc, String(pid), "stat"), `${pid} (py (x) y) ${state} ${parent} 1 1 0`);
    }
    const { code, stdout } = await runPython(workerHealthScript(proc), { WORKERS_COUNT: wanted });
    return `${code} ${stdout.trim()}`;
  }

  it("passes with all workers alive", async () => {
    assert.equal(
      await check([SUPERVISORD, LISTENER, worker(8), worker(9)]),
      "0 2 of 2 workers alive",
    );
  });

  it("fails when supervisord lives on without workers", async () => {
    assert.equal(await check([SUPERVISORD, LISTENER]), "1 0 of 2 workers alive");
  });

  it("fails when one of two workers is gone", async () => {
    assert.equal(await check([SUPERVISORD, LISTENER, worker(8)]), "1 1 of 2 workers alive");
  });

  it("does not count work-horses, which workers fork", async () => {
    assert.equal(
      await check([SUPERVISORD, LISTENER, worker(8), worker(21, 8)]),
      "1 1 of 2 workers alive",
    );
  });

  it("does not count a zombie", async () => {
    assert.equal(
      await check([SUPERVISORD, worker(8), { ...worker(9), state: "Z" }]),
      "1 1 of 2 workers alive",
    );
  });

  it("knows a worker that has renamed its process as RQ does with setproctitle", async () => {
    const renamed = { pid: 8, parent: 1, command: "rq:worker:4f2: Listening on queries" };
    assert.equal(await check([SUPERVISORD, renamed], "1"), "0 1 of 1 workers alive");
  });
});

describe("the container check of a server", () => {
  let server: Server;
  let status: number;
  beforeEach((done) => {
    server = createServer((request, response) => {
      response.writeHead(request.url === "/ping" ? status : 404).end("PONG.");
    }).listen(0, "127.0.0.1", done);
  });
  afterEach((done) => {
    server.close(done);
  });
  const check = async () =>
    (await runPython(serverHealthScript((server.address() as AddressInfo).port))).code;

  it("passes when /ping answers 200", async () => {
    status = 200;
    assert.equal(await check(), 0);
  });

  it("fails when /ping answers 500", async () => {
    status = 500;
    assert.equal(await check(), 1);
  });

  it("fails when nobody listens", async () => {
    const { code } = await runPython(serverHealthScript(1));
    assert.equal(code, 1);
  });
});
