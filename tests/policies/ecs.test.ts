import { describe } from "mocha";
import { type Case, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";

const TASK = "aws:ecs/taskDefinition:TaskDefinition";
type Json = Record<string, unknown>;

/** A container that is right, but for what is changed. */
const container = (changes: Json = {}): Json => ({
  name: "server",
  image: "redash/redash:25.8.0",
  command: ["server"],
  memory: 1024,
  user: "redash",
  readonlyRootFilesystem: true,
  healthCheck: { command: ["CMD", "python", "-c", "check"] },
  environment: [{ name: "REDASH_HOST", value: "https://redash.acme.io" }],
  logConfiguration: {
    logDriver: "awslogs",
    options: {
      "awslogs-group": "g",
      "awslogs-region": "r",
      "awslogs-stream-prefix": "p",
      mode: "non-blocking",
    },
  },
  ...changes,
});
const task = (changes: Json = {}, props: Json = {}): Given => ({
  type: TASK,
  props: {
    cpu: "1024",
    memory: "2048",
    networkMode: "awsvpc",
    containerDefinitions: JSON.stringify([container(changes)]),
    ...props,
  },
});
/** One case per value of a property of the container. */
const values = (
  property: string,
  list: readonly unknown[],
  finds: (value: unknown) => readonly string[],
) =>
  Object.fromEntries(
    list.map((value): [string, Case] => [
      `${finds(value).length === 0 ? "accepts" : "refuses"} ${property} ${value === undefined ? "left out" : JSON.stringify(value)}`,
      { given: task({ [property]: value }), finds: finds(value) },
    ]),
  );
const at = (property: string, found: string) => [`containerDefinitions.0.${property} is ${found}`];
/** What every rule over containers does with documents. */
const documents: Record<string, Case> = {
  "accepts a container that is right": { given: task() },
  "accepts two of them": {
    given: task(
      {},
      {
        containerDefinitions: JSON.stringify([
          container({ memory: 512 }),
          container({ memory: 512 }),
        ]),
      },
    ),
  },
  "waits for containers that are not known yet": {
    given: task({}, { containerDefinitions: UNKNOWN }),
    finds: ["undecided: containerDefinitions is not known before the update"],
  },
  "waits for containers that are a secret": {
    given: task({}, { containerDefinitions: HIDDEN }),
    finds: ["undecided: containerDefinitions is a secret"],
  },
  "refuses a text that is no JSON": {
    given: task({}, { containerDefinitions: "[" }),
    finds: ["containerDefinitions is not JSON"],
  },
};
const variables = (list: Record<string, string>) =>
  task({ environment: Object.entries(list).map(([name, value]) => ({ name, value })) });
const secretIn = (list: Record<string, string>): Case => ({
  given: variables(list),
  finds: [
    `containerDefinitions.0.environment.0 is the variable ${Object.keys(list)[0]!}, with a secret`,
  ],
});

describe("policies of tasks", () => {
  describePolicy("ecs-no-secret-in-environment", {
    ...documents,
    "refuses a password": secretIn({ REDASH_MAIL_PASSWORD: "x" }),
    "refuses the database's URL, by its name": secretIn({ REDASH_DATABASE_URL: "postgresql://db" }),
    "refuses Redash's own key": secretIn({ REDASH_SECRET_KEY: "x" }),
    "refuses a URL with a password under any name": secretIn({
      BROKER: "redis://:hunter2@queue:6379/0",
    }),
    "refuses an AWS key under any name": secretIn({ KEY: "AKIAABCDEFGHIJKLMNOP" }),
    "refuses a private key under any name": secretIn({ PEM: "-----BEGIN RSA PRIVATE KEY-----" }),
    "accepts the version of a secret, which is none": {
      given: variables({ SECRETS_VERSION: "v1 v2", REDASH_INVITATION_TOKEN_MAX_AGE: "604800" }),
    },
    "accepts a secret's name and its ARN": {
      given: variables({ MAIL_SECRET_ARN: "arn:aws:secretsmanager:a", TOKEN_PATH: "/run/token" }),
    },
    "accepts an empty value": { given: variables({ REDASH_MAIL_PASSWORD: "" }) },
  });

  describePolicy("ecs-image-pinned", {
    ...documents,
    ...values(
      "image",
      [
        `redash/redash@sha256:${"0".repeat(64)}`,
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/redash:10.1.0.b50633",
      ],
      () => [],
    ),
    ...values(
      "image",
      ["redash/redash", "redash/redash:latest", "redash/redash:preview", "host:5000/redash"],
      (value) => at("image", JSON.stringify(value)),
    ),
    ...values("image", [undefined], () => at("image", "not set")),
  });

  const sized = (cpu: unknown, memory: unknown, ...finds: string[]): Case => ({
    given: task({}, { cpu, memory }),
    finds,
  });
  describePolicy("ecs-task-size", {
    "accepts the smallest": sized("256", "512"),
    "accepts the largest": sized("16384", "122880"),
    "accepts numbers too": sized(1024, 2048),
    "refuses 256 with 1536, which AWS does not have": sized("256", "1536", 'memory is "1536"'),
    "accepts 256 with 2048": sized("256", "2048"),
    "refuses 1024 with 1024": sized("1024", "1024", 'memory is "1024"'),
    "refuses 256 with 4096": sized("256", "4096", 'memory is "4096"'),
    "refuses a step between": sized("1024", "2560", 'memory is "2560"'),
    "refuses CPU units that there are not": sized("1000", "2048", 'cpu is "1000"'),
    "refuses memory that is left out": sized("1024", undefined, "memory is not set"),
    "refuses CPU units that are not known": sized(
      UNKNOWN,
      "2048",
      "cpu is not known before the update",
    ),
    "refuses memory that is not known": sized(
      "1024",
      UNKNOWN,
      "memory is not known before the update",
    ),
    "refuses memory that is a secret": sized("1024", HIDDEN, "memory is a secret"),
  });

  describePolicy("ecs-memory-limits", {
    ...documents,
    ...values("memory", [6, 2048], () => []),
    ...values("memory", [undefined], () => at("memory", "not set")),
    ...values("memory", [0, 5], (value) => at("memory", String(value))),
    "refuses limits that do not fit into the task": {
      given: task({ memory: 2049 }),
      finds: ['memory is "2048"'],
    },
    "refuses limits that fit one by one, not together": {
      given: task(
        {},
        {
          containerDefinitions: JSON.stringify([
            container({ memory: 1500 }),
            container({ memory: 1500 }),
          ]),
        },
      ),
      finds: ['memory is "2048"'],
    },
  });

  describePolicy("ecs-read-only-root", {
    ...documents,
    ...values("readonlyRootFilesystem", [true], () => []),
    ...values("readonlyRootFilesystem", [false], () => at("readonlyRootFilesystem", "false")),
    ...values("readonlyRootFilesystem", ["true"], () => at("readonlyRootFilesystem", '"true"')),
    ...values("readonlyRootFilesystem", [undefined], () => at("readonlyRootFilesystem", "not set")),
  });

  describePolicy("ecs-non-root", {
    ...documents,
    ...values("user", ["redash", "1000", "1000:1000", "rooted"], () => []),
    ...values("user", ["root", "0", "0:0", "root:redash"], (value) =>
      at("user", JSON.stringify(value)),
    ),
    ...values("user", [undefined], () => at("user", "not set")),
  });

  const on = (props: Json, ...finds: string[]): Case => ({ given: task({}, props), finds });
  describePolicy("ecs-no-host-privileges", {
    ...documents,
    "refuses the host's network": on({ networkMode: "host" }, 'networkMode is "host"'),
    "refuses a network that is left out": on({ networkMode: undefined }, "networkMode is not set"),
    "refuses a network that is not known": on(
      { networkMode: UNKNOWN },
      "networkMode is not known before the update",
    ),
    "refuses the host's processes": on({ pidMode: "host" }, 'pidMode is "host"'),
    "accepts the task's processes": on({ pidMode: "task" }),
    "refuses the host's memory": on({ ipcMode: "host" }, 'ipcMode is "host"'),
    ...values("privileged", [false], () => []),
    ...values("privileged", [true], () => at("privileged", "true")),
    ...values("linuxParameters", [{ capabilities: { add: ["SYS_ADMIN"] } }], () =>
      at("linuxParameters.capabilities.add", "a list of 1"),
    ),
    ...values("linuxParameters", [{ capabilities: { add: [], drop: ["ALL"] } }], () => []),
  });

  const logs = (options: Json | undefined) => ({ logDriver: "awslogs", options });
  const full = {
    "awslogs-group": "g",
    "awslogs-region": "r",
    "awslogs-stream-prefix": "p",
    mode: "non-blocking",
  };
  describePolicy("ecs-logging", {
    ...documents,
    ...values("logConfiguration", [logs(full), { logDriver: "awsfirelens" }], () => []),
    ...values("logConfiguration", [undefined], () => at("logConfiguration.logDriver", "not set")),
    ...values("logConfiguration", [{ logDriver: "none" }], () =>
      at("logConfiguration.logDriver", '"none"'),
    ),
    ...values("logConfiguration", [logs({ ...full, mode: "blocking" })], () =>
      at("logConfiguration.options.mode", '"blocking"'),
    ),
    ...values("logConfiguration", [logs({ ...full, "awslogs-stream-prefix": undefined })], () =>
      at("logConfiguration.options.awslogs-stream-prefix", "not set"),
    ),
  });

  const broken = at("healthCheck.command", "one of the image's broken checks");
  const check = (...command: string[]) => ({ command });
  describePolicy("ecs-health-check-tells-the-truth", {
    ...documents,
    ...values(
      "healthCheck",
      [undefined, check("CMD", "python", "-c", "os.listdir('/proc')")],
      () => [],
    ),
    ...values(
      "healthCheck",
      [
        check("CMD-SHELL", "/app/manage.py rq healthcheck"),
        check("CMD-SHELL", "docker-entrypoint workers_healthcheck"),
        check("CMD-SHELL", "rq info -R | grep workers"),
        check("CMD-SHELL", "supervisorctl status"),
      ],
      () => broken,
    ),
  });

  describePolicy("ecs-health-check", {
    ...documents,
    ...values("healthCheck", [check("CMD", "x")], () => []),
    ...values("healthCheck", [undefined, {}], () => at("healthCheck.command", "not set")),
    ...values("healthCheck", [check()], () => at("healthCheck.command", "an empty list")),
    "asks none of a container that ends": {
      given: task({ essential: false, healthCheck: undefined }),
    },
  });
});
