import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { MOVE_PARTS, SOURCE_PARTS } from "../../../redash/hostScript";
import { type ComposeHost, composeHost } from "../../support/host/composeHost";

const REFUSED = 10;
const textOf = (stdout: string): string =>
  gunzipSync(Buffer.from(/\n(.*)\nend/.exec(stdout)?.[1] ?? "", "base64")).toString();

describe("Redash's processes on a compose host", function () {
  this.timeout(300_000);
  let host: ComposeHost;
  before(async () => {
    host = await composeHost();
  });
  after(() => host.remove());
  const asked = async (act: string, given: Record<string, string> = {}, parts = MOVE_PARTS) => {
    const ran = await host.act(parts, act, given);
    assert.equal(ran.code, 0, ran.stderr);
    return textOf(ran.stdout);
  };
  const policies = () =>
    Object.fromEntries(host.docker.containers.map((it) => [it.service, it.policy]));

  it("are found by their commands, with versions", async () => {
    const ran = await host.act(SOURCE_PARTS, "find");
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(textOf(ran.stdout).split("\n").sort().slice(1), [
      "compose=2.29.1",
      "database=postgres",
      `directory=${host.directory}`,
      `files=${host.directory}/compose.yaml`,
      "postgres=13.23",
      "project=redash",
      "redash=25.8.0",
      "service=adhoc_worker workers running redash/redash:25.8.0",
      "service=nginx nginx running redash/nginx:latest",
      "service=postgres database running pgautoupgrade/pgautoupgrade:13-alpine",
      "service=redis queue running redis:7-alpine",
      "service=scheduled_worker workers running redash/redash:25.8.0",
      "service=scheduler scheduler running redash/redash:25.8.0",
      "service=server servers running redash/redash:25.8.0",
      "service=worker workers running redash/redash:25.8.0",
    ]);
  });

  it("are stopped so that no start of docker brings them back, and started with the policy they had", async () => {
    host.docker.container("worker").policy = "on-failure:3";
    assert.equal(await asked("state", { part: "workers" }), "running=3\nwanted=3\n");
    for (let time = 0; time < 2; time++)
      assert.equal(await asked("stop", { part: "workers" }), "running=0\nwanted=3\n");
    assert.deepEqual(policies(), {
      server: "always",
      scheduler: "always",
      scheduled_worker: "no",
      adhoc_worker: "no",
      worker: "no",
      redis: "unless-stopped",
      postgres: "unless-stopped",
      nginx: "always",
    });
    for (let time = 0; time < 2; time++)
      assert.equal(await asked("start", { part: "workers" }), "running=3\nwanted=3\n");
    assert.equal(policies()["worker"], "on-failure:3");
    assert.equal(policies()["adhoc_worker"], "always");
    assert.deepEqual(readdirSync(join(host.kept, "policies")), []);
  });

  it("are stopped each part by itself, with the time that it needs", async () => {
    host.docker.calls = [];
    for (const part of ["scheduler", "servers", "nginx"]) await asked("stop", { part });
    assert.deepEqual(host.docker.calls, ["stop 30 scheduler", "stop 75 server", "stop 30 nginx"]);
    assert.equal(host.docker.container("adhoc_worker").status, "running");
    for (const part of ["scheduler", "servers", "nginx"]) await asked("start", { part });
  });

  it("that end as soon as they begin are no success", async () => {
    await asked("stop", { part: "scheduler" });
    const scheduler = host.docker.container("scheduler");
    scheduler.diesAtStart = true;
    assert.equal(await asked("start", { part: "scheduler" }), "running=0\nwanted=1\n");
    Object.assign(scheduler, { diesAtStart: false, status: "exited" });
    assert.equal(await asked("start", { part: "scheduler" }), "running=1\nwanted=1\n");
  });

  it("of a file of one's own are those that are named", async () => {
    const services = {
      servers: "server",
      scheduler: "scheduler",
      workers: "adhoc_worker worker",
      database: "postgres",
      queue: "redis",
    };
    assert.equal(await asked("state", { ...services, part: "workers" }), "running=2\nwanted=2\n");
  });

  it("are told apart by folder if two projects run them, and not guessed", async () => {
    const other = { id: "f".repeat(64), project: "old", workingDirectory: "/srv/old" };
    host.docker.containers.push({ ...host.docker.container("server"), ...other });
    const ran = await host.act(MOVE_PARTS, "state", { part: "servers" });
    assert.equal(ran.code, REFUSED);
    assert.match(ran.stderr, /^several compose projects run Redash's server: /);
    const named = { part: "servers", directory: host.directory };
    assert.equal(await asked("state", named), "running=1\nwanted=1\n");
    const wrong = await host.act(MOVE_PARTS, "state", { part: "servers", directory: "/srv/none" });
    assert.equal(wrong.code, REFUSED);
    assert.match(wrong.stderr, /^no compose project in \/srv\/none has a service that runs Redash/);
    host.docker.containers.pop();
  });

  it("are refused by a name that is none, and nothing is run of it", async () => {
    for (const part of ["database", "workers; touch /tmp/redash-was-here", "$(id)"]) {
      const ran = await host.act(MOVE_PARTS, "stop", { part });
      assert.equal(ran.code, REFUSED);
      assert.equal(ran.stderr, `${part} is no part of Redash\n`);
    }
    assert.equal(existsSync("/tmp/redash-was-here"), false);
  });
});
