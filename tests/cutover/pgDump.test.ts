import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { after, before, describe, it } from "mocha";
import { binary } from "../../cutover/adapters/local/binary";
import { type PostgresServer, startPostgres } from "../../cutover/adapters/local/postgresServer";
import { type DumpedServer, pgDump } from "../../cutover/adapters/pgDump";

/** With what libpq's password file must escape. */
const PASSWORD = "a:b\\c d";

describe("pg_dump of a real PostgreSQL", function () {
  this.timeout(60_000);
  let server: PostgresServer;
  let folder: string;
  let dumped: DumpedServer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "pg-dump-test-"));
    server = await startPostgres({ major: 13 });
    const client = new pg.Client(server.connection);
    await client.connect();
    await client.query(`CREATE ROLE dumper SUPERUSER LOGIN PASSWORD '${PASSWORD}'`);
    await client.query("CREATE TABLE notes (id int PRIMARY KEY)");
    await client.end();
    const { port } = server;
    dumped = { host: "127.0.0.1", port, database: "postgres", user: "dumper", password: PASSWORD };
  });
  after(async () => {
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A pg_dump that first writes down what it was told, and how. */
  const watched = async () => {
    const path = join(folder, "pg_dump");
    writeFileSync(
      path,
      `#!/bin/sh
       { printf '%s\\n' "$@"; env; } >${folder}/told
       printf %s "$PGPASSFILE" >${folder}/file
       ls -l "$PGPASSFILE" | cut -c1-10 >${folder}/mode
       exec ${await binary("pgDump")} "$@"`,
      { mode: 0o755 },
    );
    return path;
  };
  const written = (name: string) => readFileSync(join(folder, name), "utf8");
  const assertSecret = () => {
    for (const part of [PASSWORD, "a\\:b"]) assert.ok(!written("told").includes(part));
    assert.doesNotMatch(written("told"), /^PGPASSWORD=/m);
    assert.equal(written("mode"), "-rw-------\n");
    assert.equal(existsSync(dirname(written("file"))), false, "the password's folder is left");
  };

  it("is told the password by a file of its own, which is gone afterwards", async () => {
    const before = process.env["PGPASSWORD"];
    process.env["PGPASSWORD"] = "of somebody else";
    try {
      const dump = await pgDump(watched, dumped).section("pre-data", AbortSignal.timeout(30_000));
      assert.match(dump, /CREATE TABLE public\.notes/);
    } finally {
      if (before === undefined) delete process.env["PGPASSWORD"];
      else process.env["PGPASSWORD"] = before;
    }
    assertSecret();
  });

  it("leaves no password behind, and names none, when it fails", async () => {
    const wrong = { ...dumped, database: "nowhere" };
    await assert.rejects(
      pgDump(watched, wrong).section("pre-data", AbortSignal.timeout(30_000)),
      (error: Error) => {
        assert.match(error.message, /database "nowhere" does not exist/);
        assert.ok(!error.message.includes(PASSWORD));
        return true;
      },
    );
    assertSecret();
  });
});
