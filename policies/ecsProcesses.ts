import { absentOr, is } from "./constraint";
import type { Policy, Subject } from "./policy";
import type { Stack } from "./stack";
import { isMark } from "./value";
import type { View } from "./view";

const SERVICE = "aws:ecs/service:Service";
const TASK = "aws:ecs/taskDefinition:TaskDefinition";
const SCALING = "aws:appautoscaling/target:Target";

/** Every queue that Redash itself uses (redash/worker.py); each needs a consumer or it grows for ever. */
const QUEUES = ["periodic", "emails", "default", "queries", "scheduled_queries", "schemas"];

type Process = "server" | "scheduler" | "worker";

/** What a container of the official image runs, by the first word of its command. */
export function processOf(container: View): Process | undefined {
  const command: unknown = container.get("command");
  const [first] = Array.isArray(command) ? (command as unknown[]) : [];
  switch (first) {
    case "server":
    case "scheduler":
    case "worker":
      return first;
    case "dev_server":
      return "server";
    case "dev_scheduler":
      return "scheduler";
    case "dev_worker":
    case "celery_worker":
      return "worker";
    default:
      return undefined;
  }
}

interface RedashService {
  readonly service: View;
  readonly task: View;
  readonly containers: readonly { readonly container: View; readonly process: Process }[];
}

/** The services that run Redash. A task definition that is not known yet is undecided, and left out. */
function redashServices(stack: Stack): RedashService[] {
  return stack.of(SERVICE).flatMap((service) => {
    const task = stack.target(service, "taskDefinition", TASK);
    const containers = (task?.json("containerDefinitions")?.each("") ?? []).flatMap((container) => {
      const process = processOf(container);
      return process === undefined ? [] : [{ container, process }];
    });
    return task === undefined || containers.length === 0 ? [] : [{ service, task, containers }];
  });
}

const runs = ({ containers }: RedashService, process: Process) =>
  containers.some((it) => it.process === process);

function variable(container: View, name: string): unknown {
  const environment: unknown = container.get("environment");
  const found = (Array.isArray(environment) ? (environment as Record<string, unknown>[]) : []).find(
    (it) => it["name"] === name,
  );
  return found?.["value"];
}

/** Whether every service's task is known, and of this stack: only then something can be missing. */
const isComplete = (stack: Stack): boolean =>
  stack.of(SERVICE).every((service) => {
    const containers = stack.target(service, "taskDefinition", TASK)?.get("containerDefinitions");
    return containers !== undefined && !isMark(containers);
  });

/** A rule over the services that run Redash. */
const onRedash = (
  policy: Omit<Policy, "types" | "checkStack"> & {
    readonly redash: (services: RedashService[], stack: Stack) => void;
  },
): Policy => {
  const { redash, ...rest } = policy;
  return {
    types: [SERVICE],
    ...rest,
    checkStack: (stack) => {
      redash(redashServices(stack), stack);
    },
  };
};

const oneScheduler = onRedash({
  id: "ecs-one-scheduler",
  title: "There is one scheduler, and a deployment never runs two.",
  controls: [],
  severity: "critical",
  enforcement: "mandatory",
  why: "Two schedulers enqueue every schedule twice: duplicate alerts and mails. A rolling deployment starts the second before it stops the first.",
  fix: 'One service with desiredCount 0 or 1, deploymentMinimumHealthyPercent 0, deploymentMaximumPercent 100, availabilityZoneRebalancing "DISABLED", no scaling.',
  redash: (services, stack) => {
    const schedulers = services.filter((it) => runs(it, "scheduler"));
    if (services.length > 0 && schedulers.length === 0 && isComplete(stack))
      stack.self.wrong("", "a service with a scheduler", "without a scheduler");
    for (const { service } of schedulers.slice(1))
      service.wrong("", "one service with a scheduler", "another one");
    for (const { service } of schedulers) {
      service.must("desiredCount", is(0, 1));
      service.must("deploymentMinimumHealthyPercent", is(0));
      service.must("deploymentMaximumPercent", is(100));
      service.must("availabilityZoneRebalancing", is("DISABLED"));
      service.must("schedulingStrategy", absentOr(is("REPLICA")));
      for (const target of stack.of(SCALING)) {
        if (stack.target(target, "resourceId", SERVICE)?.resource.urn === service.resource.urn) {
          target.wrong("resourceId", "a service that is no scheduler");
        }
      }
    }
  },
});

const apart = onRedash({
  id: "ecs-processes-apart",
  title: "Server, scheduler and workers are services of their own.",
  controls: [],
  severity: "high",
  enforcement: "mandatory",
  why: "Together, a runaway query takes down what people look at: the reason to leave the single host.",
  fix: "One service per process.",
  redash: (services) => {
    for (const { service, containers } of services) {
      const kinds = [...new Set(containers.map((it) => it.process))].sort();
      if (kinds.length > 1)
        service.wrong("taskDefinition", "a task with one process", kinds.join(" and "));
    }
  },
});

const queuesConsumed = onRedash({
  id: "ecs-queues-consumed",
  title: "Every queue is consumed, by one kind of worker.",
  controls: [],
  severity: "high",
  enforcement: "mandatory",
  why: "A queue without a worker grows for ever while everything looks healthy.",
  fix: "QUEUES of the worker services: together all of them, divided by spaces.",
  redash: (services, stack) => {
    if (services.length === 0 || !isComplete(stack)) return;
    // While data is replicated, workers may wait for the switch.
    const workers = services.filter(
      (it) =>
        runs(it, "worker") &&
        (stack.phase === "replicating" || it.service.get("desiredCount") !== 0),
    );
    const consumers = new Map<string, View[]>();
    for (const { containers, task } of workers) {
      for (const { container, process } of containers) {
        if (process !== "worker") continue;
        const text = variable(container, "QUEUES");
        if (typeof text !== "string" || text.trim() === "") {
          task.wrong("containerDefinitions", "a worker with QUEUES", "a worker without");
          continue;
        }
        // Redash 10 hands the text on as it is: with commas it is one queue that nobody fills.
        if (text.includes(","))
          task.wrong("containerDefinitions", "queues divided by spaces", `QUEUES="${text}"`);
        const queues = text.split(/[\s,]+/);
        for (const queue of queues) consumers.set(queue, [...(consumers.get(queue) ?? []), task]);
      }
    }
    const idle = QUEUES.filter((queue) => !consumers.has(queue));
    if (idle.length > 0)
      stack.self.wrong(
        "",
        "a worker for each of Redash's queues",
        `without a worker for ${idle.join(", ")}`,
      );
    for (const [queue, tasks] of consumers) {
      const kinds = new Set(tasks.map(({ resource }) => resource.urn));
      if (kinds.size > 1)
        stack.self.wrong(
          "",
          "one kind of worker for each queue",
          `with ${kinds.size} kinds for ${queue}`,
        );
    }
  },
});

const sameKeys = onRedash({
  id: "ecs-same-secret-keys",
  title: "All of Redash's processes have the same secret keys, from Secrets Manager.",
  controls: [],
  severity: "critical",
  enforcement: "mandatory",
  why: "With another REDASH_SECRET_KEY no data source can be decrypted, and what one process saves no other can read.",
  fix: "The same `valueFrom` for REDASH_COOKIE_SECRET and REDASH_SECRET_KEY everywhere: in a move, the source's.",
  redash: (services) => {
    for (const name of ["REDASH_COOKIE_SECRET", "REDASH_SECRET_KEY"]) {
      const seen = new Set<string>();
      for (const { containers, task } of services) {
        for (const { container } of containers) {
          const secrets: unknown = container.get("secrets");
          const secret = (
            Array.isArray(secrets) ? (secrets as Record<string, unknown>[]) : []
          ).find((it) => it["name"] === name);
          if (secret === undefined)
            task.wrong("containerDefinitions", `${name} among its secrets`, `without ${name}`);
          else if (typeof secret["valueFrom"] === "string") {
            seen.add(secret["valueFrom"]);
            if (seen.size === 2)
              task.wrong(
                "containerDefinitions",
                `the same ${name} everywhere`,
                `with another ${name}`,
              );
          }
        }
      }
    }
  },
});

/** Queues that Redash fills by itself, without anybody waiting before a screen. */
const UNATTENDED = ["scheduled_queries", "periodic", "schemas"];

const queriesApart = onRedash({
  id: "ecs-queries-apart",
  title: "Workers of ad-hoc queries do nothing else.",
  controls: [],
  severity: "medium",
  enforcement: "advisory",
  why: "A worker takes one job after the other: a morning of schedules makes people wait.",
  fix: "A kind of worker of its own for `queries` in redash:workers.",
  redash: (services) => {
    for (const { containers, task } of services) {
      for (const { container } of containers) {
        const text = variable(container, "QUEUES");
        const queues = typeof text === "string" ? text.split(/[\s,]+/) : [];
        if (queues.includes("queries") && queues.some((it) => UNATTENDED.includes(it))) {
          task.wrong(
            "containerDefinitions",
            "`queries` apart from scheduled work",
            `QUEUES="${String(text)}"`,
          );
        }
      }
    }
  },
});

/** What Redash's processes ask of the services that run them. */
export const ECS_PROCESSES: Subject = {
  title: "Redash's processes",
  policies: [oneScheduler, apart, queuesConsumed, queriesApart, sameKeys],
};
