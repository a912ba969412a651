import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { secretArnOf } from "./secret";
import { trust } from "./trust";

export interface TaskRolesArgs {
  /** Account in which ECS may assume the roles (confused deputy). */
  readonly accountId: pulumi.Input<string>;
  readonly keyArn: pulumi.Input<string>;
  readonly logGroupArns: pulumi.Input<string>[];
  /** Secrets that ECS injects; a `valueFrom` with a JSON key counts as its secret. */
  readonly secretArns: pulumi.Input<string>[];
  /** Keys of secrets that were made outside of the stack, if they have keys of their own. */
  readonly secretKeyArns: readonly string[];
  /** The repository if the image lies in ECR. */
  readonly repositoryArn?: pulumi.Input<string>;
  /** IAM policies of data sources, for workers alone: only they run queries. */
  readonly taskPolicyArns: readonly string[];
  /** Whether ECS Exec may open a channel into tasks. */
  readonly executeCommand: boolean;
}

/** The role with which ECS starts tasks, and those with which the processes run. */
export interface TaskRoles {
  /** Server and scheduler: no permission at all, but for ECS Exec when asked. */
  readonly task: iam.Role;
  /** Workers: what the data sources need. */
  readonly workerTask: iam.Role;
  /** Resolves once ECS may start tasks: services take the execution role from here. */
  readonly executionRoleArn: pulumi.Output<string>;
}

export function taskRoles(name: string, args: TaskRolesArgs, parent: pulumi.Resource): TaskRoles {
  const opts = { parent };
  const role = (suffix: string, description: string) =>
    new iam.Role(
      `${name}-${suffix}`,
      { description, assumeRolePolicy: trust("ecs-tasks.amazonaws.com", args.accountId) },
      opts,
    );
  const execution = role("execution", "Starts Redash tasks: image, secrets, logs");
  const task = role("task", "Redash server and scheduler");
  const workerTask = role("worker-task", "Redash workers: what data sources need");

  const executionPolicy = new iam.RolePolicy(
    `${name}-execution`,
    { role: execution.id, policy: executionStatements(args) },
    opts,
  );
  for (const [index, policyArn] of args.taskPolicyArns.entries()) {
    new iam.RolePolicyAttachment(
      `${name}-worker-task-${index}`,
      { role: workerTask.name, policyArn },
      opts,
    );
  }
  if (args.executeCommand) {
    for (const [suffix, { id }] of [
      ["task", task],
      ["worker-task", workerTask],
    ] as const) {
      new iam.RolePolicy(`${name}-${suffix}-exec`, { role: id, policy: execPolicy(args) }, opts);
    }
  }
  const executionRoleArn = pulumi.all([execution.arn, executionPolicy.id]).apply(([arn]) => arn);
  return { task, workerTask, executionRoleArn };
}

/** Channels of the SSM agent that ECS Exec starts (the actions know no resources), and the key of the sessions. */
const execPolicy = ({ keyArn }: TaskRolesArgs) =>
  pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "kms:Decrypt", Resource: keyArn },
      {
        Effect: "Allow",
        Action: [
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ],
        Resource: "*",
      },
    ],
  });

function executionStatements(args: TaskRolesArgs): pulumi.Output<string> {
  const secrets = pulumi
    .all(args.secretArns)
    .apply((arns) => [...new Set(arns.map(secretArnOf))].sort());
  const logs = pulumi.all(args.logGroupArns).apply((arns) => arns.map((arn) => `${arn}:*`));
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secrets },
      {
        Effect: "Allow",
        Action: "kms:Decrypt",
        Resource: [args.keyArn, ...args.secretKeyArns],
        Condition: { StringLike: { "kms:ViaService": "secretsmanager.*.amazonaws.com" } },
      },
      { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: logs },
      ...(args.repositoryArn === undefined
        ? []
        : [
            { Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
            {
              Effect: "Allow",
              Action: [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
              ],
              Resource: args.repositoryArn,
            },
          ]),
    ],
  });
}
