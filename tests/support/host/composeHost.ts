import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { binary } from "../../../cutover/adapters/local/binary";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { startValkey, type ValkeyServer } from "../../../cutover/adapters/local/valkeyServer";
import { hostCommands, hostScript } from "../../../redash/hostScript";
import { redis62 } from "../redisServers";
import { type Container, FakeDocker, type FakeDockerOptions } from "./fakeDocker";

const ROOT = join(__dirname, "..", "..", "..");
const DEADLINE_MS = 120_000;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ComposeHostOptions {
  /** @default v2, in the official layout of today */
  readonly compose?: "v1" | "v2";
  /** A Redash that lives, and is not removed with the host. @default an empty PostgreSQL and an empty Valkey */
  readonly living?: LivingRedash;
  /** Another server of queues, with the redis-cli beside it. @default Valkey, and the redis-cli of Redis 6.2 */
  readonly redisServer?: string | undefined;
}

/** What is in the containers. */
export interface LivingRedash {
  readonly database: PostgresServer;
  readonly queue: ValkeyServer;
  /** Variables of Redash's containers, besides those of every host. */
  readonly environment: Readonly<Record<string, string>>;
  /** What starts and stops with a container, by its service; PostgreSQL does in any case. */
  readonly services: FakeDockerOptions["real"];
}

/** A host with Docker Compose and the official set-up of Redash, on this machine. */
export interface ComposeHost {
  /** Folder of the compose file. */
  readonly directory: string;
  /** Folder of systemd's enabled units. */
  readonly units: string;
  readonly database: PostgresServer;
  readonly queue: ValkeyServer;
  readonly docker: FakeDocker;
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
  const units = join(home, "units");
  for (const folder of [directory, join(application, "redash"), path, units])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(application, "redash", "__init__.py"), 'import os\n__version__ = "25.8.0"\n');
  const { living } = options;
  const [database, queue, redis] = await Promise.all([
    living?.database ?? startPostgres({ major: 13 }),
    living?.queue ?? startValkey({ program: options.redisServer }),
    options.redisServer ?? redis62(),
  ]);

  const file = join(directory, isFirst ? "docker-compose.yml" : "compose.yaml");
  writeFileSync(
    file,
    `${isFirst ? 'version: "2"\n' : ""}services:\n  postgres:\n    image: ${IMAGES["postgres"] ?? ""}\n    restart: unless-stopped\n`,
  );
  const environment = Object.entries({
    REDASH_COOKIE_SECRET: "a cookie secret with 'quotes' and ümlauts",
    REDASH_SECRET_KEY: "a secret key",
    REDASH_MAIL_SERVER: "smtp.example.com",
    REDASH_MAIL_PASSWORD: "a mail password",
    REDASH_DATABASE_URL: "postgresql://postgres:unknown@postgres/postgres",
    REDASH_REDIS_URL: queue.url,
    REDASH_SAML_METADATA: "x".repeat(1000),
    PATH: "/usr/bin",
    ...living?.environment,
  }).map(([name, value]) => `${name}=${value}`);
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
  // What a container has as its own port.
  const redisCli = join(path, "redis-cli");
  const program = (name: string, lines: string) => {
    writeFileSync(join(path, name), lines);
    chmodSync(join(path, name), 0o755);
  };
  program(
    "redis-cli",
    `#!/bin/sh\nexec '${join(dirname(redis), "redis-cli")}' -p ${queue.port} "$@"\n`,
  );
  program("ip", "#!/bin/sh\necho '169.254.169.254 via 127.0.0.2 dev eth0 src 127.0.0.1 uid 0'\n");
  program(
    "systemctl",
    `#!/bin/sh
cd '${units}'
case "$*" in
  "list-unit-files --type=service --state=enabled --no-legend --no-pager")
    for unit in *; do if [ -f "$unit" ]; then echo "$unit enabled enabled"; fi; done ;;
  "cat $2") cat "$2" ;;
  *) exit 1 ;;
esac
`,
  );
  for (const name of ["docker", "docker-compose"])
    program(name, readFileSync(join(__dirname, "docker.sh"), "utf8"));
  const docker = await FakeDocker.start({
    real: {
      postgres: { start: () => database.start(), stop: () => database.stop() },
      ...living?.services,
    },
    programs: {
      psql: await binary("psql"),
      pg_dump: await binary("pgDump"),
      "redis-cli": redisCli,
    },
    paths: { "/app/redash/__init__.py": join(application, "redash", "__init__.py") },
    environment: {
      PGHOST: "127.0.0.1",
      PGPORT: String(database.port),
      PGPASSWORD: database.connection.password,
    },
  });
  docker.containers = Object.keys(COMMANDS).map(container);

  const runLines = async (lines: readonly string[]): Promise<Ran> => {
    const child = spawn("sh", ["-c", lines.join("\n")], {
      env: {
        PATH: `${path}:${process.env["PATH"] ?? ""}`,
        REDASH_MOVE_STATE: kept,
        FAKE_DOCKER_PORT: String(docker.port),
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
    units,
    database,
    queue,
    kept,
    docker,
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
      await docker.stop();
      if (living === undefined) await Promise.all([database.remove(), queue.remove()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
