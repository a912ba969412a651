import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ecs from "@pulumi/aws/ecs";
import * as pulumi from "@pulumi/pulumi";
import { fargateSizeProblem } from "../redash/fargate";
import type { WorkerKind } from "../redash/processes";
import { schedulerContainers, serverContainers, workerContainers } from "./containers";
import {
  fargateService,
  NEVER_TWO,
  ROLLING,
  type ServiceArgs,
  type TaskArgs,
} from "./fargateService";
import { taskRoles } from "./taskRoles";

export interface RedashEcsClusterArgs extends TaskArgs {
  /** Account in which ECS may assume the roles. */
  readonly accountId: pulumi.Input<string>;
  /** Target group of the server, attached to a listener: ECS refuses a service before that. */
  readonly targetGroupArn: pulumi.Input<string>;
  /** Key of logs and secrets. */
  readonly keyArn: pulumi.Input<string>;
  readonly logRetentionDays: number;
  /** Sizes in CPU units and MiB. */
  readonly server: {
    readonly cpu: number;
    readonly memoryMib: number;
    readonly count: number;
    readonly webWorkers: number;
  };
  /** One task or, while another scheduler serves the data, none. */
  readonly scheduler: {
    readonly cpu: number;
    readonly memoryMib: number;
    readonly count: 0 | 1;
  };
  /** One service per kind. */
  readonly workers: readonly WorkerKind[];
  /** Spread of worker tasks over Fargate and Fargate Spot. A change replaces the worker services. */
  readonly workerCapacityWeights: { readonly onDemand: number; readonly spot: number };
  /** Keys of secrets that were made outside of the stack. @default none */
  readonly secretKeyArns?: readonly string[];
  /** IAM policies of data sources, for the workers. @default none */
  readonly taskPolicyArns?: readonly string[];
}

/**
 * Redash on Fargate: server, scheduler and each kind of worker as services of their own, so that a runaway query
 * takes one worker task and nothing else. It makes the cluster, services, task definitions, roles and log groups;
 * not the load balancer, the security groups or any scaling.
 */
export class RedashEcsCluster extends pulumi.ComponentResource {
  readonly clusterName: pulumi.Output<string>;
  readonly serverServiceName: pulumi.Output<string>;
  readonly schedulerServiceName: pulumi.Output<string>;
  /** Kind → name of its service. */
  readonly workerServiceNames: pulumi.Output<Record<string, string>>;
  /** For tasks that run once: a server's image, secrets and roles. */
  readonly serverTaskDefinitionArn: pulumi.Output<string>;
  readonly schedulerTaskDefinitionArn: pulumi.Output<string>;

  constructor(name: string, args: RedashEcsClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redash:index:RedashEcsCluster", name, {}, opts);
    refuseWrongSizes(args, this);

    const roleNames = ["server", "scheduler", ...args.workers.map((kind) => `worker-${kind.name}`)];
    const logGroups = new Map(
      roleNames.map((role) => [role, logGroup(`${name}-${role}`, args, this)]),
    );
    const { cluster, capacityProviders } = fargateCluster(name, args, this);
    const roles = taskRoles(
      name,
      {
        accountId: args.accountId,
        keyArn: args.keyArn,
        logGroupArns: [...logGroups.values()].map(({ arn }) => arn),
        secretArns: [
          ...Object.values(args.secrets),
          ...(args.bootstrap === undefined ? [] : [args.bootstrap.passwordValueFrom]),
        ],
        secretKeyArns: args.secretKeyArns ?? [],
        ...ecrRepository(args),
        taskPolicyArns: args.taskPolicyArns ?? [],
        executeCommand: args.executeCommand ?? false,
      },
      this,
    );

    const service = (role: string, shape: ServiceArgs) =>
      fargateService(
        name,
        role,
        shape,
        args,
        { clusterArn: cluster.arn, roles, logGroups },
        {
          parent: this,
          // A service that names a capacity provider before the cluster has it is refused.
          dependsOn: [capacityProviders],
        },
      );
    const { server, scheduler } = args;
    const serverService = service("server", {
      ...server,
      containers: (bootstrap) => serverContainers(server.memoryMib, server.webWorkers, bootstrap),
      taskRoleArn: roles.task.arn,
      rolling: ROLLING,
      capacity: ON_DEMAND,
      targetGroupArn: args.targetGroupArn,
    });
    const schedulerService = service("scheduler", {
      ...scheduler,
      containers: (bootstrap) => schedulerContainers(scheduler.memoryMib, bootstrap),
      taskRoleArn: roles.task.arn,
      rolling: NEVER_TWO,
      capacity: ON_DEMAND,
    });
    const workerServices = args.workers.map((kind) =>
      service(`worker-${kind.name}`, {
        ...kind,
        containers: () => workerContainers(kind),
        taskRoleArn: roles.workerTask.arn,
        rolling: ROLLING,
        capacity: args.workerCapacityWeights,
      }),
    );

    this.clusterName = cluster.name;
    this.serverServiceName = serverService.name;
    this.schedulerServiceName = schedulerService.name;
    this.serverTaskDefinitionArn = serverService.taskDefinition.apply((arn) => arn ?? "");
    this.schedulerTaskDefinitionArn = schedulerService.taskDefinition.apply((arn) => arn ?? "");
    this.workerServiceNames = pulumi
      .all(workerServices.map((worker) => worker.name))
      .apply((names) =>
        Object.fromEntries(args.workers.map((kind, index) => [kind.name, names[index] ?? ""])),
      );
    this.registerOutputs({
      clusterName: this.clusterName,
      serverServiceName: this.serverServiceName,
      schedulerServiceName: this.schedulerServiceName,
      workerServiceNames: this.workerServiceNames,
      serverTaskDefinitionArn: this.serverTaskDefinitionArn,
      schedulerTaskDefinitionArn: this.schedulerTaskDefinitionArn,
    });
  }
}

const ON_DEMAND = { onDemand: 1, spot: 0 } as const;

function refuseWrongSizes(args: RedashEcsClusterArgs, component: pulumi.Resource): void {
  const sized = [
    { name: "server", ...args.server },
    { name: "scheduler", ...args.scheduler },
    ...args.workers,
  ];
  const problems = sized.flatMap(({ name, cpu, memoryMib }) => {
    const allowed = fargateSizeProblem(cpu, memoryMib);
    return allowed === undefined
      ? []
      : [`${name} has ${cpu}/${memoryMib}; Fargate allows ${allowed}`];
  });
  if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), component, true);
}

function logGroup(name: string, args: RedashEcsClusterArgs, parent: pulumi.Resource) {
  return new cloudwatch.LogGroup(
    `${name}-logs`,
    { kmsKeyId: args.keyArn, retentionInDays: args.logRetentionDays },
    { parent },
  );
}

/** An image in ECR is pulled with the execution role; any other registry is anonymous. */
function ecrRepository(args: RedashEcsClusterArgs): { repositoryArn?: pulumi.Input<string> } {
  const ecr = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)/.exec(
    args.image,
  );
  if (ecr === null) return {};
  const [, account = "", region = "", repository = ""] = ecr;
  return { repositoryArn: `arn:aws:ecr:${region}:${account}:repository/${repository}` };
}

function fargateCluster(name: string, args: RedashEcsClusterArgs, parent: pulumi.Resource) {
  const cluster = new ecs.Cluster(
    `${name}-cluster`,
    {
      settings: [{ name: "containerInsights", value: "enhanced" }],
      ...(args.executeCommand === true
        ? {
            configuration: {
              executeCommandConfiguration: { kmsKeyId: args.keyArn, logging: "DEFAULT" },
            },
          }
        : {}),
    },
    { parent },
  );
  const capacityProviders = new ecs.ClusterCapacityProviders(
    `${name}-capacity`,
    { clusterName: cluster.name, capacityProviders: ["FARGATE", "FARGATE_SPOT"] },
    { parent },
  );
  return { cluster, capacityProviders };
}
