import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import pg from "pg";
import { after, before, describe, it } from "mocha";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { fill } from "../../../cutover/adapters/local/redash/data";
import { makeSchema, REDASH_SCHEMAS } from "../../../cutover/adapters/local/redash/schema";
import { Fernet } from "../../../cutover/redash/fernet";
import { tableBytes, tables } from "../../../cutover/database/table";
import { pythonPackages } from "../../support/pythonPackages";

const KEY = "the source's secret key";

describe("the data of a rehearsal", function () {
  this.timeout(120_000);
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres({ major: 13, settings: { fsync: "off" } });
  });
  after(() => server.remove());

  const filled = async <T>(
    name: string,
    options: Partial<Parameters<typeof fill>[1]>,
    look: (client: pg.Client) => Promise<T>,
  ): Promise<T> => {
    const administrator = new pg.Client(server.connection);
    await administrator.connect();
    await administrator.query(`CREATE DATABASE "${name}"`);
    await administrator.end();
    const client = new pg.Client({ ...server.connection, database: name });
    await client.connect();
    try {
      const { schema = "25.8.0" } = options;
      await makeSchema(client, schema);
      await fill(client, { schema, megabytes: 8, seed: 1, secretKey: KEY, ...options });
      return await look(client);
    } finally {
      await client.end();
    }
  };
  const checksum = async (client: pg.Client) => {
    let sums = "";
    for (const { name } of await tables(client)) {
      const { rows } = await client.query<{ sum: string }>(
        `SELECT count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS sum FROM ${name} t`,
      );
      sums += `${name} ${rows[0]!.sum}\n`;
    }
    return sums;
  };

  for (const schema of REDASH_SCHEMAS) {
    it(`fills every table of ${schema}, about as large as asked`, async () => {
      await filled(`data ${schema}`, { schema }, async (client) => {
        const list = await tables(client);
        for (const { name } of list) {
          const { rows } = await client.query<{ n: number }>(
            `SELECT count(*)::int AS n FROM ${name}`,
          );
          assert.ok(rows[0]!.n > 0, `${name} is empty`);
        }
        const bytes = [...(await tableBytes(client)).values()].reduce((sum, it) => sum + it, 0);
        const megabytes = bytes / 1e6;
        assert.ok(megabytes > 6 && megabytes < 16, `${megabytes} MB`);
      });
    });
  }

  it("is the same for the same seed, and another for another", async () => {
    const one = await filled("one", { megabytes: 1 }, checksum);
    assert.equal(await filled("again", { megabytes: 1 }, checksum), one);
    assert.notEqual(await filled("another", { megabytes: 1, seed: 2 }, checksum), one);
  });

  it("has gaps in its ids, archived queries, schedules, queues per data source, a large result", async () => {
    await filled("kinds", {}, async (client) => {
      const { rows } = await client.query<Record<string, number>>(`
        SELECT (SELECT max(id) - count(*) FROM events)::int AS gaps,
               (SELECT count(*) FROM queries WHERE is_archived)::int AS archived,
               (SELECT count(*) FROM queries WHERE schedule IS NOT NULL)::int AS scheduled,
               (SELECT count(DISTINCT queue_name) FROM data_sources)::int AS queues,
               (SELECT max(length(data)) FROM query_results)::int AS largest,
               (SELECT count(*) FROM queries WHERE tags::text LIKE '%NULL%')::int AS nulls`);
      const { gaps, archived, scheduled, queues, largest, nulls } = rows[0]!;
      assert.equal(gaps, 714);
      assert.equal(archived, 20);
      assert.equal(scheduled, 40);
      assert.equal(queues, 2);
      assert.equal(largest, 2_000_000);
      assert.equal(nulls, 240);
    });
  });

  it("has options that the source's key decrypts, here and in Python, and no other key", async () => {
    const { rows } = await filled("fernet", { megabytes: 1 }, (client) =>
      client.query<{ token: Buffer }>(
        "SELECT encrypted_options AS token FROM data_sources ORDER BY id",
      ),
    );
    const [{ token }] = rows as [{ token: Buffer }];
    assert.deepEqual(JSON.parse(new Fernet(KEY).decrypt(token)), {
      host: "db1.internal",
      password: "pässwörd-1",
    });
    assert.throws(() => new Fernet("another").decrypt(token), /not encrypted with this key/);
    const script = `
import base64, hashlib, sys
from cryptography.fernet import Fernet
key = base64.urlsafe_b64encode(hashlib.sha256(sys.argv[1].encode()).digest())
print(Fernet(key).decrypt(sys.argv[2].encode()).decode())`;
    const { stdout } = await promisify(execFile)("python3", ["-c", script, KEY, token.toString()], {
      env: {
        ...process.env,
        PYTHONPATH: await pythonPackages("cryptography==44.0.3"),
        PYTHONIOENCODING: "utf-8",
      },
    });
    assert.equal(stdout.trim(), '{"host":"db1.internal","password":"pässwörd-1"}');
  });
});
