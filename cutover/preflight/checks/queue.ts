import { QUEUES } from "../../../redash/processes";
import type { SideName } from "../../ports";
import { type Check, fail, pass, warn } from "../check";
import { known } from "../fact";
import { listed, size } from "../wording";

/** Waiting jobs that take longer than a drain waits. */
const LARGE_BACKLOG = 500;
/** How full the target's memory may be before anything runs there. */
const LARGEST_MEMORY_SHARE = 0.5;

const sideChecks = (side: SideName): readonly Check[] => [
  {
    id: `${side}-queue-reachable`,
    title: `The ${side}'s Redis answers`,
    why: "Jobs could not be drained, and paused data sources not be carried.",
    judge: (facts) => {
      const { queue } = facts[side];
      return queue.isKnown
        ? pass(`version ${queue.value.version}`)
        : fail(
            queue.reason,
            "let this machine reach it: address, port, security group, TLS (rediss://), password",
          );
    },
  },
  {
    id: `${side}-queue-no-cluster`,
    title: `Cluster mode is off on the ${side}`,
    why: "RQ fails with it at every job (CROSSSLOT), while every health check stays green.",
    judge: (facts) =>
      known(facts[side].queue).isCluster
        ? fail("cluster_enabled is 1", "make the cache anew with cluster mode disabled")
        : pass("cluster_enabled is 0"),
  },
  {
    id: `${side}-queue-keeps-jobs`,
    title: `The ${side}'s Redis throws nothing away`,
    why: "Every other policy evicts jobs when memory is short: schedules stop without an error.",
    judge: (facts) => {
      const policy = known(facts[side].queue).evictionPolicy;
      const found = `maxmemory-policy is ${policy}`;
      if (policy === "noeviction") return pass(found);
      // The source has lived with it.
      return (side === "source" ? warn : fail)(
        found,
        "CONFIG SET maxmemory-policy noeviction (on ElastiCache: in the parameter group)",
      );
    },
  },
];

const total = (waiting: Readonly<Record<string, number>>) =>
  Object.values(waiting).reduce((sum, count) => sum + count, 0);
const inQueues = (waiting: Readonly<Record<string, number>>) =>
  Object.entries(waiting)
    .filter(([, count]) => count > 0)
    .map(([queue, count]) => `${count} in ${queue}`);

/** The queues of both sides. */
export const queueChecks: readonly Check[] = [
  ...sideChecks("source"),
  ...sideChecks("target"),
  {
    id: "source-queue-open",
    title: "Workers of the source take jobs",
    why: "Somebody has suspended the queue: users wait for their results already.",
    judge: ({ source }) =>
      known(source.isSuspended)
        ? fail("the key rq:suspended is set", "rq resume, or DEL rq:suspended")
        : pass("the queue is not suspended"),
  },
  {
    id: "source-backlog",
    title: "The source's queues are short",
    why: "What is left when the drain's time is over is cut, or not run.",
    judge: ({ source }) => {
      const { running, waiting } = known(source.backlog);
      const found = `${running.length} jobs at work, ${total(waiting)} waiting`;
      return total(waiting) <= LARGE_BACKLOG
        ? pass(found)
        : warn(
            `${found}: ${listed(inQueues(waiting))}`,
            "wait for a quieter hour, start more workers, or give the drain more time",
          );
    },
  },
  {
    id: "target-queue-empty",
    title: "The target's queues are empty",
    why: "Old jobs would run on the data sources as soon as the queue opens.",
    judge: ({ target }) => {
      const { running, waiting } = known(target.backlog);
      return running.length + total(waiting) === 0
        ? pass("no jobs")
        : fail(
            `${running.length} jobs at work, ${total(waiting)} waiting${total(waiting) > 0 ? `: ${listed(inQueues(waiting))}` : ""}`,
            "stop whatever fills it (a scheduler?), then DEL rq:queue:… for each of them",
          );
    },
  },
  {
    id: "target-queue-memory",
    title: "The target's Redis has memory left",
    why: "With noeviction a full one refuses every job.",
    judge: ({ source, target }) => {
      const { usedBytes, limitBytes } = known(target.queue);
      if (limitBytes === undefined) return pass(`${size(usedBytes)} used, without a limit`);
      const needed = usedBytes + known(source.queue).usedBytes;
      const found = `with what the source uses ${size(needed)} of ${size(limitBytes)}`;
      return needed <= LARGEST_MEMORY_SHARE * limitBytes
        ? pass(found)
        : fail(found, "choose a larger node type");
    },
  },
  {
    id: "target-queues-consumed",
    title: "Every queue has a worker on the target",
    why: "Jobs of a queue without one wait for ever.",
    judge: ({ target, data }) => {
      const consumers = known(target.consumers);
      const queues = [...new Set([...QUEUES, ...known(data.queues)])];
      const without = queues.filter((queue) => (consumers[queue] ?? 0) === 0);
      if (without.length === 0) return pass(`${queues.length} queues`);
      const found = `no worker listens to ${listed(without)}`;
      const fix = `give a worker kind these queues, and start it: ${without.join(", ")}`;
      // A suspended worker does not beat, and its entry expires after a few minutes.
      return known(target.isSuspended)
        ? warn(`${found}, or it is not listed because the queue is suspended`, fix)
        : fail(found, fix);
    },
  },
];
