import { describe } from "mocha";
import { cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

type Json = Record<string, unknown>;
const SERVICE = "aws:ecs/service:Service";
const TASK = "aws:ecs/taskDefinition:TaskDefinition";

describe("policies of services", () => {
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
