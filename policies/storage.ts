import { absentOr, is, matches, not, notEmpty, set } from "./constraint";
import { bucketOf, BUCKETS, isLogDestination, part, partsOf } from "./bucket";
import type { Policy, Subject } from "./policy";
import type { Stack } from "./stack";
import { isAbout, isPublic, type Statement, statements } from "./statement";
import type { View } from "./view";

const POLICY = part("Policy");
const BLOCK = part("PublicAccessBlock");
const ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock";
const OWNERSHIP = part("OwnershipControls");
const ACL = part("Acl");

const FOUR_BLOCKS = [
  "blockPublicAcls",
  "blockPublicPolicy",
  "ignorePublicAcls",
  "restrictPublicBuckets",
] as const;

const SECRET = "aws:secretsmanager/secret:Secret";

/** What is lost for good, or with everything that it encrypts. */
const DATA = [
  "aws:rds/instance:Instance",
  "aws:elasticache/replicationGroup:ReplicationGroup",
  "aws:kms/key:Key",
  SECRET,
  ...BUCKETS,
];

/** A move's own credentials and journal end with it: protected ones would stop the update that ends it. */
const isOfMove = ({ type, name }: View) =>
  [SECRET, ...BUCKETS].includes(type) && name.includes("-migration-");

/** Actions that S3.6 gives to nobody outside the account. */
const OWNERS_ACTIONS = [
  "s3:DeleteBucketPolicy",
  "s3:PutBucketAcl",
  "s3:PutBucketPolicy",
  "s3:PutEncryptionConfiguration",
  "s3:PutObjectAcl",
];

/** A rule that every bucket has a part of a kind, which a function judges. */
function everyBucketHas(
  stack: Stack,
  name: string,
  what: string,
  judge: (part: View) => void = () => undefined,
): void {
  for (const bucket of stack.of(...BUCKETS)) {
    const parts = partsOf(stack, bucket, name);
    if (parts.length === 0) bucket.wrong("", `one with ${what}`, `without ${what}`);
    parts.forEach(judge);
  }
}

/** Whether everything that comes without TLS is refused. */
const refusesClearText = (statement: Statement): boolean =>
  statement.effect === "Deny" &&
  statement.principals.includes("*") &&
  isAbout(statement, "s3:GetObject") &&
  isAbout(statement, "s3:PutObject") &&
  statement.resources.some((resource) => resource.endsWith("*")) &&
  Object.entries(statement.conditions).some(
    ([operator, keys]) =>
      /^Bool(?:IfExists)?$/.test(operator) &&
      keys["aws:securetransport"]?.every((it) => it === "false") === true &&
      Object.keys(keys).length === 1,
  ) &&
  Object.keys(statement.conditions).length === 1;

/** Whether a principal of an account, or anybody, may change who may do what. */
const givesOwnersActions = (statement: Statement): boolean =>
  statement.effect === "Allow" &&
  OWNERS_ACTIONS.some((action) => isAbout(statement, action)) &&
  statement.principals.some((it) => /^(?:\*|\d{12}|arn:[^:]*:(?:iam|sts)::.*)$/.test(it));

const buckets = (policy: Omit<Policy, "types">): Policy => ({ types: BUCKETS, ...policy });

/** S3 buckets, and what is protected from deletion wherever it lies. */
export const STORAGE: Subject = {
  title: "Storage (S3, and protection of data)",
  policies: [
    {
      id: "storage-protected",
      title: "Pulumi refuses to delete or replace data, but in a rehearsal.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "A changed kmsKeyId, username or dbName replaces the database by an empty one; `protect` is what stops the update before it begins.",
      fix: "protect: true in the resource's options (the stack's mode is production).",
      types: DATA,
      checkStack: (stack) => {
        for (const resource of stack.mode === "production" ? stack.of(...DATA) : []) {
          if (!resource.resource.protect && !isOfMove(resource))
            resource.wrong("", "one with the option protect", "without protection");
        }
      },
    },
    buckets({
      id: "storage-not-emptied",
      title: "A bucket with objects is not deleted, but in a rehearsal.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "forceDestroy deletes every version of every object without a word.",
      fix: "forceDestroy: false.",
      checkStack: (stack) => {
        for (const bucket of stack.mode === "production" ? stack.of(...BUCKETS) : [])
          if (!isOfMove(bucket)) bucket.must("forceDestroy", absentOr(is(false)));
      },
    }),
    {
      id: "storage-public-access-blocked",
      title: "Every bucket blocks public access in all four ways.",
      controls: ["S3.8", "S3.1", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV2_AWS_6", "AWS-0086", "AWS-0087", "AWS-0091", "AWS-0093", "AWS-0094"], // prettier-ignore
      severity: "critical",
      enforcement: "mandatory",
      why: "One careless statement then opens nothing. Access logs hold addresses and query ids.",
      fix: "A BucketPublicAccessBlock with all four true.",
      types: [...BUCKETS, ...BLOCK, ACCOUNT_BLOCK],
      check: (resource) => {
        if ((BUCKETS as readonly string[]).includes(resource.type)) return;
        for (const property of FOUR_BLOCKS) resource.must(property, is(true));
      },
      checkStack: (stack) => {
        everyBucketHas(stack, "PublicAccessBlock", "a public access block");
      },
    },
    {
      id: "storage-not-public",
      title: "No bucket policy and no ACL lets everybody read or write.",
      controls: ["S3.2", "S3.3", "CKV_AWS_20", "CKV_AWS_57", "CKV_AWS_70", "AWS-0092"],
      severity: "critical",
      enforcement: "mandatory",
      why: "Without the block it is public; with the block the update fails.",
      fix: "Principals by their ARN or service, with a condition on the account.",
      types: [...BUCKETS, ...POLICY, ...ACL],
      check: (resource) => {
        if (!POLICY.includes(resource.type))
          resource.must(
            "acl",
            absentOr(not(matches(/public|authenticated-read|^website/, ""), "private")),
          );
        if (!ACL.includes(resource.type) && statements(resource, "policy")?.some(isPublic))
          resource.wrong("policy", "principals by their ARN or service", "open to everybody");
      },
    },
    {
      id: "storage-tls-only",
      title: "Every bucket refuses requests without TLS.",
      controls: ["S3.5"],
      severity: "medium",
      enforcement: "mandatory",
      why: "S3 answers plain HTTP as well.",
      fix: 'A statement: Deny, Principal "*", Action "s3:*", the bucket and its objects, Bool aws:SecureTransport "false".',
      types: BUCKETS,
      checkStack: (stack) => {
        everyBucketHas(stack, "Policy", "a bucket policy", (policy) => {
          const found = statements(policy, "policy");
          const isOpen = policy.get("policy") === undefined || found !== undefined;
          if (isOpen && found?.some(refusesClearText) !== true)
            policy.wrong("policy", "a document that refuses requests without TLS", "without it");
        });
      },
    },
    {
      id: "storage-own-account",
      title: "No bucket policy lets anybody change who may use the bucket.",
      controls: ["S3.6"],
      severity: "high",
      enforcement: "mandatory",
      why: "Whoever may write the policy may give himself everything, and take it from the owner.",
      fix: "s3:GetObject or s3:PutObject on a prefix, and no more; one's own account needs no bucket policy for the rest.",
      types: POLICY,
      check: (policy) => {
        if (statements(policy, "policy")?.some(givesOwnersActions))
          policy.wrong("policy", "nothing of the owner's actions", "others may change it");
      },
    },
    {
      id: "storage-encrypted",
      title: "Every bucket is encrypted, with a key of one's own but where AWS writes logs.",
      controls: ["S3.17", "CKV_AWS_19", "CKV_AWS_145", "AWS-0088", "AWS-0132"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Decided: load balancers write to no bucket with SSE-KMS, so a log bucket has AES256 (elasticloadbalancing user guide, access logs); any other has a key.",
      fix: 'sseAlgorithm: "aws:kms" with kmsMasterKeyId; "AES256" for load balancer logs.',
      types: BUCKETS,
      checkStack: (stack) => {
        everyBucketHas(stack, "ServerSideEncryptionConfiguration", "encryption", (encryption) => {
          const bucket = bucketOf(stack, encryption);
          encryption.must("rules", notEmpty);
          const mayBePlain = bucket !== undefined && isLogDestination(stack, bucket);
          for (const rule of encryption.each("rules")) {
            const by = "applyServerSideEncryptionByDefault";
            if (mayBePlain) rule.must(`${by}.sseAlgorithm`, is("AES256", "aws:kms"));
            else {
              rule.must(`${by}.sseAlgorithm`, is("aws:kms", "aws:kms:dsse"));
              rule.must(`${by}.kmsMasterKeyId`, set);
            }
          }
        });
      },
    },
    buckets({
      id: "storage-versioned",
      title: "Every bucket keeps versions.",
      controls: ["S3.14", "CKV_AWS_21", "AWS-0090"],
      severity: "low",
      enforcement: "mandatory",
      why: "An overwritten or deleted object is gone otherwise.",
      fix: 'A BucketVersioning with status "Enabled".',
      checkStack: (stack) => {
        everyBucketHas(stack, "Versioning", "versioning", (versioning) => {
          versioning.must("versioningConfiguration.status", is("Enabled"));
        });
      },
    }),
    {
      id: "storage-lifecycle",
      title: "Objects, old versions and broken uploads go after a time.",
      controls: ["S3.10", "S3.13", "CKV2_AWS_61", "CKV_AWS_300"],
      severity: "low",
      enforcement: "mandatory",
      why: "Logs with addresses of people would be kept, and paid for, for ever; versions and broken uploads show in no listing.",
      fix: "A BucketLifecycleConfiguration with expiration, noncurrentVersionExpiration and abortIncompleteMultipartUpload.",
      types: BUCKETS,
      checkStack: (stack) => {
        everyBucketHas(stack, "LifecycleConfiguration", "a lifecycle", (lifecycle) => {
          const rules = lifecycle.each("rules").filter((rule) => rule.get("status") === "Enabled");
          for (const part of [
            "expiration",
            "noncurrentVersionExpiration",
            "abortIncompleteMultipartUpload",
          ]) {
            if (!rules.some((rule) => set.test(rule.get(part))))
              lifecycle.wrong("rules", `an enabled one with ${part}`, `without ${part}`);
          }
        });
      },
    },
    {
      id: "storage-no-acl",
      title: "Access is given by policies alone, never by ACLs.",
      controls: ["S3.12", "CKV2_AWS_65"],
      severity: "medium",
      enforcement: "mandatory",
      why: "An ACL gives access that no policy shows, and objects belong to whoever wrote them.",
      fix: 'BucketOwnershipControls with objectOwnership "BucketOwnerEnforced", and no BucketAcl.',
      types: [...OWNERSHIP, ...ACL],
      check: (resource) => {
        if (OWNERSHIP.includes(resource.type))
          resource.must("rule.objectOwnership", is("BucketOwnerEnforced"));
        else resource.wrong("", "no ACL", "an ACL");
      },
    },
    buckets({
      id: "storage-access-logged",
      title: "Every bucket logs who reads it, but those that hold logs.",
      controls: ["S3.9", "CKV_AWS_18", "AWS-0089"],
      severity: "medium",
      enforcement: "advisory",
      why: "AWS exempts the bucket that takes the logs: its own log would grow without end. A bucket that load balancers write to is one as well.",
      fix: "A BucketLogging with a target bucket.",
      checkStack: (stack) => {
        for (const bucket of stack.of(...BUCKETS)) {
          if (!isLogDestination(stack, bucket) && partsOf(stack, bucket, "Logging").length === 0)
            bucket.wrong("", "one with access logs", "without access logs");
        }
      },
    }),
    buckets({
      id: "storage-events",
      title: "Every bucket tells of its changes, but those that hold logs.",
      controls: ["S3.11", "CKV2_AWS_62"],
      severity: "low",
      enforcement: "advisory",
      why: "Nobody acts on the arrival of a log file; of anything else somebody may.",
      fix: "A BucketNotification with eventbridge: true.",
      checkStack: (stack) => {
        for (const bucket of stack.of(...BUCKETS)) {
          if (
            !isLogDestination(stack, bucket) &&
            partsOf(stack, bucket, "Notification").length === 0
          )
            bucket.wrong("", "one with notifications", "without notifications");
        }
      },
    }),
  ],
};
