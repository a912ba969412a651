import pg from "pg";
import type { Waiting } from "../engine/clock";
import { type Database, identifier, literal, oneRow } from "./database";
import { cutOff } from "./fence";
import { scramVerifier } from "./scram";

/** Comment on a role: who has made it may drop it. */
const MADE_BY_MOVE = "made by the move of Redash";

/**
 * Whether the session's role may act as the role `r` and has its rights: it gives it tables, and alters, empties and
 * writes them as their owner. From 16 on a member may have either without the other.
 */
export const IS_OPEN = `(pg_has_role(r.oid, 'USAGE')
  AND pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END))`;

interface Role {
  readonly isMadeByMove: boolean;
  readonly isOpen: boolean;
  /** Objects in this and in other databases of the server. */
  readonly owned: number;
}

async function roleOf(client: pg.Client, name: string): Promise<Role | undefined> {
  const { rows } = await client.query<Role>(
    `SELECT coalesce(shobj_description(r.oid, 'pg_authid') = $2, false) AS "isMadeByMove", ${IS_OPEN} AS "isOpen",
            (SELECT count(*)::int FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid
                AND deptype = 'o') AS owned
       FROM pg_roles r WHERE r.rolname = $1`,
    [name, MADE_BY_MOVE],
  );
  return rows[0];
}

/**
 * Makes the application's role if there is none, with the password that the application has, and lets the moving role
 * act as it. A role that somebody else has made keeps its password.
 * @returns whether the role is one that the move has made
 * @throws Error if the application could not log in then
 */
export async function makeApplicationRole(
  client: pg.Client,
  database: Database,
  signal: AbortSignal,
): Promise<boolean> {
  const { applicationRole: name, applicationPassword, side } = database;
  const role = identifier(name);
  const password = await applicationPassword?.(signal);
  const before = await roleOf(client, name);
  if (before === undefined && password === undefined)
    throw new Error(
      `the ${side} has no role ${name}; CREATE ROLE ${role} LOGIN with the password of REDASH_DATABASE_URL there`,
    );
  if (password !== undefined && (before === undefined || before.isMadeByMove)) {
    const verifier = literal(await scramVerifier(password));
    // One message is one transaction: there is no moment at which nobody knows who has made it.
    await client.query(
      before === undefined
        ? `CREATE ROLE ${role} LOGIN PASSWORD ${verifier}; COMMENT ON ROLE ${role} IS ${literal(MADE_BY_MOVE)}`
        : `ALTER ROLE ${role} LOGIN PASSWORD ${verifier}`,
    );
  }
  if (before?.isOpen !== true) await openTo(client, role);
  const { current } = await oneRow<{ current: string }>(
    client,
    "SELECT current_database() AS current",
  );
  await client.query(`GRANT CONNECT ON DATABASE ${identifier(current)} TO ${role}`);
  if (password !== undefined) await assertLogsIn(database, password, signal);
  return before?.isMadeByMove ?? true;
}

/** Whoever makes a role may give it to others, itself included, but is no member by that. */
async function openTo(client: pg.Client, role: string): Promise<void> {
  const { major } = await oneRow<{ major: number }>(
    client,
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  await client.query(
    `GRANT ${role} TO CURRENT_USER${major >= 16 ? " WITH INHERIT TRUE, SET TRUE" : ""}`,
  );
}

/** @throws Error with the server's words, and never with the password */
async function assertLogsIn(
  { side, connection, applicationRole: user }: Database,
  password: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const client = new pg.Client({
    ...connection,
    user,
    password,
    connectionTimeoutMillis: LOGIN_MS,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new Error(
      `the application could not log in on the ${side}: ${(error as Error).message}; if somebody else has made ${user}, give it the password of REDASH_DATABASE_URL there: ALTER ROLE ${identifier(user)} LOGIN PASSWORD …`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

const LOGIN_MS = 10_000;

/**
 * Drops the application's role if the move has made it and it owns nothing any more.
 * @returns whether there is no such role now
 */
export async function dropApplicationRole(
  client: pg.Client,
  { applicationRole: name }: Database,
  running: Waiting,
): Promise<boolean> {
  const found = await roleOf(client, name);
  if (found === undefined) return true;
  if (!found.isMadeByMove || found.owned > 0) return false;
  const role = identifier(name);
  // Its sessions, or they would go on as nobody.
  await cutOff(client, name, running);
  const { current } = await oneRow<{ current: string }>(
    client,
    "SELECT current_database() AS current",
  );
  await client.query(
    `REVOKE ALL ON DATABASE ${identifier(current)} FROM ${role};
     REVOKE ALL ON SCHEMA public FROM ${role};
     DROP ROLE ${role}`,
  );
  return true;
}
