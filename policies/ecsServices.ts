import { absentOr, is, matches, notEmpty } from "./constraint";
import type { Policy, Subject } from "./policy";

const SERVICE = "aws:ecs/service:Service";
const TASK = "aws:ecs/taskDefinition:TaskDefinition";
const CLUSTER = "aws:ecs/cluster:Cluster";

const onService = (policy: Omit<Policy, "types">): Policy => ({ types: [SERVICE], ...policy });

/** Services and clusters of ECS. */
export const ECS_SERVICES: Subject = {
  title: "Services (ECS on Fargate)",
  policies: [
    onService({
      id: "ecs-no-public-address",
      title: "No task has a public address.",
      controls: ["ECS.2", "ECS.16", "CKV_AWS_333"],
      severity: "high",
      enforcement: "mandatory",
      why: "It would be reachable past the load balancer.",
      fix: "networkConfiguration.assignPublicIp: false, in private subnets.",
      check: (service) => {
        service.must("networkConfiguration.assignPublicIp", absentOr(is(false)));
        service.must("networkConfiguration.subnets", notEmpty);
        service.must("networkConfiguration.securityGroups", notEmpty);
      },
    }),
    onService({
      id: "ecs-platform-version",
      title: "Tasks run on the latest Fargate platform.",
      controls: ["ECS.10", "CKV_AWS_332"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Older platforms get no patches, and know no JSON keys of secrets.",
      fix: 'platformVersion: "LATEST".',
      check: (service) => {
        service.must("platformVersion", absentOr(is("LATEST")));
      },
    }),
    onService({
      id: "ecs-circuit-breaker",
      title: "A deployment that does not start is rolled back.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: "ECS tries for ever otherwise, and the update hangs.",
      fix: "deploymentCircuitBreaker: { enable: true, rollback: true }.",
      check: (service) => {
        service.must("deploymentCircuitBreaker.enable", is(true));
        service.must("deploymentCircuitBreaker.rollback", is(true));
      },
    }),
    onService({
      id: "ecs-steady-state",
      title: "An update ends when the service is steady.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "Pulumi says success otherwise, and ECS rolls back later, unseen.",
      fix: "waitForSteadyState: true.",
      check: (service) => {
        service.must("waitForSteadyState", is(true));
      },
    }),
    onService({
      id: "ecs-capacity-providers",
      title: "Services use capacity providers.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "From a launch type to Spot the service would be replaced.",
      fix: "capacityProviderStrategies in place of launchType.",
      check: (service) => {
        if (service.get("launchType") !== undefined)
          service.wrong("launchType", "capacityProviderStrategies");
        service.must("capacityProviderStrategies", notEmpty);
      },
    }),
    onService({
      id: "ecs-no-exec",
      title: "Nobody opens a shell in a task.",
      controls: [],
      severity: "medium",
      enforcement: "advisory",
      why: "ECS Exec needs a writable root; it is for an incident, not for every day.",
      fix: "enableExecuteCommand: false.",
      check: (service) => {
        service.must("enableExecuteCommand", absentOr(is(false)));
      },
    }),
    {
      id: "ecs-container-insights",
      title: "The cluster has Container Insights.",
      controls: ["ECS.12", "CKV_AWS_65"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Without it nobody sees that the scheduler is gone, or that a worker was killed for its memory.",
      fix: 'settings: [{ name: "containerInsights", value: "enhanced" }].',
      types: [CLUSTER],
      check: (cluster) => {
        const setting = cluster
          .each("settings")
          .find((it) => it.get("name") === "containerInsights");
        if (setting === undefined) cluster.wrong("settings", "one for containerInsights");
        else setting.must("value", is("enabled", "enhanced"));
      },
    },
    {
      id: "ecs-exec-encrypted",
      title: "What ECS Exec shows is encrypted with a key of one's own.",
      controls: ["CKV_AWS_223", "CKV_AWS_224"],
      severity: "medium",
      enforcement: "mandatory",
      why: "A shell prints secrets.",
      fix: "configuration.executeCommandConfiguration.kmsKeyId, logging not NONE.",
      types: [CLUSTER],
      check: (cluster) => {
        const base = "configuration.executeCommandConfiguration";
        if (cluster.get(base) === undefined) return;
        cluster.must(`${base}.logging`, absentOr(is("DEFAULT", "OVERRIDE")));
        if (cluster.get(`${base}.kmsKeyId`) === undefined)
          cluster.wrong(`${base}.kmsKeyId`, "a key");
      },
    },
    {
      id: "ecs-roles-apart",
      title: "Roles of a task are given apart: one to start it, one to run it.",
      controls: ["CKV_AWS_249"],
      severity: "medium",
      enforcement: "mandatory",
      why: "The role that starts tasks may read every secret; what runs in them must not.",
      fix: "executionRoleArn and taskRoleArn of two roles.",
      types: [TASK],
      check: (task) => {
        const execution = task.get("executionRoleArn");
        if (typeof execution === "string") {
          task.must(
            "taskRoleArn",
            absentOr(
              matches(
                new RegExp(`^(?!${execution.replace(/[^\w]/g, "\\$&")}$)`),
                "another role than executionRoleArn",
              ),
            ),
          );
        }
      },
      // Only a stack check knows which role an ARN is of that is not known yet.
      checkStack: (stack) => {
        for (const task of stack.of(TASK)) {
          const dependencies = task.resource.propertyDependencies;
          const [one] = dependencies["executionRoleArn"] ?? [];
          if (one !== undefined && dependencies["taskRoleArn"]?.[0] === one)
            task.wrong("taskRoleArn", "another role than executionRoleArn", "the same role");
        }
      },
    },
  ],
};
