import { describe } from "mocha";
import { type Case, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { document, publicDocuments } from "./support/documents";
import { PRODUCTION, property, REHEARSAL } from "./support/property";

const key: Given = { type: "aws:kms/key:Key", props: { enableKeyRotation: true } };
const certificate = (props: Record<string, unknown> = {}): Given => ({
  type: "aws:acm/certificate:Certificate",
  props: { validationMethod: "DNS", ...props },
});

describe("policies of keys and certificates", () => {
  describePolicy("keys-rotate", {
    ...property(key, "enableKeyRotation", {
      right: [true],
      wrong: [false, "true", undefined, UNKNOWN, HIDDEN],
    }),
    ...property(key, "rotationPeriodInDays", {
      right: [undefined, 90, 365],
      wrong: [89, 366, UNKNOWN],
    }),
    "leaves a key pair, which KMS does not rotate": {
      given: { ...key, props: { customerMasterKeySpec: "RSA_2048" } },
    },
    "leaves a key for signatures": {
      given: { ...key, props: { keyUsage: "GENERATE_VERIFY_MAC" } },
    },
    "does not leave a key whose kind is not known": {
      given: { ...key, props: { customerMasterKeySpec: UNKNOWN } },
      finds: ["enableKeyRotation is not set"],
    },
  });

  describePolicy("keys-private", {
    ...publicDocuments("aws:kms/key:Key"),
    ...publicDocuments("aws:kms/keyPolicy:KeyPolicy"),
    "accepts everybody who comes through a service of the account": {
      given: {
        ...key,
        props: { policy: document({ Condition: { StringEquals: { "kms:CallerAccount": "1" } } }) },
      },
    },
  });

  describePolicy("keys-deletion-window", {
    ...property(key, "deletionWindowInDays", {
      right: [undefined, 14, 30],
      wrong: [7, 13],
      stack: PRODUCTION,
    }),
    ...property(key, "deletionWindowInDays", {
      right: [7],
      wrong: [6, 31, UNKNOWN, HIDDEN],
      stack: REHEARSAL,
    }),
    ...property(key, "isEnabled", { right: [true, undefined], wrong: [false, UNKNOWN] }),
    ...property(key, "bypassPolicyLockoutSafetyCheck", { right: [false], wrong: [true] }),
  });

  /** Cases of a rule on who decrypts with what. @param given a resource with a document */
  function decryption(given: (text: unknown) => Given, path: string): Record<string, Case> {
    const every: Pick<Case, "finds"> = { finds: [`${path} is kms:Decrypt on every key`] };
    const it = (statement: Record<string, unknown>) => given(document(statement));
    return {
      "accepts decryption with a key by its ARN": {
        given: it({ Action: "kms:Decrypt", Resource: "arn:aws:kms:eu-west-1:1:key/k" }),
      },
      "accepts other things on everything": { given: it({ Action: ["kms:Encrypt", "s3:*"] }) },
      "accepts a denial": { given: it({ Effect: "Deny", Action: "kms:Decrypt" }) },
      "refuses decryption with every key": { given: it({ Action: "kms:Decrypt" }), ...every },
      "refuses re-encryption as well": { given: it({ Action: ["kms:ReEncryptFrom"] }), ...every },
      "refuses a wildcard of actions, in any case": { given: it({ Action: "KMS:De*" }), ...every },
      "refuses everything": { given: it({}), ...every },
      "refuses everything but something else": {
        given: it({ Action: undefined, NotAction: "iam:*" }),
        ...every,
      },
      "accepts everything but decryption": {
        given: it({ Action: undefined, NotAction: ["kms:*"] }),
      },
      "refuses every key of a region": {
        given: it({ Action: "kms:*", Resource: ["arn:aws:kms:eu-west-1:1:key/*"] }),
        ...every,
      },
      "refuses every key but one": {
        given: it({ Action: "kms:Decrypt", Resource: undefined, NotResource: "arn:a" }),
        ...every,
      },
      "refuses it under a condition, which the control does not read": {
        given: it({
          Action: "kms:Decrypt",
          Condition: { StringEquals: { "kms:ViaService": "a" } },
        }),
        ...every,
      },
      "waits for a document that is made of outputs": {
        given: given(UNKNOWN),
        finds: [`undecided: ${path} is not known before the update`],
      },
      "waits for a document that is a secret": {
        given: given(HIDDEN),
        finds: [`undecided: ${path} is a secret`],
      },
    };
  }
  const inline = (policy: unknown): Given => ({
    type: "aws:iam/role:Role",
    props: { inlinePolicies: [{ policy }] },
  });
  const holder =
    (type: string) =>
    (policy: unknown): Given => ({ type, props: { policy } });
  describePolicy("keys-decrypt-by-name", decryption(holder("aws:iam/policy:Policy"), "policy"));
  describePolicy("keys-decrypt-by-name-inline", {
    ...decryption(holder("aws:iam/rolePolicy:RolePolicy"), "policy"),
    "refuses it in the role itself": {
      given: inline(document()),
      finds: ["inlinePolicies.0.policy is kms:Decrypt on every key"],
    },
    "refuses it for a user and for a group": {
      given: [
        holder("aws:iam/userPolicy:UserPolicy")(document()),
        holder("aws:iam/groupPolicy:GroupPolicy")(document()),
      ],
      finds: ["policy is kms:Decrypt on every key", "policy is kms:Decrypt on every key"],
    },
    "accepts a role without policies": { given: { type: "aws:iam/role:Role" } },
    "refuses a role whose policies are not known": {
      given: { type: "aws:iam/role:Role", props: { inlinePolicies: UNKNOWN } },
      finds: ["inlinePolicies is not known before the update"],
    },
  });

  describePolicy("keys-certificate-renews", {
    ...property(certificate(), "validationMethod", {
      right: ["DNS"],
      wrong: ["EMAIL", "HTTP", undefined, "", UNKNOWN, HIDDEN],
    }),
    "accepts one of a private authority": {
      given: certificate({ validationMethod: undefined, certificateAuthorityArn: UNKNOWN }),
    },
    ...property(certificate(), "privateKey", {
      as: "an imported one",
      wrong: ["-----BEGIN", HIDDEN],
    }),
    ...property(certificate(), "certificateBody", { as: "an imported one", wrong: [UNKNOWN] }),
  });

  describePolicy("keys-certificate-accepted", {
    ...property(certificate(), "keyAlgorithm", {
      right: [undefined, "RSA_2048", "EC_prime256v1"],
      wrong: ["RSA_1024", "", UNKNOWN, HIDDEN],
    }),
    ...property(certificate(), "options.certificateTransparencyLoggingPreference", {
      right: ["ENABLED", undefined],
      wrong: ["DISABLED", UNKNOWN],
    }),
  });
});
