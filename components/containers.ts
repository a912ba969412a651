import type { WorkerKind } from "../redash/processes";
import { BOOTSTRAP_SCRIPT, WAIT_FOR_ADMINISTRATOR_SCRIPT } from "../redash/bootstrap";
import { SCHEDULER_HEALTH_SCRIPT, serverHealthScript, workerHealthScript } from "../redash/health";
import {
  IMAGE_USER,
  REQUEST_TIMEOUT_SECONDS,
  SERVER_PORT,
  SERVER_STOP_TIMEOUT_SECONDS,
  WORKER_STOP_TIMEOUT_SECONDS,
} from "../redash/processes";

/** What one container runs; everything that is the same for all of them is added by `containerDefinition`. */
export interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly memoryMib: number;
  /** Plain variables of this container alone. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Secrets of this container alone, name → `valueFrom`. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly healthScript?: string;
  readonly healthStartSeconds?: number;
  readonly port?: number;
  readonly stopTimeoutSeconds?: number;
  /** Containers that must have ended with success first; those are not essential. */
  readonly after?: readonly string[];
  readonly essential?: boolean;
}

/** What all containers share. */
export interface ContainerDefaults {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Changes when a secret changes: ECS reads secrets only at the start of a task, so this starts new ones. */
  readonly secretsVersion: string;
  readonly logGroupName: string;
  readonly regionName: string;
  /** The SSM agent of ECS Exec must write to the root file system. */
  readonly writableRoot: boolean;
}

/** The first administrator of a greenfield stack. */
export interface Bootstrap {
  readonly email: string;
  readonly name: string;
  /** `valueFrom` of the password's secret. */
  readonly passwordValueFrom: string;
}

/** Of a task's memory, what the waiting script may have: the limits of all containers must fit into the task. */
const WAIT_MEMORY_MIB = 128;

/** gunicorn behind the load balancer; a greenfield server first waits until it cannot be claimed by a visitor. */
export function serverContainers(
  memoryMib: number,
  webWorkers: number,
  bootstrap?: Bootstrap,
): Container[] {
  const server: Container = {
    name: "server",
    command: ["server"],
    memoryMib,
    environment: {
      REDASH_WEB_WORKERS: String(webWorkers),
      // 26.3.0 binds [::] and knows no such variable; what came after it does, and needs no IPv6 then.
      REDASH_GUNICORN_BIND: `0.0.0.0:${SERVER_PORT}`,
      REDASH_GUNICORN_TIMEOUT: String(REQUEST_TIMEOUT_SECONDS),
    },
    healthScript: serverHealthScript(SERVER_PORT),
    healthStartSeconds: 60,
    port: SERVER_PORT,
    stopTimeoutSeconds: SERVER_STOP_TIMEOUT_SECONDS,
  };
  if (bootstrap === undefined) return [server];
  const wait: Container = {
    name: "wait-for-administrator",
    command: ["python", "-c", WAIT_FOR_ADMINISTRATOR_SCRIPT],
    memoryMib: WAIT_MEMORY_MIB,
    essential: false,
  };
  return [wait, { ...server, memoryMib: memoryMib - WAIT_MEMORY_MIB, after: [wait.name] }];
}

/**
 * The scheduler; in a greenfield stack it first makes the schema and the administrator, being the only one.
 * Each is one Redash process, so they share the task's memory by halves.
 */
export function schedulerContainers(memoryMib: number, bootstrap?: Bootstrap): Container[] {
  const scheduler: Container = {
    name: "scheduler",
    command: ["scheduler"],
    memoryMib,
    healthScript: SCHEDULER_HEALTH_SCRIPT,
    healthStartSeconds: 60,
    stopTimeoutSeconds: WORKER_STOP_TIMEOUT_SECONDS,
  };
  if (bootstrap === undefined) return [scheduler];
  const make: Container = {
    name: "bootstrap",
    command: ["python", "-c", BOOTSTRAP_SCRIPT],
    memoryMib: memoryMib / 2,
    environment: { ADMINISTRATOR_EMAIL: bootstrap.email, ADMINISTRATOR_NAME: bootstrap.name },
    secrets: { ADMINISTRATOR_PASSWORD: bootstrap.passwordValueFrom },
    essential: false,
  };
  return [make, { ...scheduler, memoryMib: memoryMib / 2, after: [make.name] }];
}

/** One kind of worker: supervisord with WORKERS_COUNT RQ workers that consume the kind's queues in order. */
export function workerContainers(kind: WorkerKind): Container[] {
  return [
    {
      name: "worker",
      command: ["worker"],
      memoryMib: kind.memoryMib,
      environment: {
        // Spaces, not commas: supervisord hands them on as arguments, and 10.x does not split at commas.
        QUEUES: kind.queues.join(" "),
        WORKERS_COUNT: String(kind.processes),
      },
      healthScript: workerHealthScript(),
      healthStartSeconds: 120,
      stopTimeoutSeconds: WORKER_STOP_TIMEOUT_SECONDS,
    },
  ];
}

const pairs = (record: Readonly<Record<string, string>>, key: "value" | "valueFrom") =>
  Object.entries(record)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => ({ name, [key]: value }));

/** The JSON that ECS wants, keys in a fixed order so that an unchanged task shows no difference. */
export function containerDefinition(container: Container, defaults: ContainerDefaults): object {
  const { name, command, memoryMib, essential = true } = container;
  return {
    name,
    image: defaults.image,
    command,
    essential,
    // A hard limit per container as well: the one that runs away is killed, and named in the event.
    memory: memoryMib,
    user: IMAGE_USER,
    readonlyRootFilesystem: !defaults.writableRoot,
    linuxParameters: {
      // Reaps the zombies of killed work-horses.
      initProcessEnabled: true,
      // supervisord's pid and socket, gunicorn's heartbeats, and what query runners write. A tmpfs, which
      // Fargate has since January 2026 (aws/containers-roadmap#736): a bind mount belongs to root there (#938).
      tmpfs: [{ containerPath: "/tmp", size: 256, mountOptions: ["mode=1777"] }],
    },
    environment: pairs(
      {
        ...defaults.environment,
        ...container.environment,
        HOME: "/tmp",
        SECRETS_VERSION: defaults.secretsVersion,
      },
      "value",
    ),
    secrets: pairs({ ...defaults.secrets, ...container.secrets }, "valueFrom"),
    ...(container.port === undefined
      ? {}
      : {
          portMappings: [
            { containerPort: container.port, hostPort: container.port, protocol: "tcp" },
          ],
        }),
    ...(container.after === undefined
      ? {}
      : {
          dependsOn: container.after.map((containerName) => ({
            containerName,
            condition: "SUCCESS",
          })),
        }),
    ...(container.healthScript === undefined
      ? {}
      : {
          healthCheck: {
            command: ["CMD", "python", "-c", container.healthScript],
            interval: 30,
            timeout: 10,
            // Longer than a failover of Valkey or PostgreSQL: restarting tasks would not shorten it.
            retries: 5,
            startPeriod: container.healthStartSeconds,
          },
        }),
    ...(container.stopTimeoutSeconds === undefined
      ? {}
      : { stopTimeout: container.stopTimeoutSeconds }),
    logConfiguration: {
      logDriver: "awslogs",
      options: {
        "awslogs-group": defaults.logGroupName,
        "awslogs-region": defaults.regionName,
        "awslogs-stream-prefix": name,
        // A full log buffer must not block a query; said outright, because the default has changed once.
        mode: "non-blocking",
        "max-buffer-size": "25m",
      },
    },
  };
}
