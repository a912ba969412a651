import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { connect } from "node:net";
import pg from "pg";
import { afterEach, describe, it } from "mocha";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";

const servers: PostgresServer[] = [];
async function started(major: 13 | 17, settings = {}): Promise<PostgresServer> {
  const server = await startPostgres({ major, settings });
  servers.push(server);
  return server;
}
async function query(server: PostgresServer, sql: string): Promise<unknown> {
  const client = new pg.Client(server.connection);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows[0] && Object.values(rows[0])[0];
  } finally {
    await client.end();
  }
}
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("a PostgreSQL server on this machine", () => {
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.remove()));
  });

  it("runs in two majors at once, with the settings given", async () => {
    const [old, current] = await Promise.all([started(13, { wal_level: "logical" }), started(17)]);
    assert.match(String(await query(old, "SHOW server_version")), /^13\./);
    assert.match(String(await query(current, "SHOW server_version")), /^17\./);
    assert.equal(await query(old, "SHOW wal_level"), "logical");
    assert.equal(await query(old, "SHOW fsync"), "on");
  });

  it("keeps what was committed through a kill", async () => {
    const server = await started(17);
    await query(server, "CREATE TABLE t AS SELECT 7 AS n");
    await server.kill();
    await server.start();
    assert.equal(await query(server, "SELECT n FROM t"), 7);
    await server.stop("immediate");
    await server.start();
    assert.equal(await query(server, "SELECT n FROM t"), 7);
  });

  it("leaves no process and no file behind", async () => {
    const server = await started(17);
    const pid = server.pid()!;
    assert.ok(isAlive(pid));
    await server.remove();
    assert.ok(!isAlive(pid));
    assert.ok(!existsSync(server.directory));
  });

  it("lets nobody in without its password, and listens on the loopback interface only", async () => {
    const server = await started(17);
    await assert.rejects(
      query({ ...server, connection: { ...server.connection, password: "wrong" } }, "SELECT 1"),
      /password authentication failed/,
    );
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((it) => it?.family === "IPv4" && !it.internal)?.address;
    if (outside === undefined) return;
    await assert.rejects(
      new Promise((resolve, reject) => {
        connect(server.port, outside, resolve as () => void).on("error", reject);
      }),
      { code: "ECONNREFUSED" },
    );
  });
});
