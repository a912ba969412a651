import type * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ecs from "@pulumi/aws/ecs";
import * as pulumi from "@pulumi/pulumi";
import { SERVER_PORT } from "../redash/processes";
import { type Bootstrap, type Container, containerDefinition } from "./containers";
import type { TaskRoles } from "./taskRoles";

/** What differs between the services. Sizes in CPU units and MiB. */
export interface ServiceArgs {
  readonly cpu: number;
  readonly memoryMib: number;
  readonly count: number;
  readonly containers: (bootstrap?: Bootstrap) => Container[];
  readonly taskRoleArn: pulumi.Output<string>;
  readonly rolling: typeof ROLLING | typeof NEVER_TWO;
  /** Weights of Fargate and Fargate Spot. */
  readonly capacity: { readonly onDemand: number; readonly spot: number };
  readonly targetGroupArn?: pulumi.Input<string>;
}

/** New tasks first, then the old ones go. */
export const ROLLING = {
  deploymentMinimumHealthyPercent: 100,
  deploymentMaximumPercent: 200,
  availabilityZoneRebalancing: "ENABLED",
} as const;

/**
 * The old task goes first: two schedulers never run at once. Rebalancing between zones would start the second one
 * early, and ECS refuses it together with a maximum of 100.
 */
export const NEVER_TWO = {
  deploymentMinimumHealthyPercent: 0,
  deploymentMaximumPercent: 100,
  availabilityZoneRebalancing: "DISABLED",
} as const;

/** What every task of a cluster gets. */
export interface TaskArgs {
  /** Redash image, pinned by version or digest. */
  readonly image: string;
  /** Processor of all tasks. */
  readonly architecture: "X86_64" | "ARM64";
  readonly regionName: string;
  /** Private subnets with a way out: data sources are everywhere. */
  readonly subnetIds: pulumi.Input<string[]>;
  readonly securityGroupId: pulumi.Input<string>;
  /** Plain variables of every process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Secrets of every process, variable → `valueFrom`. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Versions of those secrets; a new one starts new tasks. */
  readonly secretVersionIds: pulumi.Input<string>[];
  /** Whether ECS Exec opens a shell in tasks; needs a writable root. @default false */
  readonly executeCommand?: boolean;
  /** Makes schema and first administrator; for a stack without a source to take them from. @default none */
  readonly bootstrap?:
    | {
        readonly email: string;
        readonly name: string;
        readonly passwordValueFrom: pulumi.Input<string>;
      }
    | undefined;
}

/** What the services of one cluster share besides. */
export interface Surroundings {
  readonly clusterArn: pulumi.Input<string>;
  readonly roles: TaskRoles;
  readonly logGroups: ReadonlyMap<string, cloudwatch.LogGroup>;
}

/**
 * One ECS service and its task definition.
 * @param cluster name of the cluster's component, to which the role is added
 * @param role server, scheduler or worker-<kind>
 */
export function fargateService(
  cluster: string,
  role: string,
  shape: ServiceArgs,
  args: TaskArgs,
  surroundings: Surroundings,
  opts: pulumi.CustomResourceOptions,
): ecs.Service {
  const name = `${cluster}-${role}`;
  const { roles } = surroundings;
  const task = new ecs.TaskDefinition(
    `${name}-task`,
    {
      // With the stack, as families are shared by an account: staging and prod would number each other's revisions.
      family: `${cluster}-${pulumi.getStack()}-${role}`,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: String(shape.cpu),
      memory: String(shape.memoryMib),
      runtimePlatform: {
        cpuArchitecture: args.architecture,
        operatingSystemFamily: "LINUX",
      },
      executionRoleArn: roles.executionRoleArn,
      taskRoleArn: shape.taskRoleArn,
      containerDefinitions: containerDefinitions(role, shape, args, surroundings),
    },
    opts,
  );
  const { onDemand, spot } = shape.capacity;
  return new ecs.Service(
    `${name}-service`,
    {
      cluster: surroundings.clusterArn,
      taskDefinition: task.arn,
      desiredCount: shape.count,
      // Never launchType: from there to a strategy the service would be replaced.
      capacityProviderStrategies: [
        ...(onDemand > 0 ? [{ capacityProvider: "FARGATE", weight: onDemand }] : []),
        ...(spot > 0 ? [{ capacityProvider: "FARGATE_SPOT", weight: spot }] : []),
      ],
      platformVersion: "LATEST",
      ...shape.rolling,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      // Otherwise Pulumi reports success and ECS rolls back later, unseen.
      waitForSteadyState: true,
      networkConfiguration: {
        subnets: args.subnetIds,
        securityGroups: [args.securityGroupId],
        assignPublicIp: false,
      },
      enableEcsManagedTags: true,
      propagateTags: "SERVICE",
      enableExecuteCommand: args.executeCommand ?? false,
      ...(shape.targetGroupArn === undefined
        ? {}
        : {
            loadBalancers: [
              {
                targetGroupArn: shape.targetGroupArn,
                containerName: role,
                containerPort: SERVER_PORT,
              },
            ],
            // A greenfield server listens only once the scheduler's task has made the administrator.
            healthCheckGracePeriodSeconds: args.bootstrap === undefined ? 120 : 600,
          }),
    },
    { ...opts, customTimeouts: { create: "30m", update: "30m", delete: "30m" } },
  );
}

function containerDefinitions(
  role: string,
  shape: ServiceArgs,
  args: TaskArgs,
  { logGroups }: Surroundings,
): pulumi.Output<string> {
  return pulumi
    .all([
      args.secrets,
      pulumi.all(args.secretVersionIds),
      logGroups.get(role)?.name ?? "",
      args.bootstrap?.passwordValueFrom ?? "",
    ])
    .apply(([secrets, versions, logGroupName, passwordValueFrom]) => {
      const bootstrap =
        args.bootstrap === undefined ? undefined : { ...args.bootstrap, passwordValueFrom };
      return JSON.stringify(
        shape.containers(bootstrap).map((container) =>
          containerDefinition(container, {
            image: args.image,
            environment: args.environment,
            secrets,
            secretsVersion: versions.join(" "),
            logGroupName,
            regionName: args.regionName,
            writableRoot: args.executeCommand ?? false,
          }),
        ),
      );
    });
}
