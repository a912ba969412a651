import { describe } from "mocha";
import { type Case, cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

describe("policies of roles and users", () => {
  const role = (principal: unknown, more: Record<string, unknown> = {}): Given => ({
    type: "aws:iam/role:Role",
    props: {
      assumeRolePolicy: JSON.stringify({
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: principal, ...more }],
      }),
    },
  });
  const everybody = "assumeRolePolicy is everybody, or a whole account";
  describePolicy(
    "iam-trust",
    cases({
      "accepts a service": [role({ Service: "ecs-tasks.amazonaws.com" })],
      "accepts a role by its ARN": [role({ AWS: "arn:aws:iam::123456789012:role/deploy" })],
      "refuses everybody": [role("*"), everybody],
      "refuses everybody of AWS": [role({ AWS: "*" }), everybody],
      "refuses a whole account": [role({ AWS: "arn:aws:iam::123456789012:root" }), everybody],
      "refuses a whole account by its number": [role({ AWS: "123456789012" }), everybody],
      "refuses a whole account by its number, among others": [
        role({ AWS: ["arn:aws:iam::123456789012:role/deploy", "210987654321"] }),
        everybody,
      ],
      "refuses one of many": [role({ AWS: ["arn:aws:iam::1:role/a", "*"] }), everybody],
      "accepts a denial": [role("*", { Effect: "Deny" })],
      "waits for a trust that is not known": [
        { type: "aws:iam/role:Role", props: { assumeRolePolicy: UNKNOWN } },
        "undecided: assumeRolePolicy is not known before the update",
      ],
      "waits for a trust that is a secret": [
        { type: "aws:iam/role:Role", props: { assumeRolePolicy: HIDDEN } },
        "undecided: assumeRolePolicy is a secret",
      ],
      "refuses a trust that is no JSON": [
        { type: "aws:iam/role:Role", props: { assumeRolePolicy: "{" } },
        "assumeRolePolicy is not JSON",
      ],
    }),
  );

  const attachment: Given = {
    type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    props: {},
  };
  const aws = "arn:aws:iam::aws:policy/";
  describePolicy("iam-no-broad-managed-policy", {
    ...property(attachment, "policyArn", {
      right: [
        `${aws}service-role/AmazonRDSEnhancedMonitoringRole`,
        "arn:aws:iam::123456789012:policy/athena",
        UNKNOWN,
      ],
      wrong: [
        `${aws}AdministratorAccess`,
        `${aws}PowerUserAccess`,
        `${aws}AmazonS3FullAccess`,
        `${aws}job-function/AdministratorAccess`,
      ],
    }),
    "refuses one in a role": {
      given: {
        type: "aws:iam/role:Role",
        props: { managedPolicyArns: [`${aws}AdministratorAccess`] },
      },
      finds: [`managedPolicyArns.0 is "${aws}AdministratorAccess"`],
    },
    ...Object.fromEntries(
      ["policyAttachment:PolicyAttachment", "groupPolicyAttachment:GroupPolicyAttachment"].flatMap(
        (type) =>
          Object.entries(
            property({ type: `aws:iam/${type}`, props: {} }, "policyArn", {
              right: ["arn:aws:iam::123456789012:policy/athena", UNKNOWN],
              wrong: [`${aws}AdministratorAccess`],
            }),
          ),
      ),
    ),
    "refuses one among all that a role may have": {
      given: {
        type: "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        props: { policyArns: [UNKNOWN, `${aws}PowerUserAccess`] },
      },
      finds: [`policyArns.1 is "${aws}PowerUserAccess"`],
    },
    "accepts a role without": { given: { type: "aws:iam/role:Role", props: {} } },
  });

  const anything: Case["given"][] = [
    "aws:iam/user:User",
    "aws:iam/accessKey:AccessKey",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
  ].map((type) => ({ type }));
  describePolicy(
    "iam-no-users",
    Object.fromEntries([
      ...anything.map((given, index): [string, Case] => [
        `refuses kind ${index + 1}`,
        { given, finds: [" is a user or its key"] },
      ]),
      ...[{ name: UNKNOWN }, { name: HIDDEN }, { name: "" }, { name: "ci" }].map(
        (props, index): [string, Case] => [
          `refuses a user whatever its properties, ${index + 1}`,
          { given: { type: "aws:iam/user:User", props }, finds: [" is a user or its key"] },
        ],
      ),
      ["accepts a role", { given: { type: "aws:iam/role:Role" } }],
    ]),
  );

  describePolicy(
    "iam-session-length",
    property({ type: "aws:iam/role:Role", props: {} }, "maxSessionDuration", {
      right: [undefined, 3600, 14_400],
      wrong: [14_401, 43_200, "3600", UNKNOWN, HIDDEN],
    }),
  );
});
