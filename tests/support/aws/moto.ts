import { spawn, type ChildProcess } from "node:child_process";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { pythonPackages } from "../pythonPackages";

const VERSION = "5.2.5";
const START_DEADLINE_MS = 60_000;
export const REGION = "eu-west-1";

/** What a request is answered with instead of moto's answer. */
export type Fault =
  /** AWS's word for too many requests, a missing permission, or any other error code. */
  | { readonly code: string; readonly status: number }
  /** Carried out, and the answer is lost. */
  | "answer-lost"
  /** Not carried out; no answer at all. */
  | "silent"
  /** What AWS would answer where moto knows nothing: a recorded shape, as JSON or as XML. */
  | { readonly body: object | string };

/** AWS as moto plays it, behind a door that can be made to fail. Only what moto knows is real here. */
export class Moto {
  /** Requests that came, as `service:Operation`, or `METHOD /path` for S3. */
  readonly requests: string[] = [];
  private readonly bodies: { readonly name: string; readonly body: string }[] = [];
  private readonly faults: { readonly pattern: RegExp; readonly fault: Fault }[] = [];
  private readonly turns: { readonly pattern: RegExp; readonly act: () => Promise<void> }[] = [];
  /** Path → by how much an object seems older. */
  private readonly ages = new Map<string, number>();

  private constructor(
    private readonly process: ChildProcess,
    private readonly door: Server,
    private readonly port: number,
  ) {}

  /** @throws Error if it does not answer in time; needs python3 with pip */
  static async start(): Promise<Moto> {
    const home = await pythonPackages(`moto[server]==${VERSION}`);
    const port = await freePort();
    const child = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", `${port}`], {
      env: { ...process.env, PYTHONPATH: home, PYTHONDONTWRITEBYTECODE: "1" },
      stdio: "ignore",
    });
    const end = Date.now() + START_DEADLINE_MS;
    for (;;) {
      const isThere = await fetch(`http://127.0.0.1:${port}/moto-api/`).then(
        () => true,
        () => false,
      );
      if (isThere) break;
      if (child.exitCode !== null || Date.now() > end) {
        child.kill("SIGKILL");
        throw new Error("moto does not start");
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const door = createServer();
    const moto = new Moto(child, door, port);
    door.on("request", moto.pass);
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    // The SDK wants credentials, and moto takes any.
    process.env["AWS_ACCESS_KEY_ID"] = "test";
    process.env["AWS_SECRET_ACCESS_KEY"] = "test";
    return moto;
  }

  /** For `clientConfig`. */
  get options() {
    const { port } = this.door.address() as AddressInfo;
    return { region: REGION, endpoint: `http://127.0.0.1:${port}` };
  }

  /** The next request that matches gets this answer; called twice, the next two. */
  failNext(pattern: RegExp, fault: Fault): void {
    this.faults.push({ pattern, fault });
  }

  /** The next request that matches gets this answer; called twice, the next two. */
  answerNext(pattern: RegExp, body: object | string): void {
    this.faults.push({ pattern, fault: { body } });
  }

  /** Does something when the next request of this body was carried out, before it is answered. */
  whenDone(pattern: RegExp, act: () => Promise<void>): void {
    this.turns.push({ pattern, act });
  }

  /** Lets an object of S3 seem older, until it is written again: as if so much time had passed. */
  age(path: string, milliseconds: number): void {
    this.ages.set(path, milliseconds);
  }

  /** What requests of this name asked for, of services that speak JSON. */
  bodiesOf(name: string): Record<string, unknown>[] {
    return this.bodies
      .filter((it) => it.name === name)
      .map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  }

  /** Everything that was sent by requests of this name, such as every version of every object of a bucket. */
  sentBy(pattern: RegExp): string[] {
    return this.bodies.filter(({ name }) => pattern.test(name)).map(({ body }) => body);
  }

  /** Forgets everything in AWS, every fault and every request. */
  async reset(): Promise<void> {
    this.faults.length = 0;
    this.requests.length = 0;
    this.bodies.length = 0;
    await fetch(`http://127.0.0.1:${this.port}/moto-api/reset`, { method: "POST" });
  }

  async stop(): Promise<void> {
    this.door.closeAllConnections();
    await new Promise((resolve) => this.door.close(resolve));
    this.process.kill("SIGKILL");
  }

  private async acted(body: string): Promise<void> {
    const index = this.turns.findIndex(({ pattern }) => pattern.test(body));
    if (index !== -1) await this.turns.splice(index, 1)[0]?.act();
  }

  private aged({ url = "", method }: IncomingMessage, headers: IncomingHttpHeaders) {
    const [path = ""] = url.split("?");
    if (method === "PUT") this.ages.delete(path);
    const { "last-modified": modified } = headers;
    const age = this.ages.get(path);
    return age === undefined || modified === undefined
      ? headers
      : { ...headers, "last-modified": new Date(Date.parse(modified) - age).toUTCString() };
  }

  private readonly pass = (incoming: IncomingMessage, answer: ServerResponse): void => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      const name = nameOf(incoming, body.toString("latin1"));
      this.requests.push(name);
      this.bodies.push({ name, body: body.toString() });
      const index = this.faults.findIndex(({ pattern }) => pattern.test(name));
      const fault = index === -1 ? undefined : this.faults.splice(index, 1)[0]?.fault;
      if (fault === "silent") return;
      if (typeof fault === "object" && "body" in fault) {
        answer.writeHead(200);
        answer.end(typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body));
        return;
      }
      if (typeof fault === "object") {
        answer.writeHead(fault.status, { "x-amzn-errortype": fault.code });
        // Of S3 it is the type of the object.
        const type = name.includes(" /") ? "xml" : (incoming.headers["content-type"] ?? "");
        answer.end(errorBody(type, fault.code));
        return;
      }
      const onward = request(
        {
          host: "127.0.0.1",
          port: this.port,
          method: incoming.method,
          path: incoming.url,
          headers: { ...incoming.headers, host: `127.0.0.1:${this.port}` },
        },
        (came) => {
          if (fault === "answer-lost") {
            came.resume();
            came.on("end", () => answer.destroy());
            return;
          }
          if (name.startsWith("dms:")) {
            void asDms(came, answer);
            return;
          }
          void this.acted(body.toString()).then(() => {
            answer.writeHead(came.statusCode ?? 500, this.aged(incoming, came.headers));
            came.pipe(answer);
          });
        },
      );
      onward.on("error", () => answer.destroy());
      onward.end(body);
    });
  };
}

function nameOf({ headers, method = "", url = "" }: IncomingMessage, body: string): string {
  const service =
    /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";
  const target = headers["x-amz-target"];
  if (typeof target === "string") return `${service}:${target.split(".").at(-1) ?? ""}`;
  const action = /(?:^|&)Action=([A-Za-z]+)/.exec(body)?.[1];
  return action === undefined ? `${method} ${url}` : `${service}:${action}`;
}

/**
 * DMS answers with dates as seconds since the epoch, moto with text, which the SDK refuses; and a task that was made is
 * soon ready, in moto it stays `creating`.
 */
async function asDms(came: IncomingMessage, answer: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of came) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks)
    .toString()
    .replace('"Status": "creating"', '"Status": "ready"')
    .replace(
      /"(\d{4}-\d\d-\d\dT[\d:.]+)"/g,
      (_, date: string) => `${Date.parse(`${date}Z`) / 1000}`,
    );
  answer.writeHead(came.statusCode ?? 500, { "content-type": came.headers["content-type"] });
  answer.end(body);
}

function errorBody(contentType: string, code: string): string {
  if (contentType.includes("json"))
    return JSON.stringify({ __type: code, message: "as the test wants it" });
  const error = `<Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`;
  return contentType.includes("urlencoded") ? `<ErrorResponse>${error}</ErrorResponse>` : error;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
