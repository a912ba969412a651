import {
  DescribeTasksCommand,
  type ECSClient,
  ListTasksCommand,
  type Task,
} from "@aws-sdk/client-ecs";
import type { Clock } from "../../engine/clock";
import { call } from "./call";

/** AWS takes no more in one DescribeTasks (API_DescribeTasks). */
const TASKS_PER_CALL = 100;

/**
 * All tasks of a cluster, also those that shall stop and those that have ended within the last hour: ECS lists them for
 * so long (API_ListTasks).
 */
export async function tasksOf(
  ecs: ECSClient,
  cluster: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Task[]> {
  const ask = { on: cluster, isIdempotent: true, signal } as const;
  const arns: string[] = [];
  for (const desiredStatus of ["RUNNING", "STOPPED"] as const) {
    let nextToken: string | undefined;
    do {
      const page = await call(
        { ...ask, action: "ecs:ListTasks" },
        (abortSignal) =>
          ecs.send(new ListTasksCommand({ cluster, desiredStatus, nextToken }), { abortSignal }),
        clock,
      );
      arns.push(...(page.taskArns ?? []));
      ({ nextToken } = page);
    } while (nextToken !== undefined);
  }
  const tasks: Task[] = [];
  for (let first = 0; first < arns.length; first += TASKS_PER_CALL) {
    const some = arns.slice(first, first + TASKS_PER_CALL);
    const { tasks: described = [] } = await call(
      { ...ask, action: "ecs:DescribeTasks" },
      (abortSignal) =>
        ecs.send(new DescribeTasksCommand({ cluster, tasks: some }), { abortSignal }),
      clock,
    );
    tasks.push(...described);
  }
  return tasks;
}

/** States in which its processes have ended (Amazon ECS task lifecycle). */
const ENDED = ["DEPROVISIONING", "STOPPED", "DELETED"];

/**
 * Whether its processes may be at work. That a task shall stop is not enough: ECS counts it no more as running, while
 * its processes have their stop timeout still.
 */
export const isAtWork = ({ lastStatus = "" }: Task): boolean => !ENDED.includes(lastStatus);

/** Whether it runs, is to go on, and its health check says that it is well. */
export const isWell = ({ desiredStatus, lastStatus, healthStatus }: Task): boolean =>
  desiredStatus === "RUNNING" && lastStatus === "RUNNING" && healthStatus === "HEALTHY";

/** Why a task has ended although it should run; undefined if it has not, or if it was told to (Stopped tasks error codes). */
export function failureOf({
  lastStatus = "",
  stopCode,
  stoppedReason = "",
  containers = [],
}: Task): string | undefined {
  const isFailure =
    stopCode === "TaskFailedToStart" ||
    stopCode === "EssentialContainerExited" ||
    // Health checks that failed have this code too, as has a service that was given fewer tasks.
    (stopCode === "ServiceSchedulerInitiated" && !stoppedReason.startsWith("Scaling activity"));
  if (!ENDED.includes(lastStatus) || !isFailure) return undefined;
  const ends = containers
    .filter(({ exitCode, reason }) => (exitCode ?? 0) !== 0 || reason !== undefined)
    .map(({ name = "", exitCode, reason }) =>
      [name, exitCode === undefined ? [] : `exit code ${exitCode}`, reason ?? []].flat().join(", "),
    );
  return [stoppedReason, ...ends].join("; ");
}
