import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, before, describe, it } from "mocha";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import {
  closeConnections,
  type Database,
  oneRow,
  withClient,
} from "../../../cutover/database/database";

describe("a connection that waits for the next step", function () {
  this.timeout(60_000);
  let server: PostgresServer;
  let database: Database;
  /** Whether nothing comes through any more, not even the end of a connection, as from an instance that was stopped. */
  let isGone = false;
  const sockets: Socket[] = [];
  const way = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => undefined);
      from.on("data", (chunk) => isGone || to.write(chunk));
      from.on("end", () => isGone || to.end());
    }
  });
  before(async () => {
    server = await startPostgres({ major: 17, settings: { fsync: "off" } });
    await new Promise<void>((resolve) => way.listen(0, "127.0.0.1", resolve));
    const { port } = way.address() as AddressInfo;
    database = {
      side: "target",
      connection: { ...server.connection, port },
      replicationConnection: "",
      applicationRole: "redash",
    };
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => way.close(resolve));
    await server.remove();
  });
  const pid = () =>
    withClient(database, AbortSignal.timeout(10_000), async (client) => {
      const { of } = await oneRow<{ of: number }>(client, "SELECT pg_backend_pid() AS of");
      return of;
    });

  it("serves it, and is a new one once all were closed", async () => {
    const first = await pid();
    assert.equal(await pid(), first);
    await closeConnections(database);
    assert.notEqual(await pid(), first);
  });

  it("is closed all the same when its server has vanished and answers nothing any more", async () => {
    await pid();
    isGone = true;
    const began = performance.now();
    await closeConnections(database);
    const tookMs = performance.now() - began;
    assert.ok(tookMs > 1000 && tookMs < 10_000, `${tookMs} ms`);
  });
});
