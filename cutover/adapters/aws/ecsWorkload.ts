import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  type Service,
  type Task,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import { type Clock, until } from "../../engine/clock";
import type { Workload } from "../../ports";
import { call } from "./call";
import type { AwsWorldDescription } from "./description";
import { failureOf, isAtWork, isWell, tasksOf } from "./ecsTask";

export type EcsWorkloadOptions = Pick<
  AwsWorldDescription["target"],
  "cluster" | "services" | "wantedTasks"
>;

/** AWS takes no more in one DescribeServices (API_DescribeServices). */
const SERVICES_PER_CALL = 10;
/** Shorter than the steps that wait, so that the error says what was seen last. */
const START_LIMIT_MS = 240_000;
const STOP_LIMIT_MS = 110_000;
const PAUSE_MS = { first: 1000, longest: 5000 };
/** As many failed tasks as ECS's circuit breaker waits for at least; it watches deployments only, not a changed count. */
const FAILURES = 3;

/**
 * Redash's services on ECS. It changes their desired count and nothing else, to what the program declares: the program
 * does not ignore that property, so after the move a preview shows no change. Nothing else may change it: the program
 * makes no scalable target (Application Auto Scaling would start what the move has stopped), and a test says so.
 */
export function ecsWorkload(
  ecs: ECSClient,
  { cluster, services, wantedTasks }: EcsWorkloadOptions,
  clock: Clock,
): Workload {
  const named = async (names: readonly string[], signal: AbortSignal): Promise<Service[]> => {
    const found: Service[] = [];
    for (let first = 0; first < names.length; first += SERVICES_PER_CALL) {
      const some = names.slice(first, first + SERVICES_PER_CALL);
      const answer = await call(
        { action: "ecs:DescribeServices", on: some.join(", "), isIdempotent: true, signal },
        (abortSignal) =>
          ecs.send(new DescribeServicesCommand({ cluster, services: some }), { abortSignal }),
        clock,
      );
      found.push(...(answer.services ?? []).filter(({ status }) => status === "ACTIVE"));
    }
    const missing = names.filter((name) => !found.some(({ serviceName }) => serviceName === name));
    if (missing.length > 0)
      throw new Error(
        `cluster ${cluster} has no active service ${missing.join(", ")}; run pulumi up, which makes it`,
      );
    return found;
  };

  const wantedOf = (name: string): number => {
    const count = wantedTasks[name];
    if (count === undefined)
      throw new Error(`nobody says how many tasks service ${name} shall have; run pulumi up`);
    return count;
  };

  const scale = (name: string, desiredCount: number, signal: AbortSignal) =>
    call(
      { action: "ecs:UpdateService", on: name, isIdempotent: true, signal },
      (abortSignal) =>
        ecs.send(new UpdateServiceCommand({ cluster, service: name, desiredCount }), {
          abortSignal,
        }),
      clock,
    );

  /** @throws Error with what is missing if it is not so within the limit, or never will be */
  const settled = async (
    names: readonly string[],
    problemOf: (service: Service, tasks: readonly Task[]) => string | undefined,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<void> => {
    const end = clock.monotonicMs() + limitMs;
    await until(
      async () => {
        const found = await named(names, signal);
        const tasks = await tasksOf(ecs, cluster, { clock, signal });
        const problems = found.flatMap((service) => {
          const problem = problemOf(service, ofService(tasks, service.serviceName));
          return problem === undefined ? [] : [`${service.serviceName ?? ""}: ${problem}`];
        });
        if (problems.length > 0 && clock.monotonicMs() > end)
          throw new Error(
            `after ${limitMs / 1000} s ${problems.join("; ")}; look at the service's events and at the logs of its tasks`,
          );
        return problems.length === 0;
      },
      { clock, signal },
      PAUSE_MS,
    );
  };

  return {
    state: async (part, signal) => {
      const names = services[part];
      await named(names, signal);
      const tasks = await tasksOf(ecs, cluster, { clock, signal });
      const counts = names.map(
        // Of a scheduler each task counts, well or not: what must be ruled out is that there are two.
        (name) => ofService(tasks, name).filter(part === "scheduler" ? isAtWork : isWell).length,
      );
      return { running: sum(counts), wanted: sum(names.map(wantedOf)) };
    },

    start: async (part, signal) => {
      const names = services[part];
      const before = new Set(
        (await tasksOf(ecs, cluster, { clock, signal }))
          .filter((task) => failureOf(task) !== undefined)
          .map(({ taskArn }) => taskArn),
      );
      for (const name of names) await scale(name, wantedOf(name), signal);
      await settled(
        names,
        (service, tasks) => {
          const wanted = wantedOf(service.serviceName ?? "");
          const failures = tasks
            .filter(({ taskArn }) => !before.has(taskArn))
            .flatMap((task) => failureOf(task) ?? []);
          refuseFailed(service, failures);
          return startProblem(service, tasks, wanted, failures);
        },
        START_LIMIT_MS,
        signal,
      );
    },

    stop: async (part, signal) => {
      if (part === "servers")
        throw new Error("servers on ECS are never stopped: they must be warm for the next switch");
      const names = services[part];
      for (const name of names) await scale(name, 0, signal);
      await settled(
        names,
        ({ desiredCount, runningCount = 0, pendingCount = 0 }, tasks) => {
          const left = Math.max(runningCount + pendingCount, tasks.filter(isAtWork).length);
          return desiredCount === 0 && left === 0 ? undefined : `tasks still at work: ${left}`;
        },
        STOP_LIMIT_MS,
        signal,
      );
    },

    /**
     * By the tag of the image that the servers' task definition names: Redash tells its version to administrators only
     * (/status.json), through a load balancer that leads to the other side before the switch.
     */
    version: async (signal) => {
      const [name = ""] = services.servers;
      const [service] = await named([name], signal);
      const taskDefinition = service?.taskDefinition ?? "";
      const { taskDefinition: definition } = await call(
        { action: "ecs:DescribeTaskDefinition", on: taskDefinition, isIdempotent: true, signal },
        (abortSignal) =>
          ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }), { abortSignal }),
        clock,
      );
      const image =
        definition?.containerDefinitions?.find(({ essential }) => essential !== false)?.image ?? "";
      // 10.1.0 is published as 10.1.0.b50633.
      const version = /:(\d+\.\d+\.\d+)[\w.-]*(?:@sha256:[0-9a-f]+)?$/.exec(image)?.[1];
      if (version === undefined)
        throw new Error(
          `image ${image} does not say which release of Redash it is; set redash:image to one with a tag, as redash/redash:25.8.0 or name:25.8.0@sha256:…`,
        );
      return version;
    },
  };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

const ofService = (tasks: readonly Task[], name = "") =>
  tasks.filter(({ group }) => group === `service:${name}`);

/** @throws Error with the reasons of the tasks if the service will not come up by itself */
function refuseFailed({ serviceName = "", deployments = [] }: Service, failures: string[]): void {
  const failed = deployments.find(({ rolloutState }) => rolloutState === "FAILED");
  if (failed === undefined && failures.length < FAILURES) return;
  const what =
    failed === undefined
      ? `${failures.length} tasks have ended`
      : (failed.rolloutStateReason ?? "its deployment has failed");
  throw new Error(
    `service ${serviceName} does not start: ${what}${reasons(failures)}; look at the logs of its tasks`,
  );
}

/** What a service lacks of a steady state with all tasks well; undefined if nothing. */
function startProblem(
  { desiredCount, runningCount, pendingCount, deployments = [] }: Service,
  tasks: readonly Task[],
  wanted: number,
  failures: readonly string[],
): string | undefined {
  const well = tasks.filter(isWell).length;
  const [rollout] = deployments;
  const isSteady =
    desiredCount === wanted &&
    runningCount === wanted &&
    pendingCount === 0 &&
    deployments.length === 1 &&
    rollout?.rolloutState === "COMPLETED";
  return isSteady && well >= wanted
    ? undefined
    : `${well} of ${wanted} tasks run and are well, its rollout is ${rollout?.rolloutState ?? "unknown"}${reasons(failures)}`;
}

const reasons = (failures: readonly string[]) =>
  failures.length === 0 ? "" : ` (${[...new Set(failures)].join(" | ")})`;
