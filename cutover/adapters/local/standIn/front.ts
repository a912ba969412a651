/**
 * Stands in for the load balancer: one port, two target groups of which one has all the weight, health checks, and
 * draining (requests in flight end where they began). Its second port is what an administrator calls.
 */
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sleep, standIn } from "./standIn";

interface Config {
  /** Side → port of its server. */
  readonly targets: Readonly<Record<string, number>>;
  readonly goesTo: string;
  readonly healthIntervalMs: number;
}

standIn<Config>(async ({ targets, goesTo: first, healthIntervalMs }, onStop) => {
  let goesTo = first;
  const healthy = new Map<string, boolean>();
  const agent = new Agent({ keepAlive: true });

  const forward = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const upstream = request(
      {
        agent,
        host: "127.0.0.1",
        port: targets[goesTo],
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    upstream.on("error", () => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    });
    incoming.pipe(upstream);
  };
  const check = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const ping = request({ host: "127.0.0.1", port, path: "/ping", timeout: 1000 }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      });
      ping.on("timeout", () => ping.destroy());
      ping.on("error", () => {
        resolve(false);
      });
      ping.end();
    });
  const checkAll = async () => {
    await Promise.all(
      Object.entries(targets).map(async ([side, port]) => healthy.set(side, await check(port))),
    );
  };
  const control = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const [, what, side = ""] = (incoming.url ?? "").split("/");
    if (incoming.method === "PUT" && what === "weight") {
      if (!(side in targets)) {
        outgoing.writeHead(404).end();
        return;
      }
      goesTo = side;
    }
    outgoing.writeHead(200, { "content-type": "application/json" });
    outgoing.end(JSON.stringify({ goesTo, healthy: Object.fromEntries(healthy) }));
  };
  const listen = async (handler: typeof forward) => {
    const server = createServer({ keepAliveTimeout: 60_000 }, handler);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onStop(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  };
  await checkAll();
  void (async () => {
    for (;;) {
      await sleep(healthIntervalMs);
      await checkAll();
    }
  })();
  return { port: await listen(forward), controlPort: await listen(control) };
});
