import assert from "node:assert/strict";
import type pg from "pg";
import { after, before, beforeEach, describe, it } from "mocha";
import { awsApplication } from "../../../cutover/adapters/aws/awsApplication";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { closeConnections, type Database, withClient } from "../../../cutover/database/database";
import { type Door, openDoor } from "../../support/aws/door";

const KEY = "keyOfTheFirstAdministratorThatNobodyMaySee";

describe("a query through Redash's load balancer", function () {
  this.timeout(60_000);
  let server: PostgresServer;
  let database: Database;
  let redash: Door;
  /** What Redash was asked: method, path, key. */
  let asked: string[];
  /** What it answers, in order; of the last one again and again. */
  let answers: (object | number)[];
  before(async () => {
    server = await startPostgres({ major: 17 });
    database = {
      side: "target",
      connection: server.connection,
      replicationConnection: "",
      applicationRole: "redash",
    };
    // As in redash/models/users.py.
    await sql(`
      CREATE TABLE groups (id int PRIMARY KEY, type text NOT NULL, name text NOT NULL);
      CREATE TABLE users (id int PRIMARY KEY, groups int[], api_key text NOT NULL, disabled_at timestamptz);
      INSERT INTO groups VALUES (1, 'builtin', 'admin'), (2, 'builtin', 'default'), (3, 'regular', 'admin')`);
    redash = await openDoor((incoming, _, answer) => {
      const { method = "", url = "", headers } = incoming;
      asked.push(`${method} ${url} ${headers.authorization ?? ""}`);
      const next = (answers.length > 1 ? answers.shift() : answers[0]) ?? 404;
      if (typeof next === "number") answer.writeHead(next).end();
      else answer.end(JSON.stringify(next));
      return Promise.resolve();
    });
  });
  after(async () => {
    await redash.stop();
    await closeConnections(database);
    await server.remove();
  });
  beforeEach(async () => {
    asked = [];
    answers = [];
    await sql("DELETE FROM users");
  });
  const sql = (text: string): Promise<pg.QueryResult> =>
    withClient(database, AbortSignal.timeout(10_000), (client) => client.query(text));
  const administrator = () => sql(`INSERT INTO users VALUES (7, '{2,1}', '${KEY}', NULL)`);
  const execute = (signal = AbortSignal.timeout(10_000)) =>
    awsApplication({ url: redash.endpoint, dataSourceId: 3, database }).executeQuery(signal);
  const job = (status: number, error?: string) => ({ job: { id: "a", status, error } });

  it("is executed by the first administrator who may come in and has a key, and waited for", async () => {
    await administrator();
    await sql(`INSERT INTO users VALUES
      (1, '{1}', 'disabled', now()), (2, '{1}', '', NULL), (3, '{2}', 'no administrator', NULL),
      (4, '{3}', 'of a group that is called so', NULL), (8, '{1}', 'the second one', NULL)`);
    answers = [job(1), job(2), job(3)];
    await execute();
    assert.deepEqual(asked, [
      `POST /api/query_results Key ${KEY}`,
      `GET /api/jobs/a Key ${KEY}`,
      `GET /api/jobs/a Key ${KEY}`,
    ]);
  });

  it("is not asked for where no administrator has a key, and the error says what to do", async () => {
    await sql("INSERT INTO users VALUES (3, '{2}', 'no administrator', NULL)");
    await assert.rejects(execute(), {
      message:
        "no administrator of Redash has an API key, so no query can be executed; make one in Redash (Settings, Users)",
    });
    assert.deepEqual(asked, []);
  });

  it("fails with Redash's words, or with the status that came instead, and never with the key", async () => {
    await administrator();
    answers = [job(2), job(4, "relation does not exist")];
    await assert.rejects(execute(), {
      message: "the executed query failed: relation does not exist",
    });
    answers = [503];
    await assert.rejects(execute(), { message: "/api/query_results answered 503" });
  });

  it("is not waited for when its step is told to end", async () => {
    await administrator();
    answers = [job(2)];
    const stop = new AbortController();
    const executing = execute(stop.signal);
    setTimeout(() => {
      stop.abort(new Error("stopped by the test"));
    }, 300);
    await assert.rejects(executing, { message: "stopped by the test" });
    assert.ok(asked.length > 1);
  });
});
