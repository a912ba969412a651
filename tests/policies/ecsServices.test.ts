import { describe } from "mocha";
import { type Case, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

type Json = Record<string, unknown>;
const SERVICE = "aws:ecs/service:Service";
const TASK = "aws:ecs/taskDefinition:TaskDefinition";

const ROLLING = {
  desiredCount: 1,
  deploymentMinimumHealthyPercent: 0,
  deploymentMaximumPercent: 100,
  availabilityZoneRebalancing: "DISABLED",
};
const KEYS = [
  { name: "REDASH_COOKIE_SECRET", valueFrom: "arn:cookie" },
  { name: "REDASH_SECRET_KEY", valueFrom: "arn:key" },
];

/** A service with its task; the task's name is unknown to it, as in a first preview. */
function service(name: string, containers: readonly Json[], props: Json = {}): Given[] {
  return [
    {
      type: SERVICE,
      name,
      props: { taskDefinition: UNKNOWN, ...props },
      refersTo: { taskDefinition: `${name}-task` },
    },
    {
      type: TASK,
      name: `${name}-task`,
      props: { containerDefinitions: JSON.stringify(containers) },
    },
  ];
}
const container = (command: string, more: Json = {}): Json => ({
  name: command,
  command: [command],
  secrets: KEYS,
  ...more,
});
const worker = (queues: string, more: Json = {}) =>
  container("worker", { environment: [{ name: "QUEUES", value: queues }], ...more });
const server = () => service("server", [container("server")]);
const scheduler = (props: Json = {}, name = "scheduler") =>
  service(name, [container("scheduler")], { ...ROLLING, ...props });
const WORKERS = [
  ...service("adhoc", [worker("queries")]),
  ...service("scheduled", [worker("scheduled_queries schemas")]),
  ...service("default", [worker("periodic emails default")]),
];
const unknownTask: Given[] = [
  { type: SERVICE, name: "it", props: {}, refersTo: { taskDefinition: "t" } },
  { type: TASK, name: "t", props: { containerDefinitions: UNKNOWN } },
];
const waits: Record<string, Case> = {
  "waits for containers that are not known": {
    given: unknownTask,
    finds: ["undecided: containerDefinitions is not known before the update"],
  },
  "does not judge a service of something else": {
    given: service("web", [container("nginx", { secrets: [] })]),
  },
  "does not judge a service whose task is made elsewhere": {
    given: { type: SERVICE, props: { taskDefinition: "arn:elsewhere" } },
  },
};
const cases = (
  list: Record<string, readonly [given: readonly Given[], ...finds: string[]]>,
): Record<string, Case> =>
  Object.fromEntries(
    Object.entries(list).map(([title, [given, ...finds]]) => [title, { given, finds }]),
  );

describe("policies of services", () => {
  describePolicy("ecs-one-scheduler", {
    ...waits,
    ...cases({
      "accepts one that cannot overlap": [[...scheduler(), ...server(), ...WORKERS]],
      "accepts none at work": [scheduler({ desiredCount: 0 })],
      "refuses two tasks": [scheduler({ desiredCount: 2 }), "desiredCount is 2"],
      "refuses a count that is not known": [
        scheduler({ desiredCount: UNKNOWN }),
        "desiredCount is not known before the update",
      ],
      "refuses a count that is left out": [
        scheduler({ desiredCount: undefined }),
        "desiredCount is not set",
      ],
      "refuses a deployment that overlaps": [
        scheduler({ deploymentMinimumHealthyPercent: 100, deploymentMaximumPercent: 200 }),
        "deploymentMaximumPercent is 200",
        "deploymentMinimumHealthyPercent is 100",
      ],
      "refuses rebalancing, also by AWS's default": [
        scheduler({ availabilityZoneRebalancing: undefined }),
        "availabilityZoneRebalancing is not set",
      ],
      "refuses a second service": [
        [...scheduler(), ...scheduler({}, "scheduler-2")],
        " is another one",
      ],
      "refuses one per host": [
        scheduler({ schedulingStrategy: "DAEMON" }),
        'schedulingStrategy is "DAEMON"',
      ],
      "refuses to scale it": [
        [
          ...scheduler(),
          {
            type: "aws:appautoscaling/target:Target",
            name: "scaling",
            props: { resourceId: UNKNOWN },
            refersTo: { resourceId: "scheduler" },
          },
        ],
        "resourceId is not known before the update",
      ],
    }),
  });

  describePolicy("ecs-processes-apart", {
    ...waits,
    ...cases({
      "accepts one process each": [[...server(), ...scheduler(), ...WORKERS]],
      "accepts a helper that ends beside it": [
        service("server", [container("server"), container("python", { secrets: [] })]),
      ],
      "refuses server and worker together": [
        service("all", [container("server"), worker("queries")]),
        "taskDefinition is server and worker",
      ],
      "refuses scheduler and worker together": [
        service("all", [container("scheduler"), worker("x")]),
        "taskDefinition is scheduler and worker",
      ],
      "refuses all three": [
        service("all", [container("server"), container("scheduler"), worker("x")]),
        "taskDefinition is scheduler and server and worker",
      ],
      "accepts two workers of a kind": [service("adhoc", [worker("queries"), worker("queries")])],
      "knows the development commands": [
        service("all", [container("dev_server"), container("dev_worker")]),
        "taskDefinition is server and worker",
      ],
    }),
  });

  const tasks = "containerDefinitions is ";
  describePolicy("ecs-queues-consumed", {
    ...waits,
    ...cases({
      "accepts all queues, ad-hoc queries apart": [WORKERS],
      "accepts a data source's queue besides": [
        [...WORKERS, ...service("big", [worker("big_queries")])],
      ],
      "does not judge a stack without workers": [server()],
      "refuses queues that nobody consumes": [
        service("adhoc", [worker("queries")]),
        " is without a worker for periodic, emails, default, scheduled_queries, schemas",
      ],
      "refuses a queue in two kinds": [
        [...WORKERS, ...service("more", [worker("emails")])],
        " is with 2 kinds for emails",
      ],
      "refuses ad-hoc queries beside scheduled ones": [
        service("all", [worker("queries scheduled_queries schemas periodic emails default")]),
        `${tasks}QUEUES="queries scheduled_queries schemas periodic emails default"`,
      ],
      "refuses commas": [
        [
          ...service("adhoc", [worker("queries")]),
          ...service("rest", [worker("periodic,emails,default,scheduled_queries,schemas")]),
        ],
        `${tasks}QUEUES="periodic,emails,default,scheduled_queries,schemas"`,
      ],
      "refuses a worker without queues": [
        [...WORKERS, ...service("none", [container("worker")])],
        `${tasks}a worker without`,
      ],
      "refuses a worker with empty queues": [
        [...WORKERS, ...service("none", [worker(" ")])],
        `${tasks}a worker without`,
      ],
    }),
  });

  const other = KEYS.map((key) => ({ ...key, valueFrom: `${key.valueFrom}-2` }));
  describePolicy("ecs-same-secret-keys", {
    ...waits,
    ...cases({
      "accepts the same everywhere": [[...server(), ...scheduler(), ...WORKERS]],
      "refuses another key in a worker": [
        [...server(), ...service("adhoc", [worker("queries", { secrets: other })])],
        `${tasks}with another REDASH_COOKIE_SECRET`,
        `${tasks}with another REDASH_SECRET_KEY`,
      ],
      "refuses a process without them": [
        service("server", [container("server", { secrets: [] })]),
        `${tasks}without REDASH_COOKIE_SECRET`,
        `${tasks}without REDASH_SECRET_KEY`,
      ],
      "refuses one of them missing": [
        service("server", [container("server", { secrets: KEYS.slice(1) })]),
        `${tasks}without REDASH_COOKIE_SECRET`,
      ],
      "refuses secrets that are left out": [
        service("server", [container("server", { secrets: undefined })]),
        `${tasks}without REDASH_COOKIE_SECRET`,
        `${tasks}without REDASH_SECRET_KEY`,
      ],
      "asks none of a helper": [
        service("server", [container("server"), container("python", { secrets: [] })]),
      ],
    }),
  });

  const base = (props: Json): Given => ({ type: SERVICE, props });
  const wired = base({
    networkConfiguration: { subnets: ["a"], securityGroups: [UNKNOWN], assignPublicIp: false },
  });
  describePolicy("ecs-no-public-address", {
    ...property(wired, "networkConfiguration.assignPublicIp", {
      right: [false, undefined],
      wrong: [true, "false", UNKNOWN, HIDDEN],
    }),
    ...property(wired, "networkConfiguration.subnets", {
      right: [["a", "b"], UNKNOWN],
      wrong: [[], undefined],
    }),
    ...property(wired, "networkConfiguration.securityGroups", {
      right: [["sg"]],
      wrong: [[], undefined],
    }),
  });
  describePolicy(
    "ecs-platform-version",
    property(base({}), "platformVersion", {
      right: ["LATEST", undefined],
      wrong: ["1.3.0", "1.4.0", "latest", "", UNKNOWN, HIDDEN],
    }),
  );
  const breaker = base({ deploymentCircuitBreaker: { enable: true, rollback: true } });
  describePolicy("ecs-circuit-breaker", {
    ...property(breaker, "deploymentCircuitBreaker.enable", {
      right: [true],
      wrong: [false, undefined, UNKNOWN, HIDDEN],
    }),
    ...property(breaker, "deploymentCircuitBreaker.rollback", {
      right: [true],
      wrong: [false, undefined, UNKNOWN],
    }),
  });
  describePolicy(
    "ecs-steady-state",
    property(base({}), "waitForSteadyState", {
      right: [true],
      wrong: [false, undefined, "true", 1, UNKNOWN, HIDDEN, "yes"],
    }),
  );
  const capacity = base({
    capacityProviderStrategies: [{ capacityProvider: "FARGATE", weight: 1 }],
  });
  describePolicy("ecs-capacity-providers", {
    ...property(capacity, "capacityProviderStrategies", {
      right: [[{ capacityProvider: "FARGATE_SPOT", weight: 1 }], UNKNOWN],
      wrong: [[], undefined],
    }),
    ...property(capacity, "launchType", { right: [undefined], wrong: ["FARGATE", "EC2", UNKNOWN] }),
  });
  describePolicy(
    "ecs-no-exec",
    property(base({}), "enableExecuteCommand", {
      right: [false, undefined],
      wrong: [true, "true", 1, UNKNOWN, HIDDEN],
    }),
  );

  const cluster = (value: unknown): Given => ({
    type: "aws:ecs/cluster:Cluster",
    props: { settings: [{ name: "containerInsights", value }] },
  });
  describePolicy("ecs-container-insights", {
    ...property(cluster("enhanced"), "settings.0.value", {
      right: ["enabled", "enhanced"],
      wrong: ["disabled", undefined, UNKNOWN, HIDDEN],
    }),
    ...property(cluster("enhanced"), "settings", {
      wrong: [[], undefined, [{ name: "other", value: "enabled" }]],
    }),
  });
  const exec = (configuration: unknown): Given => ({
    type: "aws:ecs/cluster:Cluster",
    props: { configuration: { executeCommandConfiguration: configuration } },
  });
  const key = "configuration.executeCommandConfiguration.kmsKeyId";
  const log = "configuration.executeCommandConfiguration.logging";
  describePolicy("ecs-exec-encrypted", {
    ...property(exec({ kmsKeyId: UNKNOWN, logging: "DEFAULT" }), log, {
      right: ["DEFAULT", "OVERRIDE", undefined],
      wrong: ["NONE", UNKNOWN, HIDDEN],
    }),
    ...property(exec({ logging: "DEFAULT" }), key, {
      right: ["arn:key", UNKNOWN],
      wrong: [undefined],
    }),
    "does not judge a cluster without ECS Exec": { given: exec(undefined) },
  });
  const roles = (props: Json, refersTo: Record<string, string> = {}): Given[] => [
    { type: TASK, name: "task", props, refersTo },
    { type: "aws:iam/role:Role", name: "execution", props: {} },
    { type: "aws:iam/role:Role", name: "task-role", props: {} },
  ];
  describePolicy(
    "ecs-roles-apart",
    cases({
      "accepts two roles": [roles({ executionRoleArn: "arn:a", taskRoleArn: "arn:b" })],
      "accepts a longer name of the same beginning": [
        roles({ executionRoleArn: "arn:a", taskRoleArn: "arn:ab" }),
      ],
      "accepts a task without a role of its own": [roles({ executionRoleArn: "arn:a" })],
      "accepts two roles that are not known": [
        roles(
          { executionRoleArn: UNKNOWN, taskRoleArn: UNKNOWN },
          { executionRoleArn: "execution", taskRoleArn: "task-role" },
        ),
      ],
      "accepts no role at all": [roles({})],
      "refuses one role for both": [
        roles({ executionRoleArn: "arn:a", taskRoleArn: "arn:a" }),
        'taskRoleArn is "arn:a"',
      ],
      "refuses one role for both that is not known": [
        roles(
          { executionRoleArn: UNKNOWN, taskRoleArn: UNKNOWN },
          { executionRoleArn: "execution", taskRoleArn: "execution" },
        ),
        "taskRoleArn is the same role",
      ],
      "refuses a role that cannot be told from the other": [
        roles({ executionRoleArn: "arn:a", taskRoleArn: UNKNOWN }),
        "taskRoleArn is not known before the update",
      ],
    }),
  );
});
