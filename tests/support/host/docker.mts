/**
 * Docker and both versions of Compose, as far as redash/host/ asks them, with containers in a file. What runs in a
 * container runs on this machine: psql and pg_dump with a real PostgreSQL, redis-cli with a real Valkey. What it does
 * not know ends with 125, as docker's own errors do.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Container, FakeState } from "./composeHost.ts";

const path = process.env["FAKE_DOCKER_STATE"] ?? "";
const state = JSON.parse(readFileSync(path, "utf8")) as FakeState;
const save = () => {
  writeFileSync(path, JSON.stringify(state));
};
const fail = (words: string, code = 125): never => {
  process.stderr.write(`${words}\n`);
  process.exit(code);
};
const print = (text: string) => process.stdout.write(`${text}\n`);

function found(id: string): Container {
  const it = state.containers.find((container) => container.id === id);
  return it ?? fail(`Error: No such object: ${id}`, 1);
}

/** The one thing that takes time: a database server that begins or ends. */
function database(to: "start" | "stop"): void {
  const { status } = spawnSync("curl", [
    "--silent",
    "--fail",
    "--max-time",
    "60",
    "--request",
    "POST",
    `${state.controlUrl}/${to}`,
  ]);
  if (status !== 0) fail(`the database does not ${to}`, 1);
}

function start(container: Container): void {
  if (container.status === "running") return;
  if (container.diesAtStart === true) {
    container.restarts += 1;
    container.status = "restarting";
    return;
  }
  if (container.service === state.databaseService) database("start");
  container.status = "running";
}

function stop(container: Container): void {
  if (container.status !== "running") return;
  if (container.service === state.databaseService) database("stop");
  container.status = "exited";
}

const label = (container: Container, name: string): string =>
  ({
    "com.docker.compose.project": container.project,
    "com.docker.compose.service": container.service,
    "com.docker.compose.version": container.composeVersion,
    "com.docker.compose.project.working_dir": container.workingDirectory,
    "com.docker.compose.project.config_files": container.configFiles,
  })[name] ?? "";

/** The templates of Go that the scripts use. */
function formatted(format: string, container: Container): string {
  const of: Record<string, string> = {
    ".Id": container.id,
    ".State.Status": container.status,
    ".HostConfig.RestartPolicy.Name": container.policy.split(":")[0] ?? "",
    ".HostConfig.RestartPolicy.MaximumRetryCount": container.policy.split(":")[1] ?? "0",
    ".Config.Image": container.image,
    ".RestartCount": String(container.restarts),
    "json .Config.Cmd": JSON.stringify(container.command),
  };
  return format
    .replace("{{range .Config.Env}}{{println .}}{{end}}", () =>
      container.environment.map((line) => `${line}\n`).join(""),
    )
    .replace("{{range .Mounts}}{{.Destination}}|{{.Source}}|{{.Name}}{{println}}{{end}}", () =>
      container.mounts.map((it) => `${it.to}|${it.from}|${it.name}\n`).join(""),
    )
    .replace(/\{\{index \.Config\.Labels "([^"]+)"\}\}/g, (_, name: string) =>
      label(container, name),
    )
    .replace(
      /\{\{(\.[A-Z][A-Za-z.]*|json [A-Za-z.]+)\}\}/g,
      (_, name: string) => of[name] ?? fail(`template: unknown field ${name}`, 1),
    );
}

function exec(args: string[]): never {
  while (args[0]?.startsWith("--") === true) if (args.shift() === "--user") args.shift();
  const [id = "", program = "", ...rest] = args;
  const container = found(id);
  if (container.status !== "running")
    fail(`Error response from daemon: Container ${id} is not running`, 1);
  const inside = rest.map((word) => word.replace(/^\/app\//, `${state.applicationDirectory}/`));
  const { status, error } = spawnSync(state.programs[program] ?? program, inside, {
    stdio: "inherit",
    env: { ...process.env, ...state.environment },
  });
  if (error !== undefined) fail(`exec: ${program}: ${error.message}`, 127);
  process.exit(status ?? 1);
}

/** Compose merges lists of ports, and v1 wants one version in all of its files. */
async function merged(files: string[], service: string, isFirst: boolean) {
  // Takes longer to load than everything else here.
  const { parse } = await import("yaml");
  const versions = new Set<unknown>();
  const ports: string[] = [];
  let image: string | undefined;
  for (const file of files) {
    if (!existsSync(file)) fail(`no configuration file provided: ${file} not found`, 14);
    const content = parse(readFileSync(file, "utf8"), { merge: true }) as {
      version?: string;
      services: Record<string, { image?: string; ports?: string[] } | undefined>;
    };
    versions.add(content.version);
    const its = content.services[service];
    ports.push(...(its?.ports ?? []));
    image = its?.image ?? image;
  }
  if (isFirst && versions.size > 1) fail("Version mismatch between compose files", 1);
  return { ports: [...new Set(ports)], image };
}

async function compose(args: string[], isFirst: boolean): Promise<void> {
  if (args[0] === "version") {
    print(isFirst ? "docker-compose version 1.29.2" : "Docker Compose version v2.29.1");
    return;
  }
  const files: string[] = [];
  let project = "";
  while (args[0]?.startsWith("--") === true) {
    const option = args.shift();
    const value = args.shift() ?? "";
    if (option === "--file") files.push(value);
    else if (option === "--project-name") project = value;
    else fail(`unknown option ${option ?? ""}`, 1);
  }
  const [verb = "", ...rest] = args;
  const service = rest.at(-1) ?? "";
  const its = () => state.containers.find((it) => it.project === project && it.service === service);
  state.calls.push(`compose ${verb} ${service}`);
  const { ports, image } = await merged(files, service, isFirst);
  const old = its();
  if (verb === "stop") {
    if (old) stop(old);
  } else if (verb === "rm") {
    if (old?.status === "running") fail(`${service} is running`, 1);
    state.containers = state.containers.filter((it) => it !== old);
    if (old) state.removed[service] = old;
  } else if (verb === "up") {
    const before = old ?? state.removed[service];
    if (before === undefined) return fail(`no such service: ${service}`, 1);
    const made: Container = {
      ...before,
      id: randomBytes(32).toString("hex"),
      status: "created",
      ports,
      image: image ?? before.image,
      configFiles: before.configFiles === "" ? "" : files.join(","),
    };
    state.containers = [...state.containers.filter((it) => it !== old), made];
    start(made);
  } else fail(`unknown docker command: compose ${verb}`, 1);
  save();
}

const [verb = "", ...args] = process.argv.slice(2);
if (basename(process.env["FAKE_DOCKER_NAME"] ?? "") === "docker-compose")
  await compose([verb, ...args], true);
else if (verb === "compose") await compose(args, false);
else if (verb === "ps") {
  if (args.join(" ") !== "--all --quiet --no-trunc --filter label=com.docker.compose.oneoff=False")
    fail(`unknown: ps ${args.join(" ")}`);
  for (const { id } of state.containers) print(id);
} else if (verb === "inspect" && args[0] === "--format") {
  for (const id of args.slice(2)) print(formatted(args[1] ?? "", found(id)));
} else if (verb === "exec") exec(args);
else if (verb === "start") {
  for (const id of args) start(found(id));
  state.calls.push(`start ${args.map((id) => found(id).service).join(" ")}`);
  save();
} else if (verb === "stop" && args[0] === "--time") {
  for (const id of args.slice(2)) stop(found(id));
  state.calls.push(
    `stop ${args[1] ?? ""} ${args
      .slice(2)
      .map((id) => found(id).service)
      .join(" ")}`,
  );
  save();
} else if (verb === "update" && args[0]?.startsWith("--restart=") === true) {
  found(args[1] ?? "").policy = args[0].slice("--restart=".length);
  save();
} else if (verb === "port") {
  for (const port of found(args[0] ?? "").ports) {
    const [address = "", outer = "", inner = ""] = port.split(":");
    print(`${inner}/tcp -> ${address}:${outer}`);
  }
} else if (verb === "stats") {
  for (const id of args.slice(3))
    print(
      (args[2] ?? "")
        .replace("{{.Name}}", `${dirname("redash/x")}-${found(id).service}-1`)
        .replace("{{.MemUsage}}", "140MiB / 7.6GiB"),
    );
} else fail(`docker: '${verb}' is not a docker command`);
