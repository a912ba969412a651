import { absentOr, atLeast, is, matches, notEmpty, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import { UNKNOWN } from "./value";
import type { View } from "./view";

const TASK = "aws:ecs/taskDefinition:TaskDefinition";

/** CPU units → memory in MiB that Fargate has for them: from, to, in steps of. */
const FARGATE: Readonly<Record<string, readonly [from: number, to: number, step: number]>> = {
  // And 512, which is no step.
  "256": [1024, 2048, 1024],
  "512": [1024, 4096, 1024],
  "1024": [2048, 8192, 1024],
  "2048": [4096, 16384, 1024],
  "4096": [8192, 30720, 1024],
  "8192": [16384, 61440, 4096],
  "16384": [32768, 122880, 8192],
};

/** The containers of a task definition; none, and undecided, while they are not known. */
function containers(task: View): View[] {
  const list = task.json("containerDefinitions");
  return list === undefined ? [] : list.each("");
}

/** A number, also as text; NaN for what is none or not known. */
const amount = (value: unknown): number =>
  typeof value === "number" || typeof value === "string" ? Number(value) : NaN;

/** A rule on every container. */
const onContainers = (
  policy: Omit<Policy, "types" | "check"> & { readonly container: (container: View) => void },
): Policy => {
  const { container, ...rest } = policy;
  return {
    types: [TASK],
    ...rest,
    check: (task) => {
      for (const one of containers(task)) container(one);
    },
  };
};

const SECRET_NAME =
  /(?:PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE_KEY|API_KEY|ACCESS_KEY|DATABASE_URL|REDIS_URL|_DSN)/i;
/** What is named like a secret and is none: a version of one, a file of one, the name of a bucket. */
const NO_SECRET_NAME =
  /(?:_VERSION|_FILE|_PATH|_ARN|_NAME|_EXPIRY|_LENGTH|_ENABLED|_MAX_AGE|SECRETS_VERSION)$/i;
const SECRET_VALUE =
  /:\/\/[^/\s]*:[^/\s]+@|\bA(?:KIA|SIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bxox[abp]-|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgAAAAA[A-Za-z0-9_-]{40,}/;

const noPlainSecrets = onContainers({
  id: "ecs-no-secret-in-environment",
  title: "No secret stands in a container's plain environment.",
  controls: ["ECS.8", "AWS-0036", "AWS-0034"],
  severity: "high",
  enforcement: "mandatory",
  why: "Everybody who may describe a task definition reads it, for ever: old revisions stay.",
  fix: "Put it into Secrets Manager and name it in `secrets`.",
  container: (container) => {
    for (const variable of container.each("environment")) {
      const name = String(variable.get("name"));
      const value = variable.get("value");
      const named = SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name) && value !== "";
      if (named || (typeof value === "string" && SECRET_VALUE.test(value))) {
        variable.wrong("", "an entry of `secrets`", `the variable ${name}, with a secret`);
      }
    }
  },
});

const imagePinned = onContainers({
  id: "ecs-image-pinned",
  title: "Every image is pinned by a version or a digest.",
  controls: [],
  severity: "high",
  enforcement: "mandatory",
  why: "A tag that moves starts another Redash after any crash, whose migrations the database does not have.",
  fix: "redash/redash:25.8.0, or a digest.",
  container: (container) => {
    container.must(
      "image",
      matches(
        /^[^\s@]+(?:@sha256:[0-9a-f]{64}|:(?!(?:latest|preview|nightly|stable|main|master)$)[^/:@]+)$/,
        "an image with a digest, or a tag that does not move",
      ),
    );
  },
});

const size: Policy = {
  id: "ecs-task-size",
  title: "CPU and memory of a task are a pair that Fargate has.",
  controls: [],
  severity: "medium",
  enforcement: "mandatory",
  why: "AWS's preview accepts 1024/1024, and the update fails with half of the stack made (aws.md 5.2).",
  fix: "For 1024 CPU units 2048 to 8192 MiB in steps of 1024.",
  types: [TASK],
  check: (task) => {
    const cpu = task.get("cpu");
    const range = FARGATE[String(cpu)];
    if (range === undefined) {
      task.must("cpu", is(...Object.keys(FARGATE)));
      return;
    }
    const [from, to, step] = range;
    const memory = amount(task.get("memory"));
    const isSmallest = String(cpu) === "256" && memory === 512;
    const fits = isSmallest || (memory >= from && memory <= to && memory % step === 0);
    if (!fits) {
      task.wrong(
        "memory",
        `${from} to ${to} MiB in steps of ${step} with ${String(cpu)} CPU units`,
      );
    }
  },
};

const memoryLimits: Policy = {
  id: "ecs-memory-limits",
  title: "Every container has a memory limit of its own, and they fit into the task.",
  controls: [],
  severity: "high",
  enforcement: "mandatory",
  why: "Without one a runaway query takes the whole task down, and the event names no container; limits above the task's are refused at the update.",
  fix: "memory in every container definition.",
  types: [TASK],
  check: (task) => {
    const list = containers(task);
    for (const container of list) container.must("memory", atLeast(6, "MiB"));
    const sum = list.reduce((all, container) => all + (amount(container.get("memory")) || 0), 0);
    if (sum > amount(task.get("memory"))) {
      task.wrong("memory", `at least ${sum}, the sum of the containers' limits`);
    }
  },
};

const readOnlyRoot = onContainers({
  id: "ecs-read-only-root",
  title: "Containers cannot write to their root file system.",
  controls: ["ECS.5", "CKV_AWS_336"],
  severity: "medium",
  enforcement: "mandatory",
  why: "What breaks into a query runner could stay until the next deployment.",
  fix: "readonlyRootFilesystem: true, and a mount for /tmp.",
  container: (container) => {
    container.must("readonlyRootFilesystem", is(true));
  },
});

const nonRoot = onContainers({
  id: "ecs-non-root",
  title: "Containers run as a user that is not root, said in the task definition.",
  controls: ["ECS.20"],
  severity: "medium",
  enforcement: "mandatory",
  why: "Whether the image says so cannot be seen from here, and the control fails an absent value.",
  fix: 'user: "redash".',
  container: (container) => {
    container.must("user", matches(/^(?!(?:root|0)(?::|$))\S+$/, "a user that is not root"));
  },
});

const privileges: Policy = {
  id: "ecs-no-host-privileges",
  title: "Containers have no privileges and no namespace of the host.",
  controls: ["ECS.1", "ECS.3", "ECS.4", "ECS.17", "CKV_AWS_334", "CKV_AWS_335"],
  severity: "high",
  enforcement: "mandatory",
  why: "Either one leads out of the container.",
  fix: 'networkMode "awsvpc", no pidMode, no privileged, no added capabilities.',
  types: [TASK],
  check: (task) => {
    task.must("networkMode", is("awsvpc"));
    task.must("pidMode", absentOr(is("task")));
    task.must("ipcMode", absentOr(is("none", "task")));
    for (const container of containers(task)) {
      container.must("privileged", absentOr(is(false)));
      const added = container.get("linuxParameters.capabilities.add");
      if (added !== undefined && !(Array.isArray(added) && added.length === 0)) {
        container.wrong("linuxParameters.capabilities.add", "nothing");
      }
    }
  },
};

const logging = onContainers({
  id: "ecs-logging",
  title: "Every container's output is kept.",
  controls: ["ECS.9", "CKV_AWS_97"],
  severity: "high",
  enforcement: "mandatory",
  why: "On Fargate there is no host to look at: without logs a crash leaves nothing.",
  fix: "logConfiguration with awslogs, a group of the stack and a stream prefix.",
  container: (container) => {
    container.must("logConfiguration.logDriver", is("awslogs", "awsfirelens", "splunk"));
    if (container.get("logConfiguration.logDriver") !== "awslogs") return;
    for (const option of ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"]) {
      container.must(`logConfiguration.options.${option}`, set);
    }
    // The default changed in 2025; blocking, a full buffer stops a query.
    container.must("logConfiguration.options.mode", is("non-blocking"));
  },
});

/** Checks of the official image that say nothing of this task (redash-observed.md). */
const BROKEN_CHECK = /workers_healthcheck|\brq\s+(?:info|healthcheck)\b|supervisorctl\s+status/;

const healthChecks = onContainers({
  id: "ecs-health-check-tells-the-truth",
  title: "No health check looks at something else than its own task.",
  controls: [],
  severity: "high",
  enforcement: "mandatory",
  why: "workers_healthcheck counts the workers of the whole fleet, and supervisord lives on with all its workers given up (getredash/redash#5885): a dead worker stays.",
  fix: "Count the container's own `rq worker` processes.",
  container: (container) => {
    const check = container.get("healthCheck.command");
    if (check === UNKNOWN)
      container.wrong("healthCheck.command", "a command that is known before the update");
    if (!Array.isArray(check)) return;
    const command = check.join(" ");
    if (BROKEN_CHECK.test(command)) {
      container.wrong(
        "healthCheck.command",
        "a check of this container's own processes",
        "one of the image's broken checks",
      );
    }
  },
});

const hasHealthCheck = onContainers({
  id: "ecs-health-check",
  title: "Every essential container has a health check.",
  controls: [],
  severity: "medium",
  enforcement: "advisory",
  why: "A hung process is not replaced.",
  fix: "healthCheck with CMD and a short script.",
  container: (container) => {
    if (container.get("essential") !== false) container.must("healthCheck.command", notEmpty);
  },
});

/** Task definitions of ECS. */
export const ECS: Subject = {
  title: "Tasks (ECS on Fargate)",
  policies: [
    noPlainSecrets,
    imagePinned,
    size,
    memoryLimits,
    readOnlyRoot,
    nonRoot,
    privileges,
    logging,
    healthChecks,
    hasHealthCheck,
  ],
};
