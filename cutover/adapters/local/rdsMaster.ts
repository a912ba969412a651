import type pg from "pg";
import { identifier, literal } from "../../database/database";

/** Of RDS, too, so that what looks for it by its name finds it. */
const GROUP = "rds_superuser";

/**
 * Makes a role that may what the master user of RDS for PostgreSQL may and no more, or the move would be rehearsed with
 * rights that it lacks in the end: no superuser, but a member of `rds_superuser` (docs.aws.amazon.com/AmazonRDS,
 * "Understanding the rds_superuser role"). RDS lets the members of `rds_replication` replicate, which PostgreSQL lets
 * nobody inherit: here the role has the attribute instead.
 * @param administrator a superuser of a server from 16 on, connected to `template1`: rights to functions go with a database,
 *   and each that is made from now on has them
 */
export async function makeRdsMaster(
  administrator: pg.Client,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<void> {
  await administrator.query(`
    CREATE ROLE ${GROUP};
    GRANT pg_monitor, pg_signal_backend, pg_create_subscription TO ${GROUP};
    GRANT SET ON PARAMETER session_replication_role TO ${GROUP};
    GRANT EXECUTE ON FUNCTION pg_replication_origin_advance(text, pg_lsn) TO ${GROUP};
    CREATE ROLE ${identifier(name)} NOSUPERUSER INHERIT CREATEDB CREATEROLE REPLICATION LOGIN PASSWORD ${literal(password)}
      IN ROLE ${GROUP}`);
}
