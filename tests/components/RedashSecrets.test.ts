import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RedashSecrets, type RedashSecretsArgs } from "../../components/RedashSecrets";
import { record, type Recording } from "../../preview/recorder";
import { inventory, only } from "../support/recordings";

const SOURCE = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:source-AbCdEf";
const ARGS: RedashSecretsArgs = {
  protect: true,
  keyArn: "arn:aws:kms:eu-west-1:111122223333:key/k",
  secretRecoveryWindowDays: 30,
};

const recorded = (changes: Partial<RedashSecretsArgs> = {}, answers = {}): Promise<Recording> =>
  record(
    () => {
      const { cookieSecret, secretKey, administratorPassword, versionId, environmentVersionIds } =
        new RedashSecrets("redash", { ...ARGS, ...changes });
      return { cookieSecret, secretKey, administratorPassword, versionId, environmentVersionIds };
    },
    { stack: "test", config: {}, answers },
  );

describe("RedashSecrets", () => {
  it("generates both in one secret, named by their JSON keys", async () => {
    const recording = await recorded();
    assert.deepEqual(inventory(recording), [
      "RandomPassword redash-cookie-secret",
      "RandomPassword redash-secret-key",
      "Secret redash-application",
      "SecretVersion redash-application",
    ]);
    assert.deepEqual(only(recording, "SecretVersion", "redash-application").secretPaths, [
      "secretString",
    ]);
    const { cookieSecret, secretKey } = recording.outputs as Record<
      string,
      { arn: string; valueFrom: string }
    >;
    assert.equal(cookieSecret!.valueFrom, `${cookieSecret!.arn}:cookieSecret::`);
    assert.equal(secretKey!.valueFrom, `${cookieSecret!.arn}:secretKey::`);
    assert.ok(!("administratorPassword" in recording.outputs));
  });

  it("is protected: another key would make every data source's credentials unreadable", async () => {
    assert.deepEqual(
      (await recorded()).resources.filter((it) => it.protect).map(({ name }) => name),
      ["redash-application", "redash-cookie-secret", "redash-secret-key"],
    );
  });

  it("makes nothing of imported ones, and reads version ids only", async () => {
    const recording = await recorded({ imported: { secretArn: SOURCE } });
    assert.deepEqual(inventory(recording), []);
    assert.deepEqual(recording.outputs["secretKey"], {
      arn: SOURCE,
      valueFrom: `${SOURCE}:secretKey::`,
    });
    assert.match(String(recording.outputs["versionId"]), /^[0-9a-f-]{36}$/);
  });

  it("refuses an imported secret that has no value yet", async () => {
    await assert.rejects(
      recorded(
        { imported: { secretArn: SOURCE } },
        { "aws:secretsmanager/getSecretVersions:getSecretVersions": { versions: [] } },
      ),
      /the secret \S+:secret:source-AbCdEf has no value yet; put {"cookieSecret": …, "secretKey": …} of the source into it \(docs\/settings.md, sourceSecretsArn\)$/,
    );
  });

  it("tells the versions of other secrets, once for each, so that a change starts new tasks", async () => {
    const mail = SOURCE.replace("source", "mail");
    const recording = await recorded({
      environment: {
        REDASH_MAIL_PASSWORD: `${mail}:password::`,
        REDASH_MAIL_USERNAME: `${mail}:user::`,
        REDASH_GOOGLE_CLIENT_SECRET: SOURCE,
      },
    });
    const versions = recording.outputs["environmentVersionIds"] as string[];
    assert.equal(versions.length, 2);
    for (const version of versions) assert.match(version, /^[0-9a-f-]{36}$/);
    assert.deepEqual((await recorded({})).outputs["environmentVersionIds"], []);
  });

  it("makes the first administrator's password when asked, in a secret of its own", async () => {
    const recording = await recorded({ administrator: {} });
    assert.equal(only(recording, "RandomPassword", "redash-administrator").inputs["length"], 32);
    const { administratorPassword } = recording.outputs as Record<
      string,
      { arn: string; valueFrom: string }
    >;
    assert.equal(administratorPassword!.valueFrom, administratorPassword!.arn);
  });
});
