import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { after, before, beforeEach, describe, it } from "mocha";
import pg from "pg";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { Moto, REGION } from "../../support/aws/moto";
import { SsmHost } from "../../support/aws/ssmHost";
import { type ComposeHost, composeHost } from "../../support/host/composeHost";

const ROOT = join(__dirname, "..", "..", "..");
const INSTANCE = "i-0123456789abcdef0";
const PASSWORD = "aPasswordOfTheMover1";

describe("npm run source", function () {
  this.timeout(240_000);
  let moto: Moto;
  let host: ComposeHost;
  let ssm: SsmHost;
  let secrets: SecretsManagerClient;
  before(async () => {
    [moto, host] = await Promise.all([Moto.start(), composeHost()]);
    ssm = await SsmHost.start(moto, host);
    secrets = new SecretsManagerClient(clientConfig(moto.options));
  });
  after(async () => {
    secrets.destroy();
    await ssm.stop();
    await Promise.all([moto.stop(), host.remove()]);
  });
  beforeEach(async () => {
    await moto.reset();
    ssm.parameters.length = 0;
  });
  const source = async (...args: string[]) => {
    const child = spawn(process.execPath, ["--import=tsx", "cutover/source/cli.ts", ...args], {
      cwd: ROOT,
      env: { ...process.env, AWS_ENDPOINT_URL: ssm.options.endpoint },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout, stderr };
  };
  const at = ["--instance", INSTANCE, "--region", REGION];
  const valueOf = async (name: string): Promise<unknown> =>
    JSON.parse(
      (await secrets.send(new GetSecretValueCommand({ SecretId: name }))).SecretString ?? "",
    );
  const loginSecret = async (username: string) => {
    const { ARN } = await secrets.send(
      new CreateSecretCommand({
        Name: username,
        SecretString: JSON.stringify({
          username,
          password: PASSWORD,
          host: "10.0.0.1",
          port: 5432,
        }),
      }),
    );
    return ARN ?? "";
  };

  it("tells everything that is wrong with its words at once", async () => {
    const { code, stderr } = await source("prepare", "--instance", "web", "--port", "0");
    assert.equal(code, 64);
    assert.deepEqual(stderr.split("\n\n")[0]?.split("\n"), [
      "--instance is web; allowed: an id like i-0a1b2c3d",
      "--region is missing; allowed: such as eu-west-1",
      "prepare restarts PostgreSQL: say when it may, by --at HH:MM or --now",
      "--cidr is missing; allowed: a range like 10.0.0.0/16",
      "--mover-secret is missing; allowed: the ARN of a secret",
      "--port is 0; allowed: a whole number from 1 to 65535",
    ]);
    assert.deepEqual(moto.requests, []);
  });

  it("finds the compose project", async () => {
    const { code, stdout, stderr } = await source("find", ...at);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^redash=25\.8\.0$/m);
    assert.match(stdout, /^service=adhoc_worker workers running redash\/redash:25\.8\.0$/m);
  });

  it("imports the source's secrets, once, and nobody reads them on the way", async () => {
    const first = await source("import", ...at);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(await valueOf("redash/source"), {
      cookieSecret: "a cookie secret with 'quotes' and ümlauts",
      secretKey: "a secret key",
    });
    assert.deepEqual(await valueOf("redash/source-environment"), {
      REDASH_MAIL_PASSWORD: "a mail password",
    });
    const again = await source("import", ...at);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /was so already/);
    assert.equal(moto.requests.filter((it) => it === "secretsmanager:PutSecretValue").length, 0);
    const arn = /sourceSecretsArn: (\S+)/.exec(first.stdout)?.[1] ?? "";
    assert.match(arn, /^arn:aws:secretsmanager:eu-west-1:\d{12}:secret:redash\/source-\w{6}$/);
    assert.match(
      first.stdout,
      /^ {2}redash:environment:\n {4}REDASH_MAIL_SERVER: "smtp\.example\.com"\n {4}REDASH_SAML_METADATA: "x{1000}"\n {2}redash:secretEnvironment:\n {4}REDASH_MAIL_PASSWORD: "arn:aws:\S+:secret:redash\/source-environment-\w{6}:REDASH_MAIL_PASSWORD::"$/m,
    );
    const everything = JSON.stringify([first, again, ssm.parameters]);
    for (const secret of ["a secret key", "a cookie secret", "a mail password"])
      assert.equal(everything.includes(secret), false, secret);
  });

  it("prepares PostgreSQL by a verifier of the password, and undoes it", async () => {
    const mover = await loginSecret("redash_mover");
    const dms = await loginSecret("redash_dms");
    const { code, stdout, stderr } = await source(
      ...["prepare", ...at, "--now", "--cidr", "127.0.0.0/8", "--mover-secret", mover],
      ...["--dms-secret", dms, "--port", String(host.database.port), "--wal-keep-mb", "2000"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^restart=no$/m);
    assert.match(stderr, /nothing restarts[^]*restarting PostgreSQL/);
    const ca = /-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----/.exec(stdout)?.[0] ?? "";
    for (const user of ["redash_mover", "redash_dms"]) {
      const client = new pg.Client({
        host: "127.0.0.1",
        port: host.database.port,
        database: "postgres",
        user,
        password: PASSWORD,
        ssl: { ca },
      });
      await client.connect();
      await client.end();
    }
    assert.equal(JSON.stringify([stdout, stderr, ssm.parameters]).includes(PASSWORD), false);
    assert.equal(
      ssm.parameters.some((it) =>
        Buffer.from(
          /printf %s '([^']*)' \| bash/.exec(it["commands"]?.[1] ?? "")?.[1] ?? "",
          "base64",
        )
          .toString()
          .includes(PASSWORD),
      ),
      false,
    );
    const undone = await source("undo", ...at, "--now");
    assert.equal(undone.code, 0, undone.stderr);
    assert.equal(undone.stdout, "undone=everything\n");
  });

  it("refuses a secret of somebody else before anything changes", async () => {
    const mover = await loginSecret("redash_dms");
    const { code, stderr } = await source(
      ...["prepare", ...at, "--now", "--cidr", "127.0.0.0/8", "--mover-secret", mover],
    );
    assert.equal(code, 2);
    assert.match(stderr, /^refused: the secret \S+ is of redash_dms, not of redash_mover$/m);
    assert.deepEqual(ssm.parameters, []);
  });

  it("ends with 2 what the host refuses, and with 3 what AWS denies", async () => {
    const refused = await source("disk", ...at, "--directory", "/srv/none");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /refused: disk on i-0123456789abcdef0: no compose project in/);
    moto.failNext(/SendCommand/, { code: "AccessDeniedException", status: 400 });
    const denied = await source("disk", ...at);
    assert.equal(denied.code, 3);
    assert.match(denied.stderr, /^broken off: ssm:SendCommand on i-0123456789abcdef0: Access/m);
  });
});
