import { describe } from "mocha";
import { type Case, cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";

type Json = Record<string, unknown>;
const policy = (...statements: readonly Json[]): Given => ({
  type: "aws:iam/rolePolicy:RolePolicy",
  props: {
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: statements.map((it) => ({ Effect: "Allow", ...it })),
    }),
  },
});
const named = {
  Action: "secretsmanager:GetSecretValue",
  Resource: "arn:aws:secretsmanager:a:1:secret:x",
};
/** What every rule over policies does with documents. */
const documents: Record<string, Case> = {
  "accepts an action by name on a resource by ARN": { given: policy(named) },
  "accepts a denial of everything": {
    given: policy({ Effect: "Deny", Action: "*", Resource: "*" }),
  },
  "waits for a document that is not known yet": {
    given: { ...policy(), props: { policy: UNKNOWN } },
    finds: ["undecided: policy is not known before the update"],
  },
  "waits for a document that is a secret": {
    given: { ...policy(), props: { policy: HIDDEN } },
    finds: ["undecided: policy is a secret"],
  },
  "refuses a text that is no JSON": {
    given: { ...policy(), props: { policy: "{" } },
    finds: ["policy is not JSON"],
  },
  "accepts no document": { given: { ...policy(), props: {} } },
  "reads one statement without a list": {
    given: {
      ...policy(),
      props: { policy: JSON.stringify({ Statement: { Effect: "Allow", ...named } }) },
    },
  },
};

/** A role with policies inside it, of which the second one is given. */
const inside = (statement: Json): Given => ({
  type: "aws:iam/role:Role",
  props: {
    inlinePolicies: [policy(named), policy(statement)].map(({ props }, index) => ({
      name: `own-${index}`,
      ...props,
    })),
  },
});

describe("policies of permissions", () => {
  describePolicy("iam-no-administrator", {
    ...documents,
    ...cases({
      "accepts a role without policies inside it": [{ type: "aws:iam/role:Role", props: {} }],
      "accepts what is named, inside a role": [inside(named)],
      "refuses every action inside a role": [
        inside({ Action: "*", Resource: "arn:x" }),
        "inlinePolicies.1.policy is everything allowed",
      ],
      "waits for a document inside a role that is not known yet": [
        {
          type: "aws:iam/role:Role",
          props: { inlinePolicies: [{ name: "own", policy: UNKNOWN }] },
        },
        "undecided: inlinePolicies.0.policy is not known before the update",
      ],
      "refuses every action": [
        policy({ Action: "*", Resource: "arn:x" }),
        "policy is everything allowed",
      ],
      "refuses every action in a list": [
        policy({ Action: ["s3:GetObject", "*"], Resource: "arn:x" }),
        "policy is everything allowed",
      ],
      "refuses everything but": [
        policy({ NotAction: "iam:*", Resource: "arn:x" }),
        "policy is everything allowed",
      ],
    }),
  });
  describePolicy("iam-no-service-wildcard", {
    ...documents,
    ...cases({
      "refuses a service": [
        policy({ Action: "s3:*", Resource: "arn:x" }),
        "policy is s3:* allowed",
      ],
      "refuses it among others": [
        policy(named, { Action: ["a:B", "kms:*"], Resource: "arn:x" }),
        "policy is kms:* allowed",
      ],
      "accepts a part of the names": [policy({ Action: "s3:Get*", Resource: "arn:x" })],
    }),
  });
  describePolicy("iam-actions-named", {
    ...documents,
    ...cases({
      "refuses a part of the names": [
        policy({ Action: "s3:Get*", Resource: "arn:x" }),
        "policy is s3:Get* allowed",
      ],
      "refuses a letter left open, among others": [
        policy(named, { Action: ["a:B", "ecs:UpdateServic?"], Resource: "arn:x" }),
        "policy is ecs:UpdateServic? allowed",
      ],
      "leaves all actions of a service, and everything, to other rules": [
        policy({ Action: ["s3:*", "*"], Resource: "arn:x" }),
      ],
      "leaves everything but some to another rule": [
        policy({ NotAction: "iam:Create*", Resource: "arn:x" }),
      ],
      "accepts a wildcard in a denial": [
        policy({ Effect: "Deny", Action: "ec2:Create*", Resource: "*" }),
      ],
    }),
  });
  describePolicy("iam-resources-named", {
    ...documents,
    ...cases({
      "refuses secrets of the whole account": [
        policy({ Action: "secretsmanager:GetSecretValue", Resource: "*" }),
        "policy is secretsmanager:GetSecretValue allowed on everything",
      ],
      "accepts what knows no resources": [
        policy({
          Action: ["ssmmessages:CreateControlChannel", "ecr:GetAuthorizationToken"],
          Resource: "*",
        }),
      ],
      "accepts what the move asks AWS, which knows no resources for it": [
        policy({
          Action: [
            "elasticloadbalancing:DescribeTargetHealth",
            "ssm:GetCommandInvocation",
            "ssm:CancelCommand",
            "dms:DescribeReplicationTasks",
            "dms:DescribeReplicationTaskAssessmentRuns",
            "ecs:DescribeTaskDefinition",
            "rds:DescribeAccountAttributes",
            "servicequotas:GetServiceQuota",
            "ssm:DescribeInstanceInformation",
          ],
          Resource: "*",
        }),
      ],
      "refuses what the move does to everybody's load balancers": [
        policy({ Action: "elasticloadbalancing:ModifyListener", Resource: "*" }),
        "policy is elasticloadbalancing:ModifyListener allowed on everything",
      ],
      "refuses what the move asks its own database, queue and cluster, of everybody's": [
        policy(
          ...[
            "rds:DescribeDBInstances",
            "elasticache:DescribeReplicationGroups",
            "elasticache:DescribeCacheClusters",
            "ecs:ListTasks",
            "lambda:GetFunctionConfiguration",
          ].map((Action) => ({ Action, Resource: "*" })),
        ),
        "policy is ecs:ListTasks allowed on everything",
        "policy is elasticache:DescribeCacheClusters allowed on everything",
        "policy is elasticache:DescribeReplicationGroups allowed on everything",
        "policy is lambda:GetFunctionConfiguration allowed on everything",
        "policy is rds:DescribeDBInstances allowed on everything",
      ],
      "accepts the tasks of one cluster, which only a condition can name": [
        policy({
          Action: "ecs:ListTasks",
          Resource: ["*"],
          Condition: { ArnEquals: { "ecs:cluster": ["arn:aws:ecs:a:1:cluster/x"] } },
        }),
      ],
      "refuses commands on every host": [
        policy({ Action: "ssm:SendCommand", Resource: "*" }),
        "policy is ssm:SendCommand allowed on everything",
      ],
      "refuses what knows a task of DMS, on all of them": [
        policy({ Action: "dms:DescribeTableStatistics", Resource: "*" }),
        "policy is dms:DescribeTableStatistics allowed on everything",
      ],
      "accepts what a condition limits": [
        policy({
          Action: "kms:Decrypt",
          Resource: "*",
          Condition: { StringEquals: { "kms:ViaService": "s" } },
        }),
      ],
      ...Object.fromEntries(
        [
          { Bool: { "aws:SecureTransport": "true" } },
          { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
          { StringLike: { "aws:PrincipalArn": "arn:aws:iam::1:role/x" } },
          { StringLike: { "secretsmanager:SecretId": "*" } },
          { StringNotEquals: { "aws:ResourceTag/owner": "others" } },
          { StringEqualsIfExists: { "aws:ResourceTag/owner": "redash" } },
        ].map((Condition) => [
          `refuses a condition that names nothing: ${JSON.stringify(Condition)}`,
          [
            policy({ Action: "secretsmanager:GetSecretValue", Resource: "*", Condition }),
            "policy is secretsmanager:GetSecretValue allowed on everything",
          ] as const,
        ]),
      ),
      "accepts resources that a tag names": [
        policy({
          Action: "secretsmanager:GetSecretValue",
          Resource: "*",
          Condition: { StringEquals: { "aws:ResourceTag/owner": "redash" } },
        }),
      ],
      "refuses secrets of the whole account inside a role": [
        inside({ Action: "secretsmanager:GetSecretValue", Resource: "*" }),
        "inlinePolicies.1.policy is secretsmanager:GetSecretValue allowed on everything",
      ],
      "refuses one of many": [
        policy({ Action: ["ecr:GetAuthorizationToken", "s3:GetObject"], Resource: ["arn:x", "*"] }),
        "policy is s3:GetObject allowed on everything",
      ],
    }),
  });
  const passed = {
    Action: "iam:PassRole",
    Resource: "arn:aws:iam::1:role/task",
    Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
  };
  describePolicy("iam-no-escalation", {
    ...documents,
    ...cases({
      "refuses to change policies": [
        policy({ Action: "iam:PutRolePolicy", Resource: "arn:x" }),
        "policy is iam:PutRolePolicy allowed",
      ],
      "refuses to pass any role": [
        policy({ ...passed, Resource: "arn:aws:iam::1:role/*" }),
        "policy is iam:PassRole on a pattern",
      ],
      "refuses to pass roles that differ by one letter": [
        policy({ ...passed, Resource: ["arn:aws:iam::1:role/task", "arn:aws:iam::1:role/tas?"] }),
        "policy is iam:PassRole on a pattern",
      ],
      "refuses to pass a role to any service": [
        policy({ Action: "iam:PassRole", Resource: passed.Resource }),
        "policy is iam:PassRole to any service",
      ],
      "refuses a condition that a request without a service meets": [
        policy({
          ...passed,
          Condition: {
            StringEqualsIfExists: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
          },
        }),
        "policy is iam:PassRole to any service",
      ],
      ...Object.fromEntries(
        ["DeleteRolePolicy", "DetachRolePolicy", "DeleteRolePermissionsBoundary"].map((name) => [
          `refuses to take away what denies or bounds: ${name}`,
          [
            policy({ Action: `iam:${name}`, Resource: passed.Resource }),
            `policy is iam:${name} allowed`,
          ] as const,
        ]),
      ),
      "accepts to pass one role to one service": [policy(passed)],
      "refuses all of IAM": [
        policy({ Action: "iam:*", Resource: "arn:x" }),
        "policy is iam:* allowed",
      ],
    }),
  });

  const FUNCTION = "arn:aws:lambda:eu-west-1:1:function:redash-migration-function-1a2b3c4";
  const pattern = "policy is lambda:InvokeFunction on a pattern";
  const invoked = (Resource: unknown, Action: unknown = "lambda:InvokeFunction") =>
    policy({ Action, Resource });
  describePolicy("iam-functions-named", {
    ...documents,
    ...cases({
      "accepts a function that calls itself": [invoked(FUNCTION)],
      "accepts any version of one function": [invoked([FUNCTION, `${FUNCTION}:*`])],
      "refuses every function": [invoked("*"), pattern],
      "refuses every function of the account": [
        invoked("arn:aws:lambda:eu-west-1:1:function:*"),
        pattern,
      ],
      "refuses a part of the names": [invoked(`${FUNCTION.slice(0, -7)}*`), pattern],
      "refuses a letter left open, among others": [
        invoked([FUNCTION, `${FUNCTION.slice(0, -1)}?`]),
        pattern,
      ],
      "refuses one name in every account": [
        invoked("arn:aws:lambda:eu-west-1:*:function:redash"),
        pattern,
      ],
      "refuses a pattern with a condition": [
        policy({
          Action: ["lambda:GetFunction", "lambda:InvokeFunction"],
          Resource: "*",
          Condition: { Bool: { "aws:SecureTransport": "true" } },
        }),
        pattern,
      ],
      "refuses a pattern of calls": [
        invoked("*", "lambda:Invoke*"),
        "policy is lambda:Invoke* on a pattern",
      ],
      "leaves what calls no function": [invoked("*", "lambda:ListFunctions")],
      "leaves a denial": [
        policy({ Effect: "Deny", Action: "lambda:InvokeFunction", Resource: "*" }),
      ],
    }),
  });
});
