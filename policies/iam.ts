import { absentOr, matches } from "./constraint";
import type { Policy, Subject } from "./policy";
import { DEMANDS, type Statement, statements } from "./statement";
import type { View } from "./view";

const ROLE = "aws:iam/role:Role";
const POLICIES = [
  "aws:iam/rolePolicy:RolePolicy",
  "aws:iam/policy:Policy",
  "aws:iam/userPolicy:UserPolicy",
  "aws:iam/groupPolicy:GroupPolicy",
];

/** Actions that know no resources, or need none, so that "*" is all that surely works (Service Authorization Reference). */
const WITHOUT_RESOURCES = new RegExp(
  `^(?:${[
    "ssmmessages:(?:Create|Open)(?:Control|Data)Channel",
    "ssm:(?:GetCommandInvocation|CancelCommand|DescribeInstanceInformation)",
    "ecr:GetAuthorizationToken",
    "ec2:Describe\\w*",
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:Describe\\w*",
    "dms:Describe(?:AccountAttributes|Connections|Endpoints|ReplicationInstances|ReplicationTasks|ReplicationTaskAssessmentRuns)",
    "rds:DescribeAccountAttributes",
    "servicequotas:GetServiceQuota",
    "logs:DescribeLogGroups",
    "cloudwatch:PutMetricData",
    "xray:Put\\w+",
    "sts:GetCallerIdentity",
  ].join("|")})$`,
);

/** Everybody in an account: its root, or its bare number, which AWS takes for the same. */
const WHOLE_ACCOUNT = /^\d{12}$|:root$/;

/** Whether a condition names what an action may be done to, by a service's own key or by a tag; `*` names nothing. */
const isNarrowed = ({ conditions }: Statement): boolean =>
  Object.entries(conditions).some(
    ([operator, keys]) =>
      DEMANDS.test(operator) &&
      Object.entries(keys).some(
        ([key, values]) =>
          (!key.startsWith("aws:") || key.startsWith("aws:resourcetag/")) &&
          !values.some((value) => /^\*+$/.test(value)),
      ),
  );

/** A function by its whole name, and at most a version or alias of it left open. */
const ONE_FUNCTION = /^[^*?]+:function:[^:*?]+(?::[^:]+)?$/;

/** The documents of a policy, or those inside a role. */
const documents = (view: View): View[] =>
  view.type === ROLE ? view.each("inlinePolicies") : [view];
const allows = (document: View): Statement[] =>
  (statements(document, "policy") ?? []).filter(({ effect }) => effect === "Allow");
const isEverything = (pattern: string) => pattern === "*" || pattern === "*:*";

const onPolicies = (
  policy: Omit<Policy, "types" | "check"> & {
    readonly statement: (statement: Statement, view: View) => void;
  },
): Policy => {
  const { statement, ...rest } = policy;
  return {
    types: [...POLICIES, ROLE],
    ...rest,
    check: (view) => {
      for (const document of documents(view))
        for (const one of allows(document)) statement(one, document);
    },
  };
};

/** Roles and their policies. */
export const IAM: Subject = {
  title: "Permissions (IAM)",
  policies: [
    onPolicies({
      id: "iam-no-administrator",
      title: "No policy allows everything.",
      controls: ["IAM.1", "CKV_AWS_62", "CKV_AWS_63", "AWS-0057"],
      severity: "critical",
      enforcement: "mandatory",
      why: "Whoever breaks into a query runner has the account.",
      fix: "Actions by name, resources by ARN.",
      statement: ({ actions, isForOtherActions }, view) => {
        if (isForOtherActions || actions.some(isEverything))
          view.wrong("policy", "actions by name", "everything allowed");
      },
    }),
    onPolicies({
      id: "iam-no-service-wildcard",
      title: "No policy allows all actions of a service.",
      controls: ["IAM.21"],
      severity: "medium",
      enforcement: "mandatory",
      why: "It grows with every action that AWS adds.",
      fix: "Actions by name.",
      statement: ({ actions }, view) => {
        const wildcard = actions.find((action) => /^[a-z0-9-]+:\*$/i.test(action));
        if (wildcard !== undefined) view.wrong("policy", "actions by name", `${wildcard} allowed`);
      },
    }),
    onPolicies({
      id: "iam-actions-named",
      title: "What is allowed is written out, action by action.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: "secretsmanager:Get* is one letter away from what was meant, and means more with every release of AWS; nobody can compare it with what the code calls.",
      fix: "Each action by its whole name.",
      statement: ({ actions, isForOtherActions }, view) => {
        // All actions of a service are the matter of iam-no-service-wildcard.
        const pattern = actions.find((it) => /[*?]/.test(it) && !/(?:^|:)\*$/.test(it));
        if (pattern !== undefined && !isForOtherActions)
          view.wrong("policy", "actions by their whole names", `${pattern} allowed`);
      },
    }),
    onPolicies({
      id: "iam-resources-named",
      title: "What is allowed is allowed on named resources.",
      controls: ["CKV_AWS_290", "CKV_AWS_355"],
      severity: "high",
      enforcement: "mandatory",
      why: "A role that may read every secret of the account reads other teams' too.",
      fix: "Resource: the ARNs of the stack. Only actions that know no resources may have *, or a condition that names them.",
      statement: (statement, view) => {
        const { actions, resources } = statement;
        if (!resources.some(isEverything) || isNarrowed(statement)) return;
        const action = actions.find((it) => !WITHOUT_RESOURCES.test(it) && !isEverything(it));
        if (action !== undefined)
          view.wrong("policy", "resources by ARN", `${action} allowed on everything`);
      },
    }),
    onPolicies({
      id: "iam-no-escalation",
      title: "Nobody can give himself more rights.",
      controls: ["CKV_AWS_286"],
      severity: "critical",
      enforcement: "mandatory",
      why: "With PassRole on everything, or the right to change policies, every other limit is void; a denial, or a boundary, that is deleted holds nobody back.",
      fix: "iam:PassRole on one role, with iam:PassedToService; no iam:Put*, Attach*, Create*, Delete* or Detach*.",
      statement: ({ actions, resources, conditions }, view) => {
        const change = actions.find((it) =>
          /^iam:(?:Put|Attach|Create|Update|Add|Set|Delete|Detach|Remove|\*)/i.test(it),
        );
        if (change !== undefined)
          view.wrong("policy", "no right to change rights", `${change} allowed`);
        if (!actions.some((it) => /^iam:PassRole$/i.test(it))) return;
        if (resources.some((it) => /[*?]/.test(it)))
          view.wrong("policy", "iam:PassRole on one role", "iam:PassRole on a pattern");
        const receivers = conditions["StringEquals"]?.["iam:passedtoservice"];
        if (receivers === undefined)
          view.wrong("policy", "iam:PassRole to a service", "iam:PassRole to any service");
      },
    }),
    onPolicies({
      id: "iam-functions-named",
      title: "Whoever calls functions calls them by name.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "A function does for its caller what only its own role may, and a pattern takes in other teams' functions.",
      fix: "lambda:InvokeFunction on the function's ARN.",
      statement: ({ actions, resources }, view) => {
        const call = actions.find((it) => /^lambda:Invoke/i.test(it));
        if (call !== undefined && !resources.every((it) => ONE_FUNCTION.test(it)))
          view.wrong("policy", "functions by their whole names", `${call} on a pattern`);
      },
    }),
    {
      id: "iam-trust",
      title: "Roles are assumed by services, not by everybody.",
      controls: ["CKV_AWS_60", "CKV_AWS_61"],
      severity: "critical",
      enforcement: "mandatory",
      why: "A role whose trust names * is anybody's.",
      fix: 'Principal: { Service: "ecs-tasks.amazonaws.com" } with aws:SourceAccount.',
      types: [ROLE],
      check: (role) => {
        for (const { effect, principals } of statements(role, "assumeRolePolicy") ?? []) {
          if (
            effect === "Allow" &&
            principals.some((it) => isEverything(it) || WHOLE_ACCOUNT.test(it))
          ) {
            role.wrong(
              "assumeRolePolicy",
              "a service, or a role by its ARN",
              "everybody, or a whole account",
            );
          }
        }
      },
    },
    {
      id: "iam-no-broad-managed-policy",
      title: "No role has one of AWS's broad policies.",
      controls: ["CKV_AWS_274", "AWS-0057"],
      severity: "critical",
      enforcement: "mandatory",
      why: "AdministratorAccess and PowerUserAccess are everything, FullAccess is a whole service.",
      fix: "A policy of one's own.",
      // Of a role, a group or a user; one by one, or all that it may have.
      types: [ROLE, "aws:iam/*PolicyAttachment*"],
      check: (view) => {
        const narrow = matches(
          /^arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy\/(?!(?:.*\/)?(?:AdministratorAccess|PowerUserAccess|IAMFullAccess|\w*FullAccess)$)\S+$/,
          "a policy that is not AdministratorAccess, PowerUserAccess or a service's FullAccess",
        );
        if (view.type === ROLE) {
          for (const arn of view.each("managedPolicyArns")) arn.must("", narrow);
          return;
        }
        // A policy of this stack has no ARN before it is made.
        const attached = { ...absentOr(narrow), acceptsUnknown: true };
        view.must("policyArn", attached);
        for (const arn of view.each("policyArns")) arn.must("", attached);
      },
    },
    {
      id: "iam-no-users",
      title: "There are no users and no access keys.",
      controls: ["IAM.2", "IAM.3", "CKV_AWS_273", "AWS-0143"],
      severity: "high",
      enforcement: "mandatory",
      why: "A key that never ends is found one day; its secret would stand in the state.",
      fix: "A role.",
      types: [
        "aws:iam/user:User",
        "aws:iam/accessKey:AccessKey",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
      ],
      check: (view) => {
        view.wrong("", "a role", "a user or its key");
      },
    },
    {
      id: "iam-session-length",
      title: "A role's sessions end within hours.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "A stolen session works until it ends.",
      fix: "maxSessionDuration of at most 14400, or none.",
      types: [ROLE],
      check: (role) => {
        role.must(
          "maxSessionDuration",
          absentOr({
            allowed: "at most 14400 seconds",
            test: (value) => typeof value === "number" && value <= 14_400,
          }),
        );
      },
    },
  ],
};
