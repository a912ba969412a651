import assert from "node:assert/strict";
import { inspect } from "node:util";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { Secrets } from "../../../cutover/adapters/aws/secrets";
import { Moto } from "../../support/aws/moto";

const PASSWORD = "pAss0WordThatNobodyMaySee";

describe("the secrets of the move", function () {
  this.timeout(120_000);
  let moto: Moto;
  let client: SecretsManagerClient;
  let secrets: Secrets;
  before(async () => {
    moto = await Moto.start();
    client = new SecretsManagerClient(clientConfig(moto.options));
  });
  after(async () => {
    client.destroy();
    await moto.stop();
  });
  beforeEach(async () => {
    await moto.reset();
    secrets = new Secrets(client, { sleep: () => Promise.resolve() });
  });
  const signal = () => AbortSignal.timeout(30_000);
  const made = async (value: string | object | Uint8Array): Promise<string> => {
    const { ARN } = await client.send(
      new CreateSecretCommand({
        Name: "redash-x",
        ...(value instanceof Uint8Array
          ? { SecretBinary: value }
          : { SecretString: typeof value === "string" ? value : JSON.stringify(value) }),
      }),
    );
    moto.requests.length = 0;
    return ARN!;
  };
  const connection = { username: "mover", password: PASSWORD, host: "db.internal", port: 5432 };

  it("are a connection, Redash's key, and two URLs", async () => {
    assert.deepEqual(await secrets.connection(await made(connection), signal()), connection);
    await moto.reset();
    const keys = await made({ cookieSecret: "c", secretKey: "k" });
    assert.equal(await secrets.secretKey(keys, signal()), "k");
    await moto.reset();
    const database = await made(
      "postgresql://redash:p%40ss@db.internal:5433/redash?sslmode=require",
    );
    assert.deepEqual(await secrets.databaseUrl(database, signal()), {
      username: "redash",
      password: "p@ss",
      host: "db.internal",
      port: 5433,
      database: "redash",
    });
    await moto.reset();
    const queue = await made(`rediss://:${PASSWORD}@valkey.internal:6379/0`);
    assert.equal(
      await secrets.queueUrl(queue, signal()),
      `rediss://:${PASSWORD}@valkey.internal:6379/0`,
    );
  });

  it("are fetched once", async () => {
    const arn = await made(connection);
    await secrets.connection(arn, signal());
    await secrets.connection(arn, signal());
    assert.deepEqual(moto.requests, ["secretsmanager:GetSecretValue"]);
  });

  it("are fetched again when that was throttled or the answer was lost, and asked for again after they were denied", async () => {
    const arn = await made(connection);
    moto.failNext(/GetSecretValue/, { code: "ThrottlingException", status: 400 });
    moto.failNext(/GetSecretValue/, "answer-lost");
    moto.failNext(/GetSecretValue/, { code: "AccessDeniedException", status: 400 });
    await assert.rejects(secrets.connection(arn, signal()), {
      message: `secretsmanager:GetSecretValue on ${arn}: AccessDeniedException: as the test wants it, 3 times; the role may not do it: run pulumi up, which gives it secretsmanager:GetSecretValue, or ask who owns the key or the service control policy; run pulumi up, which makes the secret, or put a value into it`,
    });
    assert.deepEqual(await secrets.connection(arn, signal()), connection);
    assert.equal(moto.requests.length, 4);
  });

  it("are not waited for longer than the step's time", async () => {
    const arn = await made(connection);
    moto.failNext(/GetSecretValue/, "silent");
    const controller = new AbortController();
    const asking = secrets.connection(arn, controller.signal);
    controller.abort(new Error("it took longer than 10 ms"));
    await assert.rejects(asking, { message: "it took longer than 10 ms" });
  });

  const cases: [string, string | object | Uint8Array, (arn: string) => Promise<unknown>, string][] =
    [
      [
        "a connection without a port",
        { ...connection, port: undefined },
        (arn) => secrets.connection(arn, signal()),
        "JSON as it should be: port missing or of another kind",
      ],
      [
        "a connection whose parts are of another kind",
        { username: 1, password: [PASSWORD], host: "h", port: PASSWORD },
        (arn) => secrets.connection(arn, signal()),
        "JSON as it should be: username, password, port missing or of another kind",
      ],
      [
        "a text instead of JSON",
        PASSWORD,
        (arn) => secrets.connection(arn, signal()),
        "JSON as it should be: all of it missing or of another kind",
      ],
      [
        "keys without Redash's own",
        { cookieSecret: PASSWORD },
        (arn) => secrets.secretKey(arn, signal()),
        "JSON as it should be: secretKey missing or of another kind",
      ],
      [
        "something that is no URL",
        `//${PASSWORD}`,
        (arn) => secrets.databaseUrl(arn, signal()),
        "a URL that begins with postgresql:// or postgres://",
      ],
      [
        "a URL without a database",
        `postgresql://redash:${PASSWORD}@db.internal`,
        (arn) => secrets.databaseUrl(arn, signal()),
        "a URL with username, password and database",
      ],
      [
        "a queue without TLS",
        `redis://:${PASSWORD}@valkey.internal:6379/0`,
        (arn) => secrets.queueUrl(arn, signal()),
        "a URL that begins with rediss://",
      ],
      [
        "a queue without a password",
        "rediss://valkey.internal:6379/0",
        (arn) => secrets.queueUrl(arn, signal()),
        "a URL with password",
      ],
      ["bytes", Buffer.from(PASSWORD), (arn) => secrets.connection(arn, signal()), "a text"],
    ];
  for (const [what, value, read, expected] of cases) {
    it(`refuse ${what}, and show nothing of it`, async () => {
      const arn = await made(value);
      await assert.rejects(read(arn), (error: Error) => {
        assert.equal(
          error.message,
          `the secret ${arn} is not ${expected}; run pulumi up, or put the right value into it`,
        );
        assert.ok(!inspect(error, { depth: null, showHidden: true }).includes(PASSWORD));
        return true;
      });
    });
  }
});
