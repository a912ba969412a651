import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { describePolicy, findings, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { publicDocuments } from "./support/documents";
import { PRODUCTION, property, REHEARSAL } from "./support/property";

const secret = (props: Record<string, unknown> = {}, name = "redash-database-url"): Given => ({
  type: "aws:secretsmanager/secret:Secret",
  name,
  props,
});
const version = (props: Record<string, unknown>, secretId = "redash-database-url"): Given => ({
  type: "aws:secretsmanager/secretVersion:SecretVersion",
  name: "version",
  props: { secretId: UNKNOWN, ...props },
  refersTo: { secretId },
});
const rotation = (props: Record<string, unknown>, secretId?: string): Given => ({
  type: "aws:secretsmanager/secretRotation:SecretRotation",
  name: "rotation",
  props: { secretId: UNKNOWN, ...props },
  ...(secretId && { refersTo: { secretId } }),
});

describe("policies of secrets", () => {
  describePolicy("secrets-customer-key", {
    ...property(secret(), "kmsKeyId", {
      right: ["arn:aws:kms:eu-west-1:1:key/k", "alias/redash", UNKNOWN],
      wrong: ["alias/aws/secretsmanager", undefined, ""],
    }),
    ...property(secret(), "kmsKeyId", {
      wrong: ["arn:aws:kms:eu-west-1:123456789012:alias/aws/secretsmanager"],
    }),
    "accepts a key whose ARN is a secret": { given: secret({ kmsKeyId: HIDDEN }) },
  });

  describePolicy("secrets-recovery-window", {
    ...property(secret(), "recoveryWindowInDays", {
      right: [7, 30, undefined],
      wrong: [0],
      stack: PRODUCTION,
    }),
    ...property(secret(), "recoveryWindowInDays", {
      right: [0, 7],
      wrong: [6, 31, "30", UNKNOWN, HIDDEN],
      stack: REHEARSAL,
    }),
    "judges a stack that does not say what it is for as production": {
      given: secret({ recoveryWindowInDays: 0 }),
      finds: ["recoveryWindowInDays is 0"],
    },
  });

  describePolicy("secrets-generated-name", {
    ...property(secret({}, "app"), "name", {
      right: [undefined, null, "app-1a2b3c4", UNKNOWN],
      wrong: ["app", "app-prod", "redash/app", "other-1a2b3c4", HIDDEN],
    }),
    "accepts a fixed name of a secret that goes at once": {
      given: secret({ name: "app", recoveryWindowInDays: 0 }),
    },
  });

  const filled = { type: version({}).type, name: "version" };
  describePolicy("secrets-have-a-value", {
    ...property(filled, "secretString", {
      right: ["postgresql://redash", HIDDEN, UNKNOWN],
      wrong: [undefined],
    }),
    ...property(filled, "secretStringWo", { right: [HIDDEN] }),
    ...property(filled, "secretBinary", { right: [HIDDEN] }),
    ...property(filled, "secretString", {
      wrong: ["changeme", "CHANGE-ME", "password", "{}", " todo ", "<value>", "xxxx"],
      as: "a placeholder",
    }),
    ...property(filled, "secretString", { wrong: [""], as: "not set" }),
    "accepts a secret with a version": { given: [secret(), version({ secretString: HIDDEN })] },
    "accepts a secret that a rotation fills": {
      given: [secret(), rotation({}, "redash-database-url")],
    },
    "refuses a secret with nothing": { given: secret(), finds: [" is without a value"] },
    "refuses a secret whose version is another's": {
      given: [secret(), secret({}, "other"), version({ secretString: HIDDEN }, "other")],
      finds: [" is without a value"],
    },
  });

  const parameter = (props: Record<string, unknown>, name = "parameter"): Given => ({
    type: "aws:ssm/parameter:Parameter",
    name,
    props: { type: "String", ...props },
  });
  const CREDENTIAL = { as: "a credential" };
  describePolicy("secrets-not-in-clear", {
    ...property(secret(), "description", {
      right: [
        "Redash: REDASH_DATABASE_URL",
        "password of the first administrator",
        UNKNOWN,
        HIDDEN,
      ],
    }),
    ...property(secret(), "description", {
      ...CREDENTIAL,
      wrong: ["postgresql://a:b@host/db", "password=hunter22", "key AKIAABCDEFGHIJKLMNOP"],
    }),
    ...property(secret(), "tags", { right: [undefined, UNKNOWN, { owner: "sre" }] }),
    ...property(secret({ tags: {} }), "tags.url", { ...CREDENTIAL, wrong: ["redis://:pw@h"] }),
    ...property(parameter({ name: "/redash/workers", value: "4" }), "type", {
      right: ["String", "StringList"],
      wrong: [UNKNOWN, undefined, "string"],
    }),
    ...property(parameter({ name: "/redash/secret_key", keyId: UNKNOWN }), "type", {
      right: ["SecureString"],
      wrong: ["String"],
    }),
    ...property(parameter({ type: "SecureString" }), "keyId", { wrong: [undefined, ""] }),
    "refuses a credential in clear whatever its name": {
      given: parameter({ value: "postgresql://a:b@host/db" }),
      finds: ['type is "String"'],
    },
    "accepts the place of a secret in clear": {
      given: parameter({ name: "/redash/secret_arn", value: "arn:aws:secretsmanager:a" }),
    },
  });

  it("never prints the credential that it found", () => {
    const { violations } = findings("secrets-not-in-clear", {
      given: secret({ description: "postgresql://redash:hunter22@host/db" }),
    });
    assert.equal(violations.length, 1);
    assert.ok(!JSON.stringify(violations.map(({ found, allowed }) => [found, allowed])).includes("hunter22")); // prettier-ignore
  });

  describePolicy("secrets-private", {
    ...publicDocuments("aws:secretsmanager/secretPolicy:SecretPolicy"),
    ...publicDocuments(secret().type),
  });

  const APPLICATION = "Redash: cookieSecret signs sessions, secretKey encrypts data sources";
  describePolicy("secrets-no-blind-rotation", {
    "accepts the rotation of a database's password": {
      given: [secret(), rotation({}, "redash-database-url")],
    },
    "refuses the rotation of the secret with Redash's keys, by its description": {
      given: [secret({ description: APPLICATION }, "app"), rotation({}, "app")],
      finds: ["secretId is app, which holds Redash's keys"],
    },
    "refuses it by the logical name": {
      given: [secret({}, "redash-secret-key"), rotation({}, "redash-secret-key")],
      finds: ["secretId is redash-secret-key, which holds Redash's keys"],
    },
    "refuses it by the physical name": {
      given: [secret({ name: "prod/COOKIE_SECRET" }, "app"), rotation({}, "app")],
      finds: ["secretId is app, which holds Redash's keys"],
    },
    "refuses a secret of elsewhere with a telling name": {
      given: rotation({ secretId: "arn:aws:secretsmanager:eu:1:secret:fernet-a" }),
      finds: ["secretId is arn:aws:secretsmanager:eu:1:secret:fernet-a"],
    },
    "accepts a secret of elsewhere with another name": {
      given: rotation({ secretId: "arn:aws:secretsmanager:eu:1:secret:mail-a" }),
    },
    "refuses a secret that is not known": {
      given: rotation({}),
      finds: ["secretId is not known before the update"],
    },
    "refuses a secret whose name is a secret": {
      given: rotation({ secretId: HIDDEN }),
      finds: ["secretId is a secret"],
    },
    "finds fault with one of two": {
      given: [
        secret(),
        secret({ description: APPLICATION }, "app"),
        rotation({}, "redash-database-url"),
        { ...rotation({}, "app"), name: "second" },
      ],
      finds: ["secretId is app, which holds Redash's keys"],
    },
  });

  const still = { finds: [" is without rotation"] };
  describePolicy("secrets-rotation", {
    "accepts a secret that rotates": { given: [secret(), rotation({}, "redash-database-url")] },
    "advises a rotation": { given: secret(), ...still },
    "advises it in a rehearsal too": { given: secret(), stack: REHEARSAL, ...still },
    "advises it where another secret rotates": {
      given: [secret(), secret({}, "other"), rotation({}, "other")],
      ...still,
    },
    "does not count a rotation of what is not known": { given: [secret(), rotation({})], ...still },
    "advises it for a name that is not known": { given: secret({ name: UNKNOWN }), ...still },
    "advises it for a description that is a secret": {
      given: secret({ description: HIDDEN }),
      ...still,
    },
    "asks none of Redash's keys": { given: secret({ description: APPLICATION }, "app") },
    "asks none of a secret key by its name": { given: secret({}, "redash-secret-key") },
  });

  const rules = rotation({ rotationRules: {} });
  describePolicy("secrets-rotation-interval", {
    ...property(rules, "rotationRules.automaticallyAfterDays", {
      right: [1, 90],
      wrong: [0, 91, 1000, undefined, UNKNOWN, HIDDEN],
    }),
    ...property(rules, "rotationRules.scheduleExpression", {
      right: ["rate(30 days)", "rate(90 days)", "cron(0 8 1 * ? *)"],
      wrong: ["rate(91 days)", "rate(365 days)", "monthly", UNKNOWN],
    }),
  });
});
