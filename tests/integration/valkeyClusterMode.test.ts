import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { startValkey, type ValkeyServer } from "../../cutover/adapters/local/valkeyServer";
import { CLUSTER_MODE } from "../../policies/valkeyClusterMode";
import { pythonPackages } from "../support/pythonPackages";

/** What Redash does with its queue: enqueue, run, read the result; with the libraries that Redash 25.8 pins. */
const SCRIPT = `
import os, redis, rq
from redis.exceptions import ResponseError
connection = redis.from_url(os.environ["REDIS_URL"])
print("ping", connection.ping())
try:
    queue = rq.Queue("queries", connection=connection)
    job = queue.enqueue("math.sqrt", 49)
    rq.SimpleWorker([queue], connection=connection).work(burst=True, logging_level="CRITICAL")
    print("result", rq.job.Job.fetch(job.id, connection=connection).return_value())
except ResponseError as error:
    print("error", error)
`;

describe("the queue library that Redash pins (rq 1.16.1, redis 4.6.0) against a real server", function () {
  this.timeout(240_000);
  let packages: string;
  let server: ValkeyServer | undefined;

  before(async () => {
    packages = await pythonPackages("rq==1.16.1", "redis==4.6.0", "setuptools<81");
  });
  after(async () => {
    await server?.remove();
  });

  async function said(clusterMode: boolean): Promise<string[]> {
    server = await startValkey({ clusterMode });
    try {
      const { stdout } = await promisify(execFile)("python3", ["-c", SCRIPT], {
        env: {
          PATH: process.env["PATH"],
          PYTHONPATH: packages,
          REDIS_URL: server.url,
          PYTHONWARNINGS: "ignore",
        },
        timeout: 60_000,
      });
      return stdout.trim().split("\n");
    } finally {
      await server.remove();
      server = undefined;
    }
  }

  it("works with cluster mode off", async () => {
    assert.deepEqual(await said(false), ["ping True", "result 7.0"]);
  });

  it("fails with cluster mode on, at the first job, while a ping succeeds", async () => {
    assert.deepEqual(await said(true), [
      "ping True",
      "error CROSSSLOT Keys in request don't hash to the same slot",
    ]);
  });

  it("is quoted by the policy that forbids cluster mode", () => {
    const policy = CLUSTER_MODE.policies.find(({ id }) => id === "valkey-cluster-mode-off");
    assert.match(policy!.why, /"CROSSSLOT Keys in request don't hash to the same slot"/);
  });
});
