/** What an action of the move may be done to; components/moveRole.ts makes ARNs of it. */
export type MoveResource =
  /** The services of ECS that the move starts and stops. */
  | "services"
  /** The tasks of the cluster. */
  | "tasks"
  /** The cluster, which AWS knows as a condition only. */
  | "cluster"
  | "listener"
  | "listenerRule"
  /** The move's own SSM documents, and the host of the source. */
  | "sourceCommands"
  /** The bucket of the journal itself. */
  | "journal"
  /** The objects in it. */
  | "journalObjects"
  /** Figures of the move in CloudWatch, which AWS knows by a condition only (redash/sourceWatch.ts). */
  | "metrics"
  /** The secrets that the move reads. */
  | "secrets"
  | "replicationTask"
  /** The managed database. */
  | "database"
  /** The queue, and its nodes. */
  | "queue"
  /** The function of the move itself, which goes on in another one when its time is over. */
  | "function"
  /**
   * AWS knows no narrower resource for it, or says that it need not be one
   * (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
   */
  | "any";

/**
 * Every action that the function of the move may do, and to what. Its role is made of this list and its adapters can
 * call nothing else: `call` takes no other name, and a test fails if an entry is called by nobody.
 */
export const MOVE_ACTIONS = {
  "ecs:DescribeServices": "services",
  "ecs:UpdateService": "services",
  "ecs:ListTasks": "cluster",
  "ecs:DescribeTasks": "tasks",
  "ecs:DescribeTaskDefinition": "any",
  "elasticloadbalancing:DescribeListeners": "any",
  "elasticloadbalancing:DescribeRules": "any",
  "elasticloadbalancing:DescribeTargetHealth": "any",
  "elasticloadbalancing:ModifyListener": "listener",
  "elasticloadbalancing:ModifyRule": "listenerRule",
  "ssm:SendCommand": "sourceCommands",
  "ssm:GetCommandInvocation": "any",
  "ssm:CancelCommand": "any",
  "s3:ListBucket": "journal",
  "s3:GetObject": "journalObjects",
  "s3:PutObject": "journalObjects",
  "secretsmanager:GetSecretValue": "secrets",
  "cloudwatch:PutMetricData": "metrics",
  "lambda:InvokeFunction": "function",
  "dms:DescribeAccountAttributes": "any",
  "dms:DescribeConnections": "any",
  "dms:DescribeReplicationInstances": "any",
  "dms:DescribeReplicationTaskAssessmentRuns": "any",
  "dms:DescribeReplicationTasks": "any",
  "dms:DescribeTableStatistics": "replicationTask",
  "dms:StartReplicationTask": "replicationTask",
  "dms:StartReplicationTaskAssessmentRun": "replicationTask",
  "dms:StopReplicationTask": "replicationTask",
  // Preflight reads the rest, and changes nothing.
  "ec2:DescribeInstances": "any",
  "ec2:DescribeNatGateways": "any",
  "ec2:DescribeNetworkInterfaces": "any",
  "ec2:DescribeRouteTables": "any",
  "ec2:DescribeSecurityGroupRules": "any",
  "ec2:DescribeSubnets": "any",
  "ec2:DescribeVpcEndpoints": "any",
  "ec2:DescribeVpcs": "any",
  "elasticache:DescribeCacheClusters": "queue",
  "elasticache:DescribeReplicationGroups": "queue",
  "elasticloadbalancing:DescribeLoadBalancers": "any",
  "elasticloadbalancing:DescribeTargetGroupAttributes": "any",
  "lambda:GetFunctionConfiguration": "function",
  "rds:DescribeAccountAttributes": "any",
  "rds:DescribeDBInstances": "database",
  "s3:GetBucketVersioning": "journal",
  "servicequotas:GetServiceQuota": "any",
  "ssm:DescribeInstanceInformation": "any",
} as const satisfies Readonly<Record<string, MoveResource>>;

export type MoveAction = keyof typeof MOVE_ACTIONS;
