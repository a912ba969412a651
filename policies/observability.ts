import { absentOr, atLeast, is, matches, not, satisfies, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import { mustNotBePublic, statements } from "./statement";

const LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup";
const TOPIC = "aws:sns/topic:Topic";
const TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy";
const SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription";
const KEY = "aws:kms/key:Key";
const KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy";
const VAULT = "aws:backup/vault:Vault";

/** Days that CloudWatch Logs accepts; 0 is for ever. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
];

/** The property that says where SNS reports deliveries, for each kind of subscriber. */
const FEEDBACK = ["application", "firehose", "http", "lambda", "sqs"].map(
  (kind) => `${kind}FailureFeedbackRoleArn`,
);

/** A rule on log groups. */
const onLogs = (policy: Omit<Policy, "types">): Policy => ({ types: [LOG_GROUP], ...policy });

/** A key that is AWS's own cannot be used by the services that publish here. */
const ownKey = {
  ...not(matches(/alias\/aws\//, ""), "a key of one's own"),
  acceptsUnknown: true,
};

/** CloudWatch Logs, SNS and AWS Backup. */
export const OBSERVABILITY: Subject = {
  title: "Logs, notices and backups (CloudWatch Logs, SNS, AWS Backup)",
  policies: [
    onLogs({
      id: "logs-retention",
      title: "Every log group forgets after a time that CloudWatch accepts.",
      controls: ["CKV_AWS_66"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Nothing set means for ever: query texts and addresses of people, and a bill that only grows. Other numbers fail at update.",
      fix: "retentionInDays: 90.",
      check: (group) => {
        group.must("retentionInDays", is(...RETENTION_DAYS));
      },
    }),
    onLogs({
      id: "logs-retention-production",
      title: "Production's logs are kept for 90 days or more.",
      controls: ["CloudWatch.16", "CKV_AWS_338"],
      severity: "low",
      enforcement: "advisory",
      why: "An intrusion is found after weeks. Decided: 90 days, as the twins of this rule ask for a year, which holds personal data for longer than anybody looks at it; who must keep a year sets 365.",
      fix: "retentionInDays: 90, or 365.",
      checkStack: (stack) => {
        for (const group of stack.mode === "production" ? stack.of(LOG_GROUP) : []) {
          // For ever is the other policy's.
          if (group.get("retentionInDays") !== 0)
            group.must("retentionInDays", absentOr(atLeast(90, "days")));
        }
      },
    }),
    onLogs({
      id: "logs-encrypted",
      title: "Every log group is encrypted with a key of one's own.",
      controls: ["CKV_AWS_158", "AWS-0017"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Logs hold query texts and errors with parameters.",
      fix: "kmsKeyId: the stack's key, as an ARN.",
      check: (group) => {
        group.must("kmsKeyId", set);
        group.must("kmsKeyId", {
          ...absentOr(
            matches(/^(?:arn:[^:]*:kms:.*:key\/.+)?$/, "the ARN of a key (no alias, no id)"),
          ),
          acceptsUnknown: true,
        });
      },
    }),
    {
      id: "logs-key-admits-logs",
      title: "The key of a log group admits CloudWatch Logs.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: 'CloudWatch Logs is given a key by the key\'s own policy only; without, the update fails with "The specified KMS key does not exist or is not allowed to be used".',
      fix: "A statement with Principal.Service logs.<region>.amazonaws.com and the actions of the CloudWatch Logs user guide (encrypt-log-data-kms).",
      types: [LOG_GROUP, KEY],
      checkStack: (stack) => {
        const groups = stack.of(LOG_GROUP);
        for (const key of stack.of(KEY)) {
          const isUsed = groups.some(
            (group) => stack.target(group, "kmsKeyId", KEY)?.resource.urn === key.resource.urn,
          );
          if (!isUsed) continue;
          const separate = stack
            .of(KEY_POLICY)
            .find((it) => stack.target(it, "keyId", KEY)?.resource.urn === key.resource.urn);
          const holder = separate ?? key;
          const found = statements(holder, "policy");
          const admits = found?.some(
            ({ effect, principals }) =>
              effect === "Allow" &&
              principals.some((it) => /^logs\.(?:[a-z0-9-]+\.)?amazonaws\.com$/.test(it)),
          );
          const isKnown = found !== undefined || holder.get("policy") === undefined;
          if (isKnown && admits !== true)
            holder.wrong("policy", "a statement for logs.<region>.amazonaws.com", "without CloudWatch Logs"); // prettier-ignore
        }
      },
    },
    {
      id: "notices-encrypted",
      title: "Every topic is encrypted with a key of one's own.",
      controls: ["SNS.1", "CKV_AWS_26", "AWS-0095", "AWS-0136"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Alarms and RDS events name hosts and identifiers. With alias/aws/sns CloudWatch cannot publish at all: alarms change state and nobody hears of it.",
      fix: "kmsMasterKeyId: the stack's key, whose policy admits cloudwatch.amazonaws.com.",
      types: [TOPIC],
      check: (topic) => {
        topic.must("kmsMasterKeyId", set);
        topic.must("kmsMasterKeyId", ownKey);
      },
    },
    {
      id: "notices-private",
      title: "No topic lets everybody publish or subscribe.",
      controls: ["SNS.4", "CKV_AWS_169"],
      severity: "critical",
      enforcement: "mandatory",
      why: "Whoever subscribes reads the alarms; whoever publishes raises them.",
      fix: "Principal.Service with a condition on aws:SourceAccount.",
      types: [TOPIC, TOPIC_POLICY],
      check: (topic) => {
        mustNotBePublic(topic, "policy");
      },
    },
    {
      id: "notices-delivery-logged",
      title: "A failed delivery of a notice leaves a trace.",
      controls: ["SNS.2"],
      severity: "low",
      enforcement: "advisory",
      why: "A hook that answers 500 at night is found the next time somebody wonders why nobody was called. E-mail has no such log.",
      fix: "lambdaFailureFeedbackRoleArn, or the one of the subscribers' kind.",
      types: [TOPIC],
      check: (topic) => {
        if (!FEEDBACK.some((property) => satisfies(topic.get(property), set)))
          topic.wrong("", "one with a role for failed deliveries", "without a delivery log");
      },
    },
    {
      id: "notices-over-tls",
      title: "Notices leave AWS over TLS only.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "Alarms would cross the internet in clear, and their confirmation link with them.",
      fix: 'protocol: "https", or "email", "sqs", "lambda".',
      types: [SUBSCRIPTION],
      check: (subscription) => {
        subscription.must(
          "protocol",
          is("https", "email", "email-json", "sqs", "lambda", "firehose", "sms", "application"),
        );
      },
    },
    {
      id: "backups-encrypted",
      title: "A backup vault is encrypted with a key of one's own.",
      controls: ["Backup.1", "CKV_AWS_166"],
      severity: "medium",
      enforcement: "mandatory",
      why: "What lies in it is the database.",
      fix: "kmsKeyArn: the stack's key.",
      types: [VAULT],
      check: (vault) => {
        vault.must("kmsKeyArn", set);
        vault.must("kmsKeyArn", ownKey);
      },
    },
    {
      id: "backups-not-emptied",
      title: "A backup vault is not emptied with the stack, but in a rehearsal.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "forceDestroy deletes every recovery point.",
      fix: "forceDestroy: false.",
      types: [VAULT],
      checkStack: (stack) => {
        for (const vault of stack.mode === "production" ? stack.of(VAULT) : [])
          vault.must("forceDestroy", absentOr(is(false)));
      },
    },
  ],
};
