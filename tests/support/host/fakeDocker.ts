import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { configOf, merged } from "./composeFile";

/** A container. */
export interface Container {
  id: string;
  project: string;
  service: string;
  status: string;
  /** Name, and how often after a colon. */
  policy: string;
  restarts: number;
  image: string;
  command: readonly string[] | null;
  composeVersion: string;
  workingDirectory: string;
  /** With commas; empty with a Compose that does not say it. */
  configFiles: string;
  environment: readonly string[];
  mounts: readonly { readonly from: string; readonly to: string; readonly name: string }[];
  /** As in a compose file: address:outer:inner. */
  ports: readonly string[];
  /** It ends as soon as it begins. */
  diesAtStart?: boolean;
}

export interface FakeDockerOptions {
  /** What really starts and stops with a container, by its service. */
  readonly real: Readonly<
    Record<string, { readonly start: () => Promise<void>; readonly stop: () => Promise<void> }>
  >;
  /** Program in a container → program on this machine. */
  readonly programs: Readonly<Record<string, string>>;
  /** Path in a container → path on this machine. */
  readonly paths: Readonly<Record<string, string>>;
  /** Environment of what runs in containers. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What docker answers: a code and words, or a program that runs where docker was called. */
type Answer = { readonly code: number | "exec"; readonly words: readonly string[] };
const done = (...words: string[]): Answer => ({ code: 0, words });
const failed = (words: string, code = 125): Answer => ({ code, words: [words] });

/**
 * Docker and both versions of Compose, as far as redash/host/ asks them. What runs in a container runs on this machine:
 * psql and pg_dump with a real PostgreSQL, redis-cli with a real Valkey. What it does not know ends with 125, as docker's
 * own errors do.
 */
export class FakeDocker {
  containers: Container[] = [];
  /** What was asked for that changes something. */
  calls: string[] = [];
  /** Tag → id of the image; a tag that is not here has the id of its own name. */
  readonly images = new Map<string, string>();
  /** How many of the next `up` of Compose fail. */
  failingUps = 0;
  /** Everything that docker was called with: what anybody on the host can read in the list of processes. */
  readonly arguments: string[] = [];
  /** Containers that were removed, by service: Compose knows their service from its file. */
  private readonly removed = new Map<string, Container>();

  private constructor(
    private readonly options: FakeDockerOptions,
    private readonly server: Server,
  ) {}

  static async start(options: FakeDockerOptions): Promise<FakeDocker> {
    const server = createServer({ allowHalfOpen: true });
    const docker = new FakeDocker(options, server);
    server.on("connection", (socket) => {
      let text = "";
      socket.on("data", (data) => {
        text += data.toString();
        if (!text.endsWith("\x04\0")) return;
        const words = text.split("\0").slice(0, -2);
        docker.arguments.push(words.join(" "));
        void docker
          .answer(words)
          .catch((error: unknown) => failed((error as Error).message, 1))
          .then(({ code, words: said }) => {
            socket.end(`${code}\n${said.map((word) => `${word}\0`).join("")}`);
          });
      });
      socket.on("error", () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return docker;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) =>
      this.server.close(() => {
        resolve();
      }),
    );
  }

  /** The one container of a service. */
  container(service: string): Container {
    const it = this.containers.find((one) => one.service === service);
    if (it === undefined) throw new Error(`there is no container of ${service}`);
    return it;
  }

  private byId(id: string | undefined): Container {
    const it = this.containers.find((one) => one.id === id);
    if (it === undefined) throw new Error(`Error: No such object: ${id ?? ""}`);
    return it;
  }

  private async answer([name, verb = "", ...args]: string[]): Promise<Answer> {
    if (name === "docker-compose") return this.compose([verb, ...args], true);
    const services = (ids: readonly string[]) => ids.map((id) => this.byId(id).service).join(" ");
    const [first = "", second = ""] = args;
    switch (verb) {
      case "compose":
        return this.compose(args, false);
      case "ps":
        return args.join(" ") ===
          "--all --quiet --no-trunc --filter label=com.docker.compose.oneoff=False"
          ? done(...this.containers.map(({ id }) => `${id}\n`))
          : failed(`unknown: ps ${args.join(" ")}`);
      case "inspect":
        return done(...args.slice(2).map((id) => `${formatted(second, this.byId(id))}\n`));
      case "image":
        return done(`${this.imageId(args.at(-1) ?? "")}\n`);
      case "pull":
        this.calls.push(`pull ${second}`);
        return done();
      case "exec":
        return this.exec(args);
      case "start":
        this.calls.push(`start ${services(args)}`);
        for (const id of args) await this.begin(this.byId(id));
        return done();
      case "stop":
        this.calls.push(`stop ${second} ${services(args.slice(2))}`);
        for (const id of args.slice(2)) await this.end(this.byId(id));
        return done();
      case "update":
        this.byId(second).policy = first.slice("--restart=".length);
        return done();
      case "port":
        return done(
          ...this.byId(first).ports.map((port) => {
            const [address, outer, inner] = port.split(":");
            return `${inner ?? ""}/tcp -> ${address ?? ""}:${outer ?? ""}\n`;
          }),
        );
      case "stats":
        return done(...args.slice(3).map((id) => `memory=${this.byId(id).service} 140MiB\n`));
      default:
        return failed(`docker: '${verb}' is not a docker command`);
    }
  }

  private readonly imageId = (tag: string): string => this.images.get(tag) ?? `sha256:${tag}`;

  private async begin(container: Container): Promise<void> {
    if (container.status === "running") return;
    if (container.diesAtStart === true) {
      container.restarts += 1;
      container.status = "restarting";
      return;
    }
    await this.options.real[container.service]?.start();
    container.status = "running";
  }

  private async end(container: Container): Promise<void> {
    if (container.status === "running") await this.options.real[container.service]?.stop();
    container.status = "exited";
  }

  private exec(args: string[]): Answer {
    while (args[0]?.startsWith("--") === true) if (args.shift() === "--user") args.shift();
    const [id, program = "", ...rest] = args;
    const { status } = this.byId(id);
    if (status !== "running") return failed(`container ${id ?? ""} is not running`, 1);
    const { programs, paths, environment } = this.options;
    return {
      code: "exec",
      words: [
        ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        programs[program] ?? program,
        ...rest.map((word) => paths[word] ?? word),
      ],
    };
  }

  private async compose(args: string[], isFirst: boolean): Promise<Answer> {
    const files: string[] = [];
    let project = "";
    while (args[0]?.startsWith("--") === true) {
      const [option, value = ""] = args.splice(0, 2);
      if (option === "--file") files.push(value);
      else if (option === "--project-name") project = value;
      else return failed(`unknown option ${option ?? ""}`, 1);
    }
    const [verb = "", ...rest] = args;
    const service = rest.at(-1) ?? "";
    const old = this.containers.find((it) => it.project === project && it.service === service);
    if (old !== undefined && old.composeVersion.startsWith("1.") !== isFirst)
      return failed("network redash_default was found but has incorrect label", 1);
    if (verb === "config") return done(configOf(files));
    const { ports, image } = merged(files, service, isFirst);
    this.calls.push(`compose ${verb} ${service}`);
    const others = this.containers.filter((it) => it !== old);
    switch (verb) {
      case "stop":
        if (old !== undefined) await this.end(old);
        return done();
      case "rm":
        if (old?.status === "running") return failed(`${service} is running`, 1);
        this.containers = others;
        if (old !== undefined) this.removed.set(service, old);
        return done();
      case "up": {
        const before = old ?? this.removed.get(service);
        if (before === undefined) return failed(`no such service: ${service}`, 1);
        if (this.failingUps > 0) {
          this.failingUps -= 1;
          return failed("no such image", 1);
        }
        const made: Container = {
          ...before,
          id: randomBytes(32).toString("hex"),
          status: "created",
          ports,
          image: image ?? before.image,
          configFiles: files.join(","),
        };
        this.containers = [...others, made];
        await this.begin(made);
        return done();
      }
      default:
        return failed(`unknown docker command: compose ${verb}`, 1);
    }
  }
}

const label = (container: Container, name: string): string =>
  ({
    "com.docker.compose.project": container.project,
    "com.docker.compose.service": container.service,
    "com.docker.compose.version": container.composeVersion,
    "com.docker.compose.project.working_dir": container.workingDirectory,
    "com.docker.compose.project.config_files": container.configFiles,
  })[name] ?? "";

/** The templates of Go that the scripts use. @throws Error at one that it does not know */
function formatted(format: string, container: Container): string {
  const [policy = "", retries = "0"] = container.policy.split(":");
  const fields: Readonly<Record<string, string>> = {
    ".Id": container.id,
    ".State.Status": container.status,
    ".HostConfig.RestartPolicy.Name": policy,
    ".HostConfig.RestartPolicy.MaximumRetryCount": retries,
    ".Config.Image": container.image,
    ".Image": `sha256:${container.image}`,
    ".RestartCount": String(container.restarts),
    "json .Config.Cmd": JSON.stringify(container.command),
  };
  switch (format) {
    case "{{range .Config.Env}}{{println .}}{{end}}":
      return container.environment.map((line) => `${line}\n`).join("");
    case "{{range .Mounts}}{{.Destination}}|{{.Source}}|{{.Name}}{{println}}{{end}}":
      return container.mounts.map((it) => `${it.to}|${it.from}|${it.name}\n`).join("");
    default:
      return format.replace(
        /\{\{(?:index \.Config\.Labels "([^"]+)"|([^}]*))\}\}/g,
        (_, ...found) => {
          const [name, field] = found as [string | undefined, string | undefined];
          if (name !== undefined) return label(container, name);
          const value = fields[field ?? ""];
          if (value === undefined) throw new Error(`template: unknown field ${field ?? ""}`);
          return value;
        },
      );
  }
}
