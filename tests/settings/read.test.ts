import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { problemText } from "../../settings/problem";
import { readSettings } from "../../settings/read";
import { changedConfig, itSays } from "../support/settings";

describe("settings", () => {
  it("accepts a sound config and fills in the defaults of its mode", () => {
    const { values, problems, examples } = readSettings(changedConfig({}));
    assert.deepEqual(problems, []);
    assert.deepEqual(examples, []);
    assert.equal(values?.databaseMultiAz, true);
    assert.equal(values.serverCount, 2);
    assert.equal(values.serverCpu, 1024);
    assert.equal(values.hostedZoneId, undefined);
    assert.ok(Object.isFrozen(values));
  });

  it("lets a key win over its mode", () => {
    assert.equal(
      readSettings(changedConfig({ "redash:databaseMultiAz": "false" })).values?.databaseMultiAz,
      false,
    );
  });

  it("takes an empty text, list or map for not set, as the engine writes it for a key without default", () => {
    const { values, problems } = readSettings(
      changedConfig({
        "redash:hostedZoneId": "",
        "redash:workers": "[]",
        "redash:serverCount": "",
      }),
    );
    assert.deepEqual(problems, []);
    assert.equal(values?.hostedZoneId, undefined);
    assert.equal(values?.workers.length, 3);
    assert.equal(values.serverCount, 2);
  });

  itSays([
    [
      "refuses an unknown key and names the nearest",
      { "redash:databaseMultiAZs": "true" },
      [
        "redash:databaseMultiAZs = true | the keys of docs/settings.md; the nearest is redash:databaseMultiAz | pulumi config rm redash:databaseMultiAZs, or rename it",
      ],
    ],
    [
      "misses a required key",
      { "redash:host": undefined },
      [
        "redash:host = (missing) | a lower-case host name without scheme, such as redash.your-company.com | pulumi config set redash:host redash.example.com",
      ],
    ],
    [
      "does not repeat values of an environment that is wrong, nor of an unknown key that may be a secret",
      {
        "redash:environment": '{"mailPassword":"hunter2"}',
        "redash:cookieSecret": "hunter2",
      },
      [
        "redash:cookieSecret = (hidden) | the keys of docs/settings.md; the nearest is redash:workers | pulumi config rm redash:cookieSecret, or rename it",
        'redash:environment = (mailPassword) | NAME: text, for names that the program does not set and that are no secrets (at mailPassword: Invalid key in record) | write redash:environment: {"REDASH_MAIL_DEFAULT_SENDER":"redash@example.com"} into the stack file',
      ],
    ],
    [
      "does not repeat a secret that stands where the ARN of one belongs",
      {
        "redash:secretEnvironment": '{"REDASH_MAIL_PASSWORD":"hunter2"}',
        "redash:sourceSecretsArn": '{"cookieSecret":"hunter2","secretKey":"hunter2"}',
      },
      [
        'redash:secretEnvironment = (REDASH_MAIL_PASSWORD) | NAME: ARN of a secret, with :key:: behind it for a key of its JSON (at REDASH_MAIL_PASSWORD: Invalid string: must match pattern /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\\d{12}:secret:[^:\\s]+(?::[^:\\s]*:[^:\\s]*:[^:\\s]*)?$/) | write redash:secretEnvironment: {"REDASH_MAIL_PASSWORD":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-AbCdEf:password::"} into the stack file',
        "redash:sourceSecretsArn = (hidden) | the ARN of a Secrets Manager secret | pulumi config set redash:sourceSecretsArn arn:aws:secretsmanager:eu-west-1:123456789012:secret:redash/source-AbCdEf",
      ],
    ],
    [
      "shows what is no ARN of a secret, if it is an ARN",
      { "redash:sourceSecretsArn": "arn:aws:kms:eu-west-1:111122223333:key/source" },
      [
        "redash:sourceSecretsArn = arn:aws:kms:eu-west-1:111122223333:key/source | the ARN of a Secrets Manager secret | pulumi config set redash:sourceSecretsArn arn:aws:secretsmanager:eu-west-1:123456789012:secret:redash/source-AbCdEf",
      ],
    ],
    [
      "refuses a key that is called as what every object has",
      { "redash:toString": "x" },
      [
        "redash:toString = x | the keys of docs/settings.md; the nearest is redash:host | pulumi config rm redash:toString, or rename it",
      ],
    ],
    [
      "refuses a number that is none",
      { "redash:serverCount": "two" },
      ["redash:serverCount = two | 1 to 50 | pulumi config set redash:serverCount 2"],
    ],
    [
      "refuses a list that is no JSON",
      { "redash:ingressCidrs": "10.0.0.0/8" },
      [
        'redash:ingressCidrs = 10.0.0.0/8 | IPv4 networks without host bits, such as 10.0.0.0/8 | write redash:ingressCidrs: ["10.0.0.0/8"] into the stack file',
      ],
    ],
  ]);

  it("reports all problems at once", () => {
    const { problems } = readSettings({ "redash:mode": "production", "redash:hots": "x" });
    assert.deepEqual(
      problems.map(({ key }) => key),
      ["redash:hots", "redash:phase", "redash:host", "redash:certificateArn"],
    );
  });

  it("writes one text: the problems, each with value, what is allowed, and the fix", () => {
    const { problems } = readSettings(
      changedConfig({ "redash:serverCount": "0", "redash:host": undefined }),
    );
    assert.equal(
      problemText("prod", problems),
      [
        "2 problems in the settings of stack prod; nothing was changed.",
        "",
        "  redash:serverCount = 0",
        "    allowed: 1 to 50",
        "    fix:     pulumi config set redash:serverCount 2",
        "",
        "  redash:host is missing",
        "    allowed: a lower-case host name without scheme, such as redash.your-company.com",
        "    fix:     pulumi config set redash:host redash.example.com",
      ].join("\n"),
    );
  });

  it("finds the values that are still examples", () => {
    const { examples, problems } = readSettings(
      changedConfig({
        "redash:host": "redash.example.com",
        "redash:ingressCidrs": '["203.0.113.0/24"]',
        "redash:vpcId": "vpc-0123456789abcdef0",
        "redash:environment":
          '{"REDASH_MAIL_DEFAULT_SENDER":"redash@example.com","REDASH_LDAP_URL":"hunter2"}',
      }),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      examples.map(({ key }) => key),
      ["redash:vpcId", "redash:environment", "redash:host", "redash:ingressCidrs"],
    );
    assert.equal(examples[1]?.value, "(REDASH_MAIL_DEFAULT_SENDER, REDASH_LDAP_URL)");
  });
});
