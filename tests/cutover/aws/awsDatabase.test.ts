import assert from "node:assert/strict";
import { CreateDBInstanceCommand, RDSClient } from "@aws-sdk/client-rds";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { after, before, beforeEach, describe, it } from "mocha";
import { sourceDatabase, targetDatabase } from "../../../cutover/adapters/aws/awsDatabase";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { rdsStorage } from "../../../cutover/adapters/aws/rdsStorage";
import { Secrets } from "../../../cutover/adapters/aws/secrets";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { type Database, closeConnections, withClient } from "../../../cutover/database/database";
import { Moto } from "../../support/aws/moto";
import { quickClock } from "../../support/aws/quickClock";
import { awsDescription } from "../../support/aws/soundAwsFacts";

const PASSWORD = "it's a pass\\word";
const PEM = "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n";
const GIB = 1024 ** 3;

describe("the databases of a move on AWS", function () {
  this.timeout(120_000);
  let moto: Moto;
  let client: SecretsManagerClient;
  before(async () => {
    moto = await Moto.start();
    client = new SecretsManagerClient(clientConfig(moto.options));
  });
  after(async () => {
    client.destroy();
    await moto.stop();
  });
  beforeEach(() => moto.reset());
  const signal = () => AbortSignal.timeout(30_000);
  const made = async (name: string, value: string): Promise<string> =>
    (await client.send(new CreateSecretCommand({ Name: name, SecretString: value }))).ARN!;
  const login = (username: string) =>
    made(
      username,
      JSON.stringify({ username, password: PASSWORD, host: "db.internal", port: 5432 }),
    );
  const secrets = () => new Secrets(client, quickClock());
  /** A host that answers for its certificate, and how often it was asked. */
  const host = (certificate: string) => ({
    asked: 0,
    run(act: string) {
      assert.equal(act, "certificate");
      this.asked += 1;
      return Promise.resolve(`certificate=${Buffer.from(certificate).toString("base64")}\n`);
    },
  });

  it("are reached by TLS: the source's certificate is the one that its host tells, whatever name is in it", async () => {
    const { source } = awsDescription();
    const secretArn = await login("redash_mover");
    const itsHost = host(PEM);
    const { connection, replicationConnection, applicationRole, unreachable } =
      await sourceDatabase(
        { ...source, database: { ...source.database, secretArn } },
        secrets(),
        itsHost,
        signal(),
      );
    assert.equal(unreachable, undefined);
    assert.equal(itsHost.asked, 1);
    assert.ok(typeof connection.ssl === "object");
    assert.equal(connection.ssl.ca, PEM);
    assert.equal(connection.ssl.rejectUnauthorized, undefined, "it must be believed");
    assert.equal(connection.ssl.checkServerIdentity?.("a", {} as never), undefined);
    assert.deepEqual(
      [connection.host, connection.port, connection.user, connection.password, applicationRole],
      ["10.0.0.5", 5432, "redash_mover", PASSWORD, "postgres"],
    );
    assert.equal(
      replicationConnection,
      String.raw`host='10.0.0.5' port='5432' dbname='postgres' user='redash_mover' password='it\'s a pass\\word' sslmode='require'`,
    );
  });

  it("are unreachable, and say why, if the source has no TLS, or its host does not answer or is no more", async () => {
    const { source } = awsDescription();
    const secretArn = await login("redash_mover");
    const described = { ...source, database: { ...source.database, secretArn } };
    const silent = { run: () => Promise.reject(new Error("it has not reached the host")) };
    for (const [its, reason] of [
      [
        host(""),
        "the source's PostgreSQL has no TLS: prepare it with npm run source -- prepare, which makes a certificate",
      ],
      [
        silent,
        "the source's host does not tell the certificate of its PostgreSQL: it has not reached the host",
      ],
      [undefined, "the source's host is no more"],
    ] as const) {
      const database = await sourceDatabase(described, secrets(), its, signal());
      const connecting = withClient(database, signal(), () => assert.fail("nobody connects"));
      await assert.rejects(connecting, { message: reason });
    }
  });

  it("are unreachable, and say why, without a login that they need", async () => {
    const { source, target } = awsDescription();
    const secretArn = await made("not-its-login", "{}");
    const why = `the secret ${secretArn} is not JSON as it should be: username, password, host, port missing or of another kind; run pulumi up, or put the right value into it`;
    const itsHost = { run: () => assert.fail("nobody asks for a certificate") };
    const ofSource = { ...source, database: { ...source.database, secretArn } };
    const ofTarget = { ...target, database: { ...target.database, secretArn } };
    for (const [side, database] of [
      ["source", await sourceDatabase(ofSource, secrets(), itsHost, signal())],
      ["target", await targetDatabase(ofTarget, secrets(), signal())],
    ] as const) {
      const message = `the login of the ${side}'s database is not known: ${why}`;
      const connecting = withClient(database, signal(), () => assert.fail("nobody connects"));
      await assert.rejects(connecting, { message });
    }
  });

  it("need no certificate if the stack says that the source has none", async () => {
    const { source } = awsDescription();
    const secretArn = await login("redash_mover");
    const { connection, replicationConnection, unreachable } = await sourceDatabase(
      { ...source, database: { ...source.database, secretArn, sslMode: "none" } },
      secrets(),
      { run: () => assert.fail("nobody asks for a certificate") },
      signal(),
    );
    assert.equal(connection.ssl, false);
    assert.equal(unreachable, undefined);
    assert.match(replicationConnection, / sslmode='disable'$/);
  });

  it("check the managed one's certificate by RDS's authorities and its name, and learn Redash's password when it is needed", async () => {
    const { target } = awsDescription();
    const secretArn = await login("redash");
    const urlSecretArn = await made("url", "postgresql://redash_app:p%40ss@db:5432/redash");
    const database = await targetDatabase(
      { ...target, database: { ...target.database, secretArn, urlSecretArn } },
      secrets(),
      signal(),
    );
    const { ssl } = database.connection;
    assert.ok(typeof ssl === "object" && Array.isArray(ssl.ca));
    assert.ok(ssl.ca.length > 50);
    assert.equal(ssl.servername, "redash.rds.amazonaws.com");
    assert.equal(ssl.rejectUnauthorized, undefined);
    assert.equal(ssl.checkServerIdentity, undefined);
    assert.equal(await database.applicationPassword?.(signal()), "p@ss");
    const own = await targetDatabase(
      { ...target, database: { ...target.database, secretArn, urlSecretArn, caPem: PEM } },
      secrets(),
      signal(),
    );
    assert.ok(typeof own.connection.ssl === "object");
    assert.equal(own.connection.ssl.ca, PEM);
  });

  describe("and the disk of RDS", () => {
    let server: PostgresServer;
    let rds: RDSClient;
    let database: Database;
    before(async () => {
      server = await startPostgres({ major: 17 });
      rds = new RDSClient(clientConfig(moto.options));
      database = {
        side: "target",
        connection: server.connection,
        replicationConnection: "",
        applicationRole: "redash",
      };
    });
    after(async () => {
      rds.destroy();
      await closeConnections(database);
      await server.remove();
    });

    it("is as large as RDS says, less what databases and WAL take of it", async () => {
      await rds.send(
        new CreateDBInstanceCommand({
          DBInstanceIdentifier: "redash",
          DBInstanceClass: "db.t4g.medium",
          Engine: "postgres",
          AllocatedStorage: 50,
          MasterUsername: "redash",
          MasterUserPassword: "a password of moto",
        }),
      );
      const { totalBytes, freeBytes } = await rdsStorage(
        rds,
        "redash",
        database,
        quickClock(),
      )(signal());
      assert.equal(totalBytes, 50 * GIB);
      const used = totalBytes - freeBytes;
      assert.ok(used > 16 * 1024 ** 2 && used < GIB, `${used}`);
    });

    it("is unknown if RDS does not know it", async () => {
      await assert.rejects(
        rdsStorage(rds, "another", database, quickClock())(signal()),
        /^Error: rds:DescribeDBInstances on another: DBInstanceNotFound/,
      );
    });
  });
});
