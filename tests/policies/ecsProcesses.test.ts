import { describe } from "mocha";
import { type Case, cases, describePolicy, type Given, UNKNOWN } from "./support/cases";

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

describe("policies of Redash's processes", () => {
  describePolicy("ecs-one-scheduler", {
    ...waits,
    ...cases({
      "accepts one that cannot overlap": [[...scheduler(), ...server(), ...WORKERS]],
      "accepts none at work": [scheduler({ desiredCount: 0 })],
      "refuses a Redash without a scheduler": [
        [...server(), ...WORKERS],
        " is without a scheduler",
      ],
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
      "accepts all queues": [WORKERS],
      "accepts all queues in one kind": [
        service("all", [worker("queries scheduled_queries schemas periodic emails default")]),
      ],
      "accepts a data source's queue besides": [
        [...WORKERS, ...service("big", [worker("big_queries")])],
      ],
      "refuses a Redash without workers": [
        server(),
        " is without a worker for periodic, emails, default, queries, scheduled_queries, schemas",
      ],
      "does not count workers that are none": [
        [...WORKERS.slice(2), ...service("adhoc", [worker("queries")], { desiredCount: 0 })],
        " is without a worker for queries",
      ],
      "does not judge a stack that runs no Redash": [
        service("web", [container("nginx", { secrets: [] })]),
      ],
      "refuses queues that nobody consumes": [
        service("adhoc", [worker("queries")]),
        " is without a worker for periodic, emails, default, scheduled_queries, schemas",
      ],
      "refuses a queue in two kinds": [
        [...WORKERS, ...service("more", [worker("emails")])],
        " is with 2 kinds for emails",
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

  describePolicy("ecs-queries-apart", {
    ...waits,
    ...cases({
      "accepts ad-hoc queries alone": [WORKERS],
      "accepts a data source's queue beside them": [service("adhoc", [worker("queries big")])],
      "accepts mails beside them": [service("adhoc", [worker("queries emails default")])],
      "does not judge a stack without workers": [server()],
      "finds scheduled queries beside them": [
        service("all", [worker("queries scheduled_queries")]),
        `${tasks}QUEUES="queries scheduled_queries"`,
      ],
      "finds schemas beside them": [
        service("all", [worker("schemas queries")]),
        `${tasks}QUEUES="schemas queries"`,
      ],
      "finds periodic jobs beside them, also after a comma": [
        service("all", [worker("periodic,queries")]),
        `${tasks}QUEUES="periodic,queries"`,
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
});
