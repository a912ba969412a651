/** Stands in for Redash's server: reads, the writes that Redash does, and queries that workers execute. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { enqueue, jobKey, redis } from "./rq";
import { standIn } from "./standIn";
import { type Write, write } from "./write";

interface Config {
  readonly database: pg.PoolConfig;
  readonly redisUrl: string;
  readonly version: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/** RQ's words → the numbers of Redash's API. */
const STATUS: Readonly<Record<string, number>> = { queued: 1, started: 2, finished: 3, failed: 4 };

standIn<Config>(async ({ database, redisUrl, version, port }, onStop) => {
  const pool = new pg.Pool({ max: 8, ...database });
  // A session that the fence ends is told so by an event, besides the error of its query.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const queue = redis(redisUrl);

  /**
   * A transaction on a connection that lives: whether it does is asked within the transaction, as SQLAlchemy asks with
   * SQLALCHEMY_ENABLE_POOL_PRE_PING, so that the server sees a session at work from then to the end of the request.
   */
  const transaction = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    for (let tries = 0; ; tries++) {
      const client = await pool.connect();
      try {
        await client.query("BEGIN; SELECT 1");
      } catch (error) {
        client.release(true);
        if (tries === 10) throw error;
        continue;
      }
      try {
        const result = await work(client);
        await client.query("COMMIT");
        client.release();
        return result;
      } catch (error) {
        // Its transaction is open, or it is broken: nobody gets it again.
        client.release(true);
        throw error;
      }
    }
  };
  const answer = async (incoming: IncomingMessage): Promise<object> => {
    const [, , what = "", id = ""] = (incoming.url ?? "").split("/");
    switch (`${incoming.method ?? ""} ${what}`) {
      case "GET queries":
        return transaction(async (client) => {
          const { rows } = await client.query<object>(
            "SELECT id, name, is_archived FROM queries WHERE id = $1",
            [id],
          );
          return rows[0] ?? {};
        });
      case "POST write": {
        const body = JSON.parse(await text(incoming)) as Write;
        return transaction((client) => write(client, body));
      }
      case "POST query_results": {
        const { query } = JSON.parse(await text(incoming)) as { query: string };
        const token = createHash("md5").update(query).digest("hex");
        const job = await enqueue(queue, "queries", { kind: "execute_query", token });
        return { job: { id: job, status: STATUS["queued"] } };
      }
      case "GET jobs": {
        const status = await queue.hget(jobKey(id), "status");
        return { job: { id, status: STATUS[status ?? ""] ?? 4, error: "" } };
      }
      default:
        throw new Error("no such path");
    }
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    if (incoming.url === "/ping") {
      outgoing.end("PONG.");
      return;
    }
    if (incoming.url === "/status.json") {
      outgoing.end(JSON.stringify({ version }));
      return;
    }
    answer(incoming).then(
      (body) => {
        outgoing.writeHead(200, { "content-type": "application/json" });
        outgoing.end(JSON.stringify(body));
      },
      (error: unknown) => {
        outgoing.writeHead(500, { "content-type": "application/json" });
        outgoing.end(JSON.stringify({ message: (error as Error).message }));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onStop(async () => {
    server.closeIdleConnections();
    await new Promise((resolve) => server.close(resolve));
    await pool.end();
    queue.disconnect();
  });
  return { port: (server.address() as AddressInfo).port };
});

async function text(incoming: IncomingMessage): Promise<string> {
  let body = "";
  for await (const part of incoming) body += String(part);
  return body;
}
