import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { after, before, describe, it } from "mocha";
import { startValkey, type ValkeyServer } from "../../cutover/adapters/local/valkeyServer";
import { SCHEDULER_HEALTH_SCRIPT } from "../../redash/health";
import { pythonPackages } from "../support/pythonPackages";
import { runPython } from "../support/pythonScript";

describe("the container check of the scheduler, against a real Valkey", function () {
  this.timeout(240_000);
  let server: ValkeyServer;
  let client: Redis;
  let packages: string;
  before(async () => {
    packages = await pythonPackages("rq==1.16.1", "redis==4.6.0", "setuptools<81");
    server = await startValkey();
    client = new Redis(server.url);
  });
  after(async () => {
    client.disconnect();
    await server.remove();
  });

  async function check(): Promise<string> {
    const { code, stdout } = await runPython(SCHEDULER_HEALTH_SCRIPT, {
      PYTHONPATH: packages,
      REDASH_REDIS_URL: server.url,
    });
    await client.flushall();
    return `${code} ${stdout.trim()}`;
  }

  it("passes while an instance beats", async () => {
    await client.hset("rq:scheduler_instance:x", "birth", "now");
    assert.equal(await check(), "0 scheduler beats");
  });

  it("passes with the key of older versions", async () => {
    await client.hset("rq:scheduler", "birth", "now");
    assert.equal(await check(), "0 scheduler beats");
  });

  it("fails without a heartbeat, and for an instance that has said goodbye", async () => {
    assert.equal(await check(), "1 no scheduler heartbeat");
    await client.hset("rq:scheduler_instance:x", "death", "now");
    assert.equal(await check(), "1 no scheduler heartbeat");
  });

  it("fails when Redis is gone", async () => {
    const { code } = await runPython(SCHEDULER_HEALTH_SCRIPT, {
      PYTHONPATH: packages,
      REDASH_REDIS_URL: "redis://127.0.0.1:1/0",
    });
    assert.equal(code, 1);
  });
});
