import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as lambda from "@pulumi/aws/lambda";
import type * as pulumi from "@pulumi/pulumi";
import { HANDLER, moveBundle } from "./moveBundle";
import { type MoveRole, ownPolicy } from "./moveRole";
import { sourceWatch } from "./sourceWatch";

export interface MoveFunctionArgs {
  readonly role: MoveRole;
  /** Subnets in at least two zones that lead to AWS's services. */
  readonly subnetIds: pulumi.Input<string[]>;
  readonly securityGroupId: pulumi.Input<string>;
  /** The world that it moves, as JSON. */
  readonly world: pulumi.Input<string>;
  /** Key of its environment and logs. */
  readonly keyArn: pulumi.Input<string>;
  readonly logRetentionDays: number;
  readonly accountId: pulumi.Input<string>;
}

/** The longest that Lambda allows: an act that needs more goes on in the next invocation. */
const TIMEOUT_SECONDS = 900;
/** One whole vCPU; the comparison of rows hashes. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEMORY_MIB = 1769;
/** The shortest that Lambda allows: a cutover that could not start at once must not start when nobody looks. */
const OLDEST_EVENT_SECONDS = 60;

/**
 * The function in which the acts of a move run, next to the databases. It never repeats an act by itself. No
 * concurrency is reserved for it: the move's own lock refuses a second invocation and says who holds it, where Lambda
 * would keep it and start it later, and an account with the quota of a new one has none to reserve.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function moveFunction(
  name: string,
  args: MoveFunctionArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const logGroup = new cloudwatch.LogGroup(
    name,
    { kmsKeyId: args.keyArn, retentionInDays: args.logRetentionDays },
    { parent },
  );
  const { role, permissions } = args.role;
  const made = new lambda.Function(
    name,
    {
      description: "Redash: the acts of its move",
      runtime: "nodejs22.x",
      architectures: ["arm64"],
      handler: HANDLER,
      code: moveBundle(),
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT_SECONDS,
      role: role.arn,
      vpcConfig: { subnetIds: args.subnetIds, securityGroupIds: [args.securityGroupId] },
      environment: { variables: { REDASH_MOVE: args.world } },
      kmsKeyArn: args.keyArn,
      loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
    },
    // Without its permissions it cannot be put into the VPC.
    { parent, dependsOn: [...permissions] },
  );
  new lambda.FunctionEventInvokeConfig(
    name,
    {
      functionName: made.name,
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: OLDEST_EVENT_SECONDS,
    },
    { parent },
  );
  // A move of days is more invocations in a row than Lambda takes for anything but a mistake.
  new lambda.FunctionRecursionConfig(
    name,
    { functionName: made.name, recursiveLoop: "Allow" },
    { parent },
  );
  ownPolicy(`${name}-code`, role, made.arn, parent);
  sourceWatch(`${name}-watch`, { functionArn: made.arn, accountId: args.accountId }, parent);
  return made.name;
}
