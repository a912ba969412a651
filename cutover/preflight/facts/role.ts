import type pg from "pg";
import { IS_OPEN } from "../../database/applicationRole";
import { oneRow } from "../../database/database";

/** The role that moves data, and the application's. */
export interface RoleFacts {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly mayReplicate: boolean;
  readonly maySubscribe: boolean;
  /** Whether it may tell a subscription from where on to stream. */
  readonly mayAdvanceOrigins: boolean;
  readonly mayMakeRoles: boolean;
  /** Whether it may set `session_replication_role`, by which rows are carried without firing triggers. */
  readonly mayPassTriggers: boolean;
  /** Undefined if there is no such role. */
  readonly application:
    | {
        readonly name: string;
        readonly mayLogIn: boolean;
        /** Whether the moving role may give it tables, and write into them as it. */
        readonly isOpenToMover: boolean;
        /** Settings of the role, such as `default_transaction_read_only=on`. */
        readonly settings: readonly string[];
        /** Settings of the role in this database, which go before those of the role. */
        readonly settingsHere: readonly string[];
      }
    | undefined;
}

/** What a non-superuser must be a member of; on RDS the master user is. */
const member = (...names: string[]) =>
  `EXISTS (SELECT FROM pg_roles m WHERE m.rolname IN (${names.map((it) => `'${it}'`).join(", ")}) AND pg_has_role(m.oid, 'MEMBER'))`;

export async function roleFacts(client: pg.Client, applicationRole: string): Promise<RoleFacts> {
  const role = await oneRow<Omit<RoleFacts, "application">>(
    client,
    `SELECT r.rolname::text AS name, r.rolsuper AS "isSuperuser",
            r.rolsuper OR r.rolreplication OR ${member("rds_superuser", "rds_replication")} AS "mayReplicate",
            r.rolsuper OR ${member("rds_superuser", "pg_create_subscription")} AS "maySubscribe",
            -- Before 14 it is for superusers alone, whatever was granted.
            r.rolsuper OR (current_setting('server_version_num')::int >= 140000
              AND has_function_privilege('pg_replication_origin_advance(text, pg_lsn)', 'EXECUTE')) AS "mayAdvanceOrigins",
            r.rolsuper OR r.rolcreaterole AS "mayMakeRoles",
            r.rolsuper OR ${member("rds_superuser")} AS "mayPassTriggers"
       FROM pg_roles r WHERE r.rolname = current_user`,
  );
  const { rows } = await client.query<NonNullable<RoleFacts["application"]>>(
    `SELECT r.rolname::text AS name, r.rolcanlogin AS "mayLogIn",
            ${IS_OPEN} AS "isOpenToMover",
            ${settings("0")} AS settings,
            ${settings("(SELECT oid FROM pg_database WHERE datname = current_database())")} AS "settingsHere"
       FROM pg_roles r WHERE r.rolname = $1`,
    [applicationRole],
  );
  return { ...role, application: rows[0] };
}

const settings = (database: string) =>
  `coalesce((SELECT s.setconfig FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = ${database}), '{}')`;
