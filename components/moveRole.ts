import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import { MOVE_ACTIONS, type MoveResource } from "../redash/moveActions";
import { METRIC_NAMESPACE } from "../redash/sourceWatch";
import { trust } from "./trust";

/** ARNs that the actions on each kind of resource may be done to; with none, they are not allowed. */
export type MoveArns = Readonly<
  Record<Exclude<MoveResource, "any" | "function" | "metrics">, pulumi.Input<string>[]>
>;

export interface MoveRoleArgs {
  readonly arns: MoveArns;
  /** Role that the function hands to AWS DMS for its assessment. @default none: there is no task */
  readonly assessmentRoleArn?: pulumi.Input<string> | undefined;
  /** Key of the journal and of the stack's secrets. */
  readonly keyArn: pulumi.Input<string>;
  /** Keys of secrets that were made outside of the stack, if they have keys of their own. */
  readonly secretKeyArns: readonly string[];
  readonly regionName: string;
}

export interface MoveRole {
  readonly role: iam.Role;
  /** What must be there before the function is, and until its network interfaces are gone. */
  readonly permissions: readonly pulumi.Resource[];
}

/**
 * Network interfaces in the VPC, and logs. AWSLambdaENIManagementAccess would be less, but lacks ec2:DescribeSubnets.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
const VPC_ACCESS = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole";

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html */
const OWN_METRICS = { StringEquals: { "cloudwatch:namespace": METRIC_NAMESPACE } };

/** What the function of the move may do: the actions of redash/moveActions.ts on this stack's resources, no more. */
export function moveRole(name: string, args: MoveRoleArgs, parent: pulumi.Resource): MoveRole {
  const opts = { parent };
  const role = new iam.Role(
    name,
    {
      description: "Redash migration: the function of the move",
      // Lambda documents no condition that it meets when it assumes a role.
      assumeRolePolicy: trust("lambda.amazonaws.com"),
    },
    opts,
  );
  const policy = new iam.RolePolicy(
    name,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          ...moveStatements(args.arns),
          ...handOver(args.assessmentRoleArn),
          ...keyStatements(args),
        ],
      }),
    },
    opts,
  );
  const vpcAccess = new iam.RolePolicyAttachment(
    name,
    { role: role.name, policyArn: VPC_ACCESS },
    opts,
  );
  return { role, permissions: [role, policy, vpcAccess] };
}

/**
 * What the function's own code may do with the function, and must not do: it goes on in another invocation, and the
 * network interfaces, which the role needs for Lambda itself, are not its own.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice
 */
export function ownPolicy(
  name: string,
  role: iam.Role,
  functionArn: pulumi.Output<string>,
  parent: pulumi.Resource,
): void {
  new iam.RolePolicy(
    name,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: actionsOn("function"), Resource: functionArn },
          {
            Effect: "Deny",
            Action: [
              "ec2:AssignPrivateIpAddresses",
              "ec2:CreateNetworkInterface",
              "ec2:DeleteNetworkInterface",
              "ec2:UnassignPrivateIpAddresses",
            ],
            Resource: "*",
            Condition: { ArnEquals: { "lambda:SourceFunctionArn": functionArn } },
          },
        ],
      }),
    },
    { parent },
  );
}

/** One statement per kind of resource, in the order of the list. */
function moveStatements(arns: MoveArns): object[] {
  return [...new Set(Object.values(MOVE_ACTIONS))].flatMap((kind) => {
    if (kind === "function") return [];
    const allow = { Effect: "Allow", Action: actionsOn(kind) };
    if (kind === "any") return [{ ...allow, Resource: ["*"] }];
    if (kind === "metrics") return [{ ...allow, Resource: ["*"], Condition: OWN_METRICS }];
    if (arns[kind].length === 0) return [];
    return [
      kind === "cluster" ? inCluster(allow, arns.cluster) : { ...allow, Resource: arns[kind] },
    ];
  });
}

/**
 * The resource of ListTasks is a host of the cluster, of which Fargate has none.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html
 */
const inCluster = (allow: object, clusterArns: pulumi.Input<string>[]) => ({
  ...allow,
  Resource: ["*"],
  Condition: { ArnEquals: { "ecs:cluster": clusterArns } },
});

const actionsOn = (kind: MoveResource): string[] =>
  Object.entries(MOVE_ACTIONS)
    .filter(([, it]) => it === kind)
    .map(([action]) => action);

/** No call, but what IAM asks of whoever starts an assessment: the role may be given to DMS and to nobody else. */
const handOver = (roleArn: pulumi.Input<string> | undefined): object[] =>
  roleArn === undefined
    ? []
    : [
        {
          Effect: "Allow",
          Action: "iam:PassRole",
          Resource: roleArn,
          Condition: { StringEquals: { "iam:PassedToService": "dms.amazonaws.com" } },
        },
      ];

/** Secrets are decrypted, and the journal written, by the services that hold them and by nothing else. */
const keyStatements = ({ keyArn, secretKeyArns, regionName }: MoveRoleArgs) => [
  {
    Effect: "Allow",
    Action: "kms:Decrypt",
    Resource: [keyArn, ...secretKeyArns],
    Condition: via(regionName, "secretsmanager", "s3"),
  },
  {
    Effect: "Allow",
    Action: "kms:GenerateDataKey",
    Resource: keyArn,
    Condition: via(regionName, "s3"),
  },
];

const via = (regionName: string, ...services: string[]) => ({
  StringEquals: {
    "kms:ViaService": services.map((service) => `${service}.${regionName}.amazonaws.com`),
  },
});
