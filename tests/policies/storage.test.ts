import { describe } from "mocha";
import { type Case, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { document, publicDocuments } from "./support/documents";
import { PRODUCTION, property, REHEARSAL } from "./support/property";

const BUCKET = "aws:s3/bucket:Bucket";
const bucket = (props: Record<string, unknown> = {}): Given => ({
  type: BUCKET,
  name: "logs",
  props,
});
/** A part of the bucket, as in a first preview: the bucket is known by the reference alone. */
const part = (kind: string, props: Record<string, unknown> = {}, refersTo = "logs"): Given => ({
  type: `aws:s3/bucket${kind}:Bucket${kind}`,
  name: kind,
  props: { bucket: UNKNOWN, ...props },
  refersTo: { bucket: refersTo },
});
/** A load balancer that writes to the bucket. */
const writer: Given = {
  type: "aws:lb/loadBalancer:LoadBalancer",
  name: "balancer",
  props: { accessLogs: { bucket: UNKNOWN } },
  refersTo: { accessLogs: "Policy" },
};

/** Cases of a rule that every bucket has a part: how the part is found, and that one is missed. */
function everyBucketHas(kind: string, sound: Record<string, unknown>, what: string) {
  const missing: Pick<Case, "finds"> = { finds: [` is without ${what}`] };
  const v2 = { ...part(kind, sound), type: `aws:s3/bucket${kind}V2:Bucket${kind}V2` };
  return {
    "accepts a bucket with it": { given: [bucket(), part(kind, sound)] },
    "accepts it by the types of provider 6": {
      given: [{ ...bucket(), type: "aws:s3/bucketV2:BucketV2" }, v2],
    },
    "follows the reference through another part": {
      given: [bucket(), part("Other"), part(kind, sound, "Other")],
    },
    "finds it by the bucket's name": {
      given: [bucket({ bucket: "a" }), { ...part(kind, { ...sound, bucket: "a" }), refersTo: {} }],
    },
    "refuses a bucket without": { given: bucket(), ...missing },
    "refuses a bucket when only another has it": {
      given: [bucket(), { ...bucket(), name: "other" }, part(kind, sound, "other")],
      ...missing,
    },
    "does not count a part whose bucket is not known": {
      given: [bucket(), { ...part(kind, sound), refersTo: {} }],
      ...missing,
    },
    "does not go round in circles": {
      given: [bucket(), part(kind, sound, "Other"), part("Other", {}, kind)],
      ...missing,
    },
  };
}

describe("policies of storage", () => {
  const DATA = [
    BUCKET,
    "aws:rds/instance:Instance",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:kms/key:Key",
    "aws:secretsmanager/secret:Secret",
  ];
  describePolicy("storage-protected", {
    ...Object.fromEntries(
      DATA.flatMap((type): [string, Case][] => [
        [`accepts a protected ${type}`, { given: { type, protect: true }, stack: PRODUCTION }],
        [`refuses a bare ${type}`, { given: { type }, finds: [" is without protection"] }],
        [`lets ${type} go with a rehearsal`, { given: { type }, stack: REHEARSAL }],
      ]),
    ),
    "lets the credentials of a move end with it": {
      given: { type: "aws:secretsmanager/secret:Secret", name: "redash-migration-source" },
      stack: PRODUCTION,
    },
    "lets the journal of a move end with it": {
      given: { type: BUCKET, name: "redash-migration-journal" },
      stack: PRODUCTION,
    },
    "lets nothing else of a move go bare": {
      given: { type: "aws:kms/key:Key", name: "redash-migration-key" },
      stack: PRODUCTION,
      finds: [" is without protection"],
    },
    "takes what it does not know for production": {
      given: bucket(),
      stack: { mode: UNKNOWN },
      finds: [" is without protection"],
    },
  });

  describePolicy("storage-not-emptied", {
    ...property(bucket(), "forceDestroy", {
      right: [false, undefined],
      wrong: [true, "false", UNKNOWN, HIDDEN],
      stack: PRODUCTION,
    }),
    ...property(bucket(), "forceDestroy", { right: [true, false], stack: REHEARSAL }),
    ...property(bucket(), "forceDestroy", { wrong: [true] }),
    "lets the journal of a move go with what is in it": {
      given: { ...bucket({ forceDestroy: true }), name: "redash-migration-journal" },
      stack: PRODUCTION,
    },
  });

  const FOUR = [
    "blockPublicAcls",
    "blockPublicPolicy",
    "ignorePublicAcls",
    "restrictPublicBuckets",
  ];
  const blocked = Object.fromEntries(FOUR.map((name) => [name, true]));
  const block = part("PublicAccessBlock", blocked);
  describePolicy("storage-public-access-blocked", {
    ...everyBucketHas("PublicAccessBlock", blocked, "a public access block"),
    ...Object.fromEntries(
      FOUR.flatMap((name) =>
        Object.entries(property(block, name, { right: [true], wrong: [false, undefined] })),
      ),
    ),
    ...property(block, "blockPublicAcls", { wrong: [UNKNOWN, HIDDEN, "true"] }),
    "refuses a block of the account with a hole": {
      given: {
        type: "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        props: { ...blocked, blockPublicPolicy: false },
      },
      finds: ["blockPublicPolicy is false"],
    },
  });

  describePolicy("storage-not-public", {
    ...publicDocuments("aws:s3/bucketPolicy:BucketPolicy"),
    ...property(part("Acl"), "acl", {
      right: ["private", "log-delivery-write", undefined],
      wrong: ["public-read", "public-read-write", "authenticated-read", UNKNOWN, HIDDEN],
    }),
    ...property(bucket(), "acl", { wrong: ["public-read"] }),
    "refuses a policy in the bucket itself": {
      given: bucket({ policy: document() }),
      finds: ["policy is open to everybody"],
    },
  });

  const deny = (statement: Record<string, unknown> = {}) =>
    document({
      Effect: "Deny",
      Action: "s3:*",
      Resource: ["arn:aws:s3:::a", "arn:aws:s3:::a/*"],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
      ...statement,
    });
  const weak = (statement: Record<string, unknown>): Case => ({
    given: [bucket(), part("Policy", { policy: deny(statement) })],
    finds: ["policy is without it"],
  });
  describePolicy("storage-tls-only", {
    ...everyBucketHas("Policy", { policy: deny() }, "a bucket policy"),
    "refuses a policy that allows instead": weak({ Effect: "Allow" }),
    "refuses a policy for some only": weak({ Principal: { AWS: "arn:aws:iam::1:root" } }),
    "refuses a policy for reading only": weak({ Action: "s3:GetObject" }),
    "refuses a policy for the bucket without its objects": weak({ Resource: "arn:aws:s3:::a" }),
    "refuses a policy of the contrary": weak({
      Condition: { Bool: { "aws:SecureTransport": "true" } },
    }),
    "refuses a policy with a second condition": weak({
      Condition: {
        Bool: { "aws:SecureTransport": "false" },
        StringEquals: { "aws:SourceVpc": "v" },
      },
    }),
    "refuses a policy without a document": {
      given: [bucket(), part("Policy")],
      finds: ["policy is without it"],
    },
    "waits for a document that is made of outputs": {
      given: [bucket(), part("Policy", { policy: UNKNOWN })],
      finds: ["undecided: policy is not known before the update"],
    },
  });

  const policy = (statement: Record<string, unknown>) =>
    part("Policy", { policy: document(statement) });
  const foreign = { Principal: { AWS: "arn:aws:iam::123456789012:root" } };
  const changed: Pick<Case, "finds"> = { finds: ["policy is others may change it"] };
  describePolicy("storage-own-account", {
    "accepts an account that reads": { given: policy({ ...foreign, Action: ["s3:GetObject"] }) },
    "accepts a service that writes": {
      given: policy({ Principal: { Service: "a.amazonaws.com" } }),
    },
    "accepts a denial": { given: policy({ Effect: "Deny", Action: "s3:PutBucketPolicy" }) },
    "accepts no document": { given: part("Policy") },
    "refuses an account that writes the policy": { given: policy({ ...foreign, Action: "s3:PutBucketPolicy" }), ...changed }, // prettier-ignore
    "refuses an account by its number": { given: policy({ Principal: { AWS: ["123456789012"] }, Action: "s3:DeleteBucketPolicy" }), ...changed }, // prettier-ignore
    "refuses everything in one word": { given: policy({ ...foreign, Action: "s3:*" }), ...changed },
    "refuses a wildcard": { given: policy({ ...foreign, Action: ["s3:Put*Acl"] }), ...changed },
    "refuses everything but reading": {
      given: policy({ ...foreign, Action: undefined, NotAction: "s3:GetObject" }),
      ...changed,
    },
    "refuses everybody": { given: policy({ Action: "s3:PutEncryptionConfiguration" }), ...changed },
    "waits for a document that is made of outputs": {
      given: part("Policy", { policy: UNKNOWN }),
      finds: ["undecided: policy is not known before the update"],
    },
    "waits for a document that is a secret": {
      given: part("Policy", { policy: HIDDEN }),
      finds: ["undecided: policy is a secret"],
    },
  });

  const SSE = "rules.0.applyServerSideEncryptionByDefault";
  const rules = (sseAlgorithm: string) => ({
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm, kmsMasterKeyId: UNKNOWN } }],
  });
  const encryption = part("ServerSideEncryptionConfiguration", rules("aws:kms"));
  const logged = [bucket(), part("Policy"), writer];
  describePolicy("storage-encrypted", {
    ...everyBucketHas("ServerSideEncryptionConfiguration", rules("aws:kms"), "encryption"),
    ...property(encryption, `${SSE}.sseAlgorithm`, {
      right: ["aws:kms", "aws:kms:dsse"],
      wrong: ["AES256", "none", undefined, UNKNOWN, HIDDEN],
      beside: [bucket()],
    }),
    ...property(encryption, `${SSE}.kmsMasterKeyId`, {
      wrong: [undefined, ""],
      beside: [bucket()],
    }),
    ...property({ ...encryption, name: "of logs" }, `${SSE}.sseAlgorithm`, {
      right: ["AES256", "aws:kms"],
      wrong: ["none", undefined],
      beside: logged,
    }),
    ...property(encryption, "rules", { wrong: [[], undefined], beside: [bucket()] }),
  });

  const versioning = part("Versioning", { versioningConfiguration: { status: "Enabled" } });
  describePolicy("storage-versioned", {
    ...everyBucketHas("Versioning", versioning.props ?? {}, "versioning"),
    ...property(versioning, "versioningConfiguration.status", {
      right: ["Enabled"],
      wrong: ["Suspended", "Disabled", undefined, UNKNOWN, HIDDEN],
      beside: [bucket()],
    }),
  });

  const rule = {
    status: "Enabled",
    expiration: { days: 365 },
    noncurrentVersionExpiration: { noncurrentDays: 1 },
    abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
  };
  const lifecycle = part("LifecycleConfiguration", { rules: [rule] });
  const without = (name: string) => ({ wrong: [undefined], at: "rules", as: `without ${name}`, beside: [bucket()] }); // prettier-ignore
  describePolicy("storage-lifecycle", {
    ...everyBucketHas("LifecycleConfiguration", { rules: [rule] }, "a lifecycle"),
    ...property(lifecycle, "rules.0.expiration", without("expiration")),
    ...property(lifecycle, "rules.0.noncurrentVersionExpiration", without("noncurrentVersionExpiration")), // prettier-ignore
    ...property(lifecycle, "rules.0.abortIncompleteMultipartUpload", without("abortIncompleteMultipartUpload")), // prettier-ignore
    "does not count a rule that is off": {
      given: [
        bucket(),
        part("LifecycleConfiguration", { rules: [{ ...rule, status: "Disabled" }] }),
      ],
      finds: ["expiration", "noncurrentVersionExpiration", "abortIncompleteMultipartUpload"].map((name) => `rules is without ${name}`), // prettier-ignore
    },
    "accepts rules that share the work": {
      given: [
        bucket(),
        part("LifecycleConfiguration", {
          rules: [rule, { status: "Enabled" }, { ...rule, expiration: undefined }],
        }),
      ],
    },
  });

  const ownership = part("OwnershipControls", {});
  describePolicy("storage-no-acl", {
    ...property(ownership, "rule.objectOwnership", {
      right: ["BucketOwnerEnforced"],
      wrong: ["BucketOwnerPreferred", "ObjectWriter", undefined, "", UNKNOWN, HIDDEN],
    }),
    "refuses an ACL, private as it may be": {
      given: part("Acl", { acl: "private" }),
      finds: [" is an ACL"],
    },
    "refuses an ACL by the type of provider 6": {
      given: { type: "aws:s3/bucketAclV2:BucketAclV2" },
      finds: [" is an ACL"],
    },
  });

  const flowLog: Given = {
    type: "aws:ec2/flowLog:FlowLog",
    props: { logDestination: UNKNOWN },
    refersTo: { logDestination: "logs" },
  };
  describePolicy("storage-access-logged", {
    ...everyBucketHas("Logging", {}, "access logs"),
    "asks none of a bucket that a load balancer writes to": { given: logged },
    "asks none of a bucket that flow logs go to": { given: [bucket(), flowLog] },
    "knows a log bucket by its name": {
      given: [
        bucket({ bucket: "a" }),
        { ...writer, refersTo: {}, props: { accessLogs: { bucket: "a" } } },
      ],
    },
  });
  describePolicy("storage-events", {
    ...everyBucketHas("Notification", {}, "notifications"),
    "asks none of a bucket that a load balancer writes to": { given: logged },
    "asks none of a bucket that flow logs go to": { given: [bucket(), flowLog] },
  });
});
