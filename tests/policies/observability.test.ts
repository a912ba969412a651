import { describe } from "mocha";
import { type Case, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { document, publicDocuments } from "./support/documents";
import { PRODUCTION, property, REHEARSAL } from "./support/property";

const group = (props: Record<string, unknown> = {}): Given => ({
  type: "aws:cloudwatch/logGroup:LogGroup",
  name: "logs",
  props,
});
const topic: Given = { type: "aws:sns/topic:Topic" };
const vault: Given = { type: "aws:backup/vault:Vault" };

describe("policies of logs, notices and backups", () => {
  describePolicy("logs-retention", {
    ...property(group(), "retentionInDays", {
      right: [1, 7, 90, 365, 3653],
      wrong: [0, 2, 100, 3654, "90", undefined, UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("logs-retention-production", {
    ...property(group(), "retentionInDays", {
      right: [90, 365, 0, undefined],
      wrong: [89, 7, UNKNOWN, HIDDEN],
      stack: PRODUCTION,
    }),
    ...property(group(), "retentionInDays", { right: [7], stack: REHEARSAL }),
    ...property(group(), "retentionInDays", { wrong: [30] }),
  });

  const KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/k";
  describePolicy("logs-encrypted", {
    ...property(group(), "kmsKeyId", {
      right: [KEY_ARN, "arn:aws-cn:kms:cn-north-1:1:key/k", UNKNOWN, HIDDEN],
      wrong: [undefined, "", "alias/redash", "5d0929be", "arn:aws:kms:eu-west-1:1:alias/redash"],
    }),
  });

  const key = (policy: unknown): Given => ({
    type: "aws:kms/key:Key",
    name: "key",
    props: { policy },
  });
  const keyPolicy = (policy: unknown): Given => ({
    type: "aws:kms/keyPolicy:KeyPolicy",
    props: { keyId: UNKNOWN, policy },
    refersTo: { keyId: "key" },
  });
  const encrypted: Given = { ...group({ kmsKeyId: UNKNOWN }), refersTo: { kmsKeyId: "key" } };
  const service = (Service: unknown, more = {}) => document({ Principal: { Service }, ...more });
  const LOGS = service("logs.eu-west-1.amazonaws.com");
  const shut: Pick<Case, "finds"> = { finds: ["policy is without CloudWatch Logs"] };
  describePolicy("logs-key-admits-logs", {
    "accepts a key that admits the region's logs": { given: [encrypted, key(LOGS)] },
    "accepts a key that admits logs everywhere, among others": {
      given: [encrypted, key(service(["sns.amazonaws.com", "logs.amazonaws.com"]))],
    },
    "accepts a key whose policy is a resource of its own": {
      given: [encrypted, key(undefined), keyPolicy(LOGS)],
    },
    "refuses AWS's default policy": { given: [encrypted, key(undefined)], ...shut },
    "refuses a policy for another service": {
      given: [encrypted, key(service("logs.evil.example"))],
      ...shut,
    },
    "refuses a denial": {
      given: [encrypted, key(service("logs.amazonaws.com", { Effect: "Deny" }))],
      ...shut,
    },
    "refuses a separate policy without it": {
      given: [encrypted, key(LOGS), keyPolicy(document({ Principal: { AWS: "1" } }))],
      ...shut,
    },
    "leaves a key that no log group uses": { given: [group(), key(undefined)] },
    "waits for a document that is made of outputs": {
      given: [encrypted, key(UNKNOWN)],
      finds: ["undecided: policy is not known before the update"],
    },
    "waits for a document that is a secret": {
      given: [encrypted, key(HIDDEN)],
      finds: ["undecided: policy is a secret"],
    },
  });

  const ownKey = {
    right: [KEY_ARN, "alias/redash", UNKNOWN, HIDDEN],
    wrong: [undefined, "", "alias/aws/sns", "alias/aws/backup"],
  };
  describePolicy("notices-encrypted", property(topic, "kmsMasterKeyId", ownKey));
  describePolicy("backups-encrypted", property(vault, "kmsKeyArn", ownKey));

  describePolicy("notices-private", {
    ...publicDocuments("aws:sns/topic:Topic"),
    ...publicDocuments("aws:sns/topicPolicy:TopicPolicy"),
    "accepts AWS's own policy, which ties everybody to the owner": {
      given: {
        ...topic,
        props: { policy: document({ Condition: { StringEquals: { "AWS:SourceOwner": "1" } } }) },
      },
    },
  });

  const KINDS = ["application", "firehose", "http", "lambda", "sqs"];
  describePolicy("notices-delivery-logged", {
    ...Object.fromEntries(
      KINDS.flatMap((kind) =>
        Object.entries(
          property(topic, `${kind}FailureFeedbackRoleArn`, {
            right: ["arn:aws:iam::1:role/a", UNKNOWN],
          }),
        ),
      ),
    ),
    "advises a role": { given: topic, finds: [" is without a delivery log"] },
    "advises it where only successes are logged": {
      given: { ...topic, props: { lambdaSuccessFeedbackRoleArn: "arn:aws:iam::1:role/a" } },
      finds: [" is without a delivery log"],
    },
    "does not count an empty one": {
      given: { ...topic, props: { sqsFailureFeedbackRoleArn: "" } },
      finds: [" is without a delivery log"],
    },
  });

  describePolicy("notices-over-tls", {
    ...property({ type: "aws:sns/topicSubscription:TopicSubscription" }, "protocol", {
      right: ["https", "email", "sqs", "lambda"],
      wrong: ["http", "HTTP", "", undefined, UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("backups-not-emptied", {
    ...property(vault, "forceDestroy", {
      right: [false, undefined],
      wrong: [true, "true", UNKNOWN, HIDDEN],
      stack: PRODUCTION,
    }),
    ...property(vault, "forceDestroy", { right: [true, false], stack: REHEARSAL }),
    ...property(vault, "forceDestroy", { wrong: [true] }),
  });
});
