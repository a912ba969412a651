import { known } from "../../../../cutover/preflight/fact";
import type { BrokenCase } from "./brokenCase";

const SERVICES = "look at the service's events and at the logs of its tasks";

export const WORKLOAD_CASES: readonly BrokenCase[] = [
  [
    "traffic-to-source",
    "fail",
    (facts) => (facts.traffic.goesTo = { isKnown: true, value: "target" }),
    "to the target",
    "if the move is done: npm run move -- finish; if not: npm run move -- status",
  ],
  [
    "source-healthy",
    "fail",
    (facts) => (facts.traffic.healthySources = { isKnown: true, value: 0 }),
    "no healthy target",
    "let the load balancer reach GET /ping of the source",
  ],
  [
    "target-healthy",
    "fail",
    (facts) => (facts.traffic.healthyTargets = { isKnown: true, value: 0 }),
    "no healthy target",
    "start the servers of the target, and let the load balancer reach their GET /ping",
  ],
  [
    "source-servers-run",
    "fail",
    (facts) => (known(facts.source.servers).running = 0),
    "0 of 1 running",
    "docker compose up -d server",
  ],
  [
    "source-workers-run",
    "fail",
    (facts) => (facts.source.workers = { isKnown: true, value: { running: 0, wanted: 0 } }),
    "0 of 1 running",
    "docker compose up -d",
  ],
  [
    "source-scheduler-runs",
    "warn",
    (facts) => (known(facts.source.scheduler).running = 2),
    "2 running",
    "docker compose up -d --scale scheduler=1 scheduler",
  ],
  [
    "source-scheduler-runs",
    "warn",
    (facts) => (known(facts.source.scheduler).running = 0),
    "0 running",
    "docker compose up -d --scale scheduler=1 scheduler",
  ],
  [
    "target-servers-run",
    "fail",
    (facts) => (facts.target.servers = { isKnown: true, value: { running: 1, wanted: 2 } }),
    "1 of 2 running",
    SERVICES,
  ],
  [
    "target-workers-run",
    "fail",
    (facts) => (facts.target.workers = { isKnown: true, value: { running: 2, wanted: 3 } }),
    "2 of 3 running",
    SERVICES,
  ],
  [
    "target-scheduler-stopped",
    "fail",
    (facts) => (known(facts.target.scheduler).running = 1),
    "1 running",
    "scale the scheduler of the target to 0 (redash:phase replicating does)",
  ],
  [
    "releases-equal",
    "fail",
    (facts) => (facts.target.redash = { isKnown: true, value: "26.3.0" }),
    "source 25.8.0, target 26.3.0",
    "run 25.8.0 on the target; upgrade after the move",
  ],
  [
    "release-fits-schema",
    "fail",
    (facts) => {
      facts.source.redash = { isKnown: true, value: "25.1.0" };
      facts.target.redash = { isKnown: true, value: "25.1.0" };
    },
    "Redash 25.1.0, schema db0aca1ebd32; its own is 9e8c841d1a30",
    "docker compose run --rm server manage db upgrade, after a backup",
  ],
  [
    "release-fits-schema",
    "warn",
    (facts) => {
      facts.source.redash = { isKnown: true, value: "24.05.0-dev" };
      facts.target.redash = { isKnown: true, value: "24.05.0-dev" };
    },
    "Redash 24.05.0-dev, schema db0aca1ebd32; the release's own is not on file",
    "rehearse with a copy first",
  ],
];
