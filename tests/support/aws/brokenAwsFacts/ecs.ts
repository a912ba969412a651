import { known } from "../../../../cutover/preflight/fact";
import type { BrokenAwsCase } from "./brokenAwsCase";

const PULUMI_UP = "run pulumi up with redash:phase replicating";

export const ECS_CASES: readonly BrokenAwsCase[] = [
  [
    "ecs-services-active",
    "fail",
    ({ services }) => (known(services)[2]!.status = "DRAINING"),
    "worker is DRAINING",
    "run pulumi up, which makes it",
  ],
  [
    "ecs-services-steady",
    "fail",
    ({ services }) => {
      known(services)[0]!.deployments = ["IN_PROGRESS", "COMPLETED"];
      known(services)[0]!.running = 1;
    },
    "server: 1 of 2 tasks, IN_PROGRESS and COMPLETED ((service server) has reached a steady state.)",
    "wait for it, or look at the service's events and its tasks' logs",
  ],
  [
    "ecs-services-steady",
    "fail",
    ({ services }) => (known(services)[2]!.deployments = ["FAILED"]),
    "worker: 3 of 3 tasks, FAILED ((service worker) has reached a steady state.)",
    "wait for it, or look at the service's events and its tasks' logs",
  ],
  [
    "ecs-tasks-as-declared",
    "fail",
    ({ services }) => {
      known(services)[2]!.desired = 1;
      known(services)[2]!.running = 1;
    },
    "worker has 1 of 3",
    PULUMI_UP,
  ],
  [
    "ecs-scheduler-at-zero",
    "fail",
    ({ services }) => {
      known(services)[1]!.desired = 1;
      known(services)[1]!.running = 1;
    },
    "scheduler has 1",
    PULUMI_UP,
  ],
  [
    "ecs-scheduler-alone",
    "fail",
    ({ services }) => (known(services)[1]!.mostPercent = 200),
    "scheduler may have 200 % of its tasks",
    "run pulumi up, which sets its maximum to 100 %",
  ],
  [
    "ecs-circuit-breaker",
    "warn",
    ({ services }) => (known(services)[0]!.hasCircuitBreaker = false),
    "server without one",
    "run pulumi up, which sets it",
  ],
  [
    "ecs-one-image",
    "fail",
    ({ services }) => (known(services)[2]!.image = "redash/redash:26.3.0"),
    "redash/redash:25.8.0, redash/redash:26.3.0",
    "run pulumi up, which gives all of them redash:image",
  ],
  [
    "ecs-one-image",
    "fail",
    ({ services }) => {
      for (const it of known(services)) it.image = "registry.example.com:5000/redash:10.1.0.b50633";
    },
    "registry.example.com:5000/redash:10.1.0.b50633, the source runs 25.8.0",
    "set redash:image to 25.8.0",
  ],
  [
    "ecs-one-image",
    "warn",
    ({ services }) => {
      for (const it of known(services)) it.image = "registry.example.com:5000/redash@sha256:25a8";
    },
    "registry.example.com:5000/redash@sha256:25a8, whose tag names no release; the source runs 25.8.0",
    "make sure that it is the same release, or give redash:image a tag that says so",
  ],
  [
    "ecs-secrets",
    "fail",
    ({ services }) => (known(services)[2]!.secrets = { REDASH_SECRET_KEY: "arn:other" }),
    "another secret, or none: worker: REDASH_SECRET_KEY, REDASH_DATABASE_URL, REDASH_REDIS_URL",
    "run pulumi up, which gives tasks and move the same ones",
  ],
  [
    "ecs-sessions-tried",
    "warn",
    ({ services }) => (known(services)[0]!.triesSessions = false),
    "SQLALCHEMY_ENABLE_POOL_PRE_PING is not true in server",
    "take it out of redash:environment, if it is there, and run pulumi up, which sets it",
  ],
];
