import { known } from "../../../../cutover/preflight/fact";
import type { BrokenCase } from "./brokenCase";

export const QUEUE_CASES: readonly BrokenCase[] = [
  ...(["source", "target"] as const).flatMap((side): BrokenCase[] => [
    [
      `${side}-queue-no-cluster`,
      "fail",
      (facts) => (known(facts[side].queue).isCluster = true),
      "cluster_enabled is 1",
      "make the cache anew with cluster mode disabled",
    ],
    [
      `${side}-queue-keeps-jobs`,
      side === "source" ? "warn" : "fail",
      (facts) => (known(facts[side].queue).evictionPolicy = "volatile-lru"),
      "maxmemory-policy is volatile-lru",
      "CONFIG SET maxmemory-policy noeviction (on ElastiCache: in the parameter group)",
    ],
  ]),
  [
    "source-queue-open",
    "fail",
    (facts) => (facts.source.isSuspended = { isKnown: true, value: true }),
    "the key rq:suspended is set",
    "rq resume, or DEL rq:suspended",
  ],
  [
    "source-backlog",
    "warn",
    (facts) => (known(facts.source.backlog).waiting = { emails: 1, queries: 500, schemas: 0 }),
    "0 jobs at work, 501 waiting: 1 in emails, 500 in queries",
    "wait for a quieter hour, start more workers, or give the drain more time",
  ],
  [
    "target-queue-empty",
    "fail",
    (facts) => (known(facts.target.backlog).waiting = { emails: 2, queries: 0 }),
    "0 jobs at work, 2 waiting: 2 in emails",
    "stop whatever fills it (a scheduler?), then DEL rq:queue:… for each of them",
  ],
  [
    "target-queue-empty",
    "fail",
    (facts) => (known(facts.target.backlog).running = ["a job"]),
    "1 jobs at work, 0 waiting",
    "stop whatever fills it (a scheduler?), then DEL rq:queue:… for each of them",
  ],
  [
    "target-queue-memory",
    "fail",
    (facts) => (known(facts.source.queue).usedBytes = 600e6),
    "with what the source uses 610.0 MB of 1.0 GB",
    "choose a larger node type",
  ],
  [
    "target-queues-consumed",
    "fail",
    (facts) => {
      known(facts.data.queues).push("slow");
      delete known(facts.target.consumers)["emails"];
    },
    "no worker listens to emails, slow",
    "give a worker kind these queues, and start it: emails, slow",
  ],
];
