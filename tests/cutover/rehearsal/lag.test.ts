import assert from "node:assert/strict";
import pg from "pg";
import { after, before, describe, it } from "mocha";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { LagProbe } from "../../../cutover/rehearsal/lag";

describe("the lag of a rehearsal", function () {
  this.timeout(60_000);
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres({ major: 13 });
  });
  after(async () => {
    await server.remove();
  });
  const connected = async () => {
    const client = new pg.Client(server.connection);
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };

  it("is not watched if a side lets nobody in: the error is told, and no connection left", async () => {
    const clients: pg.Client[] = [];
    const administrator = async (side: string) => {
      if (side === "target") throw new Error("too many clients already");
      const client = await connected();
      clients.push(client);
      return client;
    };
    await assert.rejects(LagProbe.start({ administrator }), new Error("too many clients already"));
    assert.equal(clients.length, 1);
    await assert.rejects(clients[0]!.query("SELECT 1"), /Client was closed/);
  });

  it("has a gap while a server is gone, and ends all the same", async () => {
    const probe = await LagProbe.start({ administrator: connected });
    await new Promise((resolve) => setTimeout(resolve, 600));
    await server.stop("immediate");
    const before = await probe.stop();
    assert.ok(before.length >= 1);
    assert.equal(before[0]!.bytes, 0);
  });
});
