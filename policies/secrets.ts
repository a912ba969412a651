import { absentOr, between, is, matches, not, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import type { Stack } from "./stack";
import { mustNotBePublic } from "./statement";
import { isMark, UNKNOWN } from "./value";
import type { View } from "./view";

const SECRET = "aws:secretsmanager/secret:Secret";
const VERSION = "aws:secretsmanager/secretVersion:SecretVersion";
const ROTATION = "aws:secretsmanager/secretRotation:SecretRotation";
const SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy";
const SSM_PARAMETER = "aws:ssm/parameter:Parameter";

/** A rule on secrets. */
const onSecret = (policy: Omit<Policy, "types">): Policy => ({ types: [SECRET], ...policy });

/** How one recognises the secret with Redash's keys: by name or description, as nobody may read the value. */
const APPLICATION_KEYS = /secret[_-]?key|cookie[_-]?secret|fernet/i;

const holdsApplicationKeys = (secret: View): boolean =>
  [secret.name, secret.get("name"), secret.get("description")].some(
    (text) => typeof text === "string" && APPLICATION_KEYS.test(text),
  );

/** Texts that stand where a value was meant to come. */
const PLACEHOLDER =
  /^(?:change[ _-]?me|password|secret|dummy|placeholder|todo|tbd|example|xxx+|\{\s*\}|<.*>)$/i;

/** A URL with a password, a private key, an AWS key, or "password = …". */
const CREDENTIAL =
  /:\/\/[^/\s:]*:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|(?:password|passwd|secret|token)\s*[=:]\s*\S{6,}/i;

/** Names of settings whose values are secret; names of places where a secret lies are not. */
const SECRET_NAME =
  /(?:password|passwd|secret|token|api_?key|private_?key|credential|database_url|redis_url|dsn)(?!.*(?:arn|name|id)$)/i;

const versionsOf = (stack: Stack, secret: View): View[] =>
  stack
    .of(VERSION)
    .filter((it) => stack.target(it, "secretId", SECRET)?.resource.urn === secret.resource.urn);

const rotationsOf = (stack: Stack, secret: View): View[] =>
  stack
    .of(ROTATION)
    .filter((it) => stack.target(it, "secretId", SECRET)?.resource.urn === secret.resource.urn);

/** Secrets Manager. */
export const SECRETS: Subject = {
  title: "Secrets (Secrets Manager)",
  policies: [
    onSecret({
      id: "secrets-customer-key",
      title: "Every secret is encrypted with a key of one's own.",
      controls: ["CKV_AWS_149", "AWS-0098"],
      severity: "high",
      enforcement: "mandatory",
      why: "AWS's key has a policy that nobody can change: access cannot be withheld by the key, nor given to another account.",
      fix: "kmsKeyId: the stack's key.",
      check: (secret) => {
        secret.must("kmsKeyId", {
          ...not(matches(/alias\/aws\//, ""), "a key of one's own"),
          acceptsUnknown: true,
        });
        secret.must("kmsKeyId", set);
      },
    }),
    onSecret({
      id: "secrets-recovery-window",
      title: "A deleted secret can be called back for a week or more, but in a rehearsal.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "0 deletes at once. Without REDASH_SECRET_KEY the credentials of every data source are lost for good.",
      fix: "recoveryWindowInDays: 30; 0 in a rehearsal, which is made and destroyed often.",
      check: (secret) => {
        const days = secret.get("recoveryWindowInDays");
        if (days !== 0) secret.must("recoveryWindowInDays", absentOr(between(7, 30, "days")));
      },
      checkStack: (stack) => {
        for (const secret of stack.mode === "production" ? stack.of(SECRET) : []) {
          if (secret.get("recoveryWindowInDays") === 0)
            secret.wrong("recoveryWindowInDays", "7 to 30 days");
        }
      },
    }),
    onSecret({
      id: "secrets-generated-name",
      title: "A secret's name is generated.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "A deleted secret keeps its name for 7 to 30 days: a stack with a fixed name cannot be made again.",
      fix: "No name: Pulumi appends seven digits; or recoveryWindowInDays: 0.",
      check: (secret) => {
        const name = secret.get("name");
        if (name === undefined || name === null || secret.get("recoveryWindowInDays") === 0) return;
        if (name === UNKNOWN) return;
        // The engine shows the generated name: the logical one with hexadecimal digits.
        if (typeof name !== "string" || !isGenerated(name, secret.name))
          secret.wrong("name", "a generated name");
      },
    }),
    {
      id: "secrets-have-a-value",
      title: "Every secret has a value, and a real one.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: "ECS refuses to start a task whose secret is empty (ResourceInitializationError), and a placeholder starts one that fails later.",
      fix: "A SecretVersion with the value as secretString or secretStringWo.",
      types: [SECRET, VERSION],
      check: (version) => {
        if (version.type !== VERSION) return;
        const values = ["secretString", "secretBinary", "secretStringWo"];
        const given = values.find(
          (it) => ![undefined, null, ""].includes(version.get(it) as string),
        );
        if (given === undefined) version.wrong("secretString", "a value", "not set");
        else {
          const value = version.get(given);
          if (typeof value === "string" && PLACEHOLDER.test(value.trim()))
            version.wrong(given, "a value that nobody guesses", "a placeholder");
        }
      },
      checkStack: (stack) => {
        for (const secret of stack.of(SECRET)) {
          if (versionsOf(stack, secret).length + rotationsOf(stack, secret).length === 0)
            secret.wrong("", "one with a SecretVersion or a rotation", "without a value");
        }
      },
    },
    {
      id: "secrets-not-in-clear",
      title: "No credential stands where everybody can read it.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "Names, descriptions and tags are shown to whoever may list; a parameter of type String is not encrypted.",
      fix: "Put it into a SecretVersion (pulumi.secret), or into a parameter of type SecureString with a keyId.",
      types: [SECRET, SSM_PARAMETER],
      check: (resource) => {
        const tags: unknown = resource.get("tags");
        const tagKeys =
          typeof tags === "object" && tags !== null
            ? Object.keys(tags).map((key) => `tags.${key}`)
            : [];
        for (const property of ["name", "description", ...tagKeys]) {
          const text = resource.get(property);
          if (typeof text === "string" && CREDENTIAL.test(text))
            resource.wrong(property, "nothing secret", "a credential");
        }
        if (resource.type !== SSM_PARAMETER) return;
        resource.must("type", is("SecureString", "String", "StringList"));
        const value = resource.get("value");
        const name = resource.get("name");
        const isSecret =
          SECRET_NAME.test(resource.name) ||
          (typeof name === "string" && SECRET_NAME.test(name)) ||
          (typeof value === "string" && CREDENTIAL.test(value));
        if (resource.get("type") === "SecureString") resource.must("keyId", set);
        else if (isSecret) resource.wrong("type", '"SecureString"');
      },
    },
    {
      id: "secrets-private",
      title: "No policy of a secret lets everybody in.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "A public secret is none.",
      fix: "Principals by their ARN; blockPublicPolicy: true.",
      types: [SECRET, SECRET_POLICY],
      check: (resource) => {
        mustNotBePublic(resource, "policy");
      },
    },
    {
      id: "secrets-no-blind-rotation",
      title: "Redash's own keys never rotate by themselves.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "REDASH_SECRET_KEY encrypts the credentials in data_sources.encrypted_options (Fernet): after a rotation nobody can decrypt them. REDASH_COOKIE_SECRET signs every session. This is why SecretsManager.1 is not asked of them.",
      fix: "Remove the SecretRotation. To change the key, re-encrypt with `manage.py database reencrypt`.",
      types: [ROTATION],
      checkStack: (stack) => {
        for (const rotation of stack.of(ROTATION)) {
          const secret = stack.target(rotation, "secretId", SECRET);
          const id = rotation.get("secretId");
          if (secret !== undefined) {
            if (holdsApplicationKeys(secret))
              rotation.wrong("secretId", "a secret that can rotate", `${secret.name}, which holds Redash's keys`); // prettier-ignore
          } else if (isMark(id) || (typeof id === "string" && APPLICATION_KEYS.test(id))) {
            rotation.wrong("secretId", "a secret of this stack that can rotate");
          }
        }
      },
    },
    onSecret({
      id: "secrets-rotation",
      title: "Secrets that can rotate do.",
      controls: ["SecretsManager.1", "CKV2_AWS_57"],
      severity: "medium",
      enforcement: "advisory",
      why: "A password that leaked unseen works for ever. It stays an advice: ECS reads a secret only when a task starts, so a rotation must also roll the tasks; a new random.RandomPassword (keepers) does both in one update.",
      fix: "aws.secretsmanager.SecretRotation with a function that rolls the tasks, or an exception with the date of the next change by hand.",
      checkStack: (stack) => {
        for (const secret of stack.of(SECRET)) {
          if (!holdsApplicationKeys(secret) && rotationsOf(stack, secret).length === 0)
            secret.wrong("", "one with a rotation", "without rotation");
        }
      },
    }),
    {
      id: "secrets-rotation-interval",
      title: "What rotates does so within 90 days.",
      controls: ["SecretsManager.4", "CKV_AWS_304"],
      severity: "medium",
      enforcement: "advisory",
      why: "AWS accepts 1000 days, which is no rotation.",
      fix: "rotationRules.automaticallyAfterDays: 30, or a scheduleExpression.",
      types: [ROTATION],
      check: (rotation) => {
        const schedule = rotation.get("rotationRules.scheduleExpression");
        if (schedule === undefined || schedule === null || schedule === "")
          rotation.must("rotationRules.automaticallyAfterDays", between(1, 90, "days"));
        else
          rotation.must(
            "rotationRules.scheduleExpression",
            matches(/^(?:cron\(.+\)|rate\((?:[1-9]|[1-8]\d|90) days?\))$/, "cron(…), or rate(n days) with n of 1 to 90"), // prettier-ignore
          );
      },
    },
  ],
};

/** Whether a physical name is the logical one with the digits that Pulumi appends. */
const isGenerated = (name: string, logicalName: string): boolean =>
  name.startsWith(`${logicalName}-`) && /^[0-9a-f]{7,}$/.test(name.slice(logicalName.length + 1));
