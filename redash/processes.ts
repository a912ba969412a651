/** The processes a Redash installation consists of, and the RQ queues that join them. */

/** Every queue that Redash itself uses (redash/worker.py, cli/rq.py); each needs a consumer or it grows for ever. */
export const QUEUES = [
  "periodic",
  "emails",
  "default",
  "queries",
  "scheduled_queries",
  "schemas",
] as const;

/** One kind of worker: its own service, so that a runaway query is killed alone. */
export interface WorkerKind {
  /** Name of the kind; part of the service's name. */
  readonly name: string;
  /** RQ queues in the order of their priority. */
  readonly queues: readonly string[];
  /** CPU units per task (1024 = one vCPU). */
  readonly cpu: number;
  /** Memory per task in MiB; the container's hard limit. */
  readonly memoryMib: number;
  /** Tasks that run. */
  readonly count: number;
  /** RQ worker processes per task (WORKERS_COUNT). Memory is shared by 2 × processes + 1 Redash processes. */
  readonly processes: number;
}

/** The workers of the official compose file, each kind apart. */
export const DEFAULT_WORKERS: readonly WorkerKind[] = [
  { name: "adhoc", queues: ["queries"], cpu: 1024, memoryMib: 2048, count: 1, processes: 2 },
  {
    name: "scheduled",
    queues: ["scheduled_queries", "schemas"],
    cpu: 1024,
    memoryMib: 2048,
    count: 1,
    processes: 1,
  },
  {
    name: "default",
    queues: ["periodic", "emails", "default"],
    cpu: 512,
    memoryMib: 1024,
    count: 1,
    processes: 1,
  },
];

/** Port on which gunicorn listens in the official image. */
export const SERVER_PORT = 5000;

/**
 * Requests may take this long (REDASH_GUNICORN_TIMEOUT), so the load balancer must let go of a task no
 * earlier, and a stopping server must be given longer than gunicorn's own 30 s of grace.
 */
export const REQUEST_TIMEOUT_SECONDS = 60;
export const SERVER_STOP_TIMEOUT_SECONDS = 75;

/**
 * supervisord in the image kills a worker 10 s after SIGTERM and RQ's HerokuWorker aborts the job after 6 s:
 * a longer stop would drain nothing (redash/worker.conf, redash/tasks/worker.py). Drain with `rq:suspended`.
 */
export const WORKER_STOP_TIMEOUT_SECONDS = 30;

/** The user `redash` of the official image: `useradd --create-home redash` in its Dockerfile, hence the first id. */
export const IMAGE_USER = "1000:1000";
