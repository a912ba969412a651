import { absentOr, atLeast, between, is } from "./constraint";
import type { Subject } from "./policy";
import { isAbout, mustNotBePublic, type Statement, statements } from "./statement";
import type { View } from "./view";

const KEY = "aws:kms/key:Key";
const CERTIFICATE = "aws:acm/certificate:Certificate";

/** Actions with which whoever has a key's ciphertext gets the text. */
const DECRYPTING = ["kms:Decrypt", "kms:ReEncryptFrom"];

/** Resources that mean every key, of one region or account as well. */
const EVERY_KEY = /^(?:\*|arn:[^:]*:kms:[^:]*:[^:]*:(?:\*|key\/\*|alias\/\*))$/;

const decryptsEverything = (statement: Statement): boolean =>
  statement.effect === "Allow" &&
  DECRYPTING.some((action) => isAbout(statement, action)) &&
  statement.resources.some((resource) => EVERY_KEY.test(resource));

/** Finds fault with a document that decrypts with any key. Conditions do not help: the control does not read them. */
function mustNameKeys(view: View, property: string): void {
  if (statements(view, property)?.some(decryptsEverything))
    view.wrong(property, "kms:Decrypt on keys by their ARN", "kms:Decrypt on every key");
}

/** KMS keys and the certificates of ACM. */
export const KEYS: Subject = {
  title: "Keys and certificates (KMS, ACM)",
  policies: [
    {
      id: "keys-rotate",
      title: "Keys rotate every year.",
      controls: ["KMS.4", "CKV_AWS_7", "AWS-0065"],
      severity: "medium",
      enforcement: "mandatory",
      why: "KMS keeps the old material, so nothing has to be encrypted again: unlike Redash's own keys this rotation breaks nothing.",
      fix: "enableKeyRotation: true.",
      types: [KEY],
      check: (key) => {
        // KMS rotates symmetric keys for encryption only.
        const spec = key.get("customerMasterKeySpec") ?? "SYMMETRIC_DEFAULT";
        const usage = key.get("keyUsage") ?? "ENCRYPT_DECRYPT";
        if (typeof spec === "string" && spec !== "SYMMETRIC_DEFAULT") return;
        if (typeof usage === "string" && usage !== "ENCRYPT_DECRYPT") return;
        key.must("enableKeyRotation", is(true));
        key.must("rotationPeriodInDays", absentOr(between(90, 365, "days")));
      },
    },
    {
      id: "keys-private",
      title: "No key's policy lets everybody in.",
      controls: ["KMS.5", "CKV_AWS_33"],
      severity: "critical",
      enforcement: "mandatory",
      why: "Whoever may use the key reads every snapshot, log and secret that he gets hold of.",
      fix: "Principals by their ARN or service, with a condition on the account.",
      types: [KEY, "aws:kms/keyPolicy:KeyPolicy"],
      check: (key) => {
        mustNotBePublic(key, "policy");
      },
    },
    {
      id: "keys-deletion-window",
      title:
        "A key is in use, and its deletion can be called back for two weeks, but in a rehearsal.",
      controls: ["KMS.3", "CKV_AWS_227"],
      severity: "critical",
      enforcement: "mandatory",
      why: "With the key go the database, its snapshots, the secrets and the logs.",
      fix: "deletionWindowInDays: 30, and no isEnabled: false.",
      types: [KEY],
      check: (key) => {
        key.must("deletionWindowInDays", absentOr(between(7, 30, "days")));
        key.must("isEnabled", absentOr(is(true)));
        key.must("bypassPolicyLockoutSafetyCheck", absentOr(is(false)));
      },
      checkStack: (stack) => {
        for (const key of stack.mode === "production" ? stack.of(KEY) : [])
          key.must("deletionWindowInDays", absentOr(atLeast(14, "days")));
      },
    },
    {
      id: "keys-decrypt-by-name",
      title: "Managed policies decrypt with keys by their name only.",
      controls: ["KMS.1"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Decrypt on every key is decrypt on the keys of all other systems of the account.",
      fix: "Resource: the key's ARN.",
      types: ["aws:iam/policy:Policy"],
      check: (policy) => {
        mustNameKeys(policy, "policy");
      },
    },
    {
      id: "keys-decrypt-by-name-inline",
      title: "Inline policies of roles, users and groups decrypt with keys by their name only.",
      controls: ["KMS.2"],
      severity: "medium",
      enforcement: "mandatory",
      why: "Decrypt on every key is decrypt on the keys of all other systems of the account.",
      fix: "Resource: the key's ARN.",
      types: [
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/userPolicy:UserPolicy",
        "aws:iam/groupPolicy:GroupPolicy",
        "aws:iam/role:Role",
      ],
      check: (holder) => {
        if (holder.type !== "aws:iam/role:Role") mustNameKeys(holder, "policy");
        else for (const inline of holder.each("inlinePolicies")) mustNameKeys(inline, "policy");
      },
    },
    {
      id: "keys-certificate-renews",
      title: "Certificates are renewed by ACM itself.",
      controls: ["ACM.1"],
      severity: "medium",
      enforcement: "advisory",
      why: "An imported certificate, and one proved by e-mail, expires unless somebody thinks of it.",
      fix: 'validationMethod: "DNS", with the record left in the zone.',
      types: [CERTIFICATE],
      check: (certificate) => {
        const imported = ["privateKey", "certificateBody"].find(
          (it) => ![undefined, null, ""].includes(certificate.get(it) as string),
        );
        if (imported !== undefined)
          certificate.wrong(imported, "nothing: a certificate that ACM issues", "an imported one");
        else if (certificate.get("certificateAuthorityArn") === undefined)
          certificate.must("validationMethod", is("DNS"));
      },
    },
    {
      id: "keys-certificate-accepted",
      title: "Browsers accept the certificate: its key is long enough and its issue is on record.",
      controls: ["ACM.2", "CKV_AWS_234"],
      severity: "high",
      enforcement: "mandatory",
      why: "RSA keys below 2048 bits are broken; Chrome and Safari refuse a certificate that is in no transparency log.",
      fix: 'keyAlgorithm: "RSA_2048" or "EC_prime256v1", and no options.certificateTransparencyLoggingPreference.',
      types: [CERTIFICATE],
      check: (certificate) => {
        certificate.must(
          "keyAlgorithm",
          absentOr(
            is("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"),
          ),
        );
        certificate.must(
          "options.certificateTransparencyLoggingPreference",
          absentOr(is("ENABLED")),
        );
      },
    },
  ],
};
