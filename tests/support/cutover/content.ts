import type { Redis } from "ioredis";
import type pg from "pg";

/** Catalogs with the columns that only a change changes. */
const CATALOGS: Readonly<Record<string, string>> = {
  pg_class: "oid, relname, relkind, relowner, relreplident, relacl::text",
  pg_proc: "oid, proname, prosrc",
  pg_type: "oid, typname",
  pg_namespace: "oid, nspname, nspacl::text",
  pg_constraint: "oid, conname, convalidated",
  pg_trigger: "oid, tgname, tgenabled",
  pg_extension: "oid, extname",
  pg_roles: "oid, rolname, rolsuper, rolcanlogin, rolreplication",
  pg_auth_members: "roleid, member",
  pg_db_role_setting: "setdatabase, setrole, setconfig",
  pg_publication: "oid, pubname",
  pg_subscription: "oid, subname, subenabled",
  pg_replication_origin: "roident, roname",
  pg_replication_slots: "slot_name, plugin, active",
  pg_sequences: "sequencename, last_value",
  pg_settings: "name, reset_val",
};

/** A sum of everything that is in a database and a Redis, but for the heartbeats of workers. */
export async function contentOf(
  client: pg.Client,
  redis: Redis,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const sum = async (from: string, columns: string) => {
    const { rows } = await client.query<{ sum: string }>(
      `SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS sum
         FROM (SELECT ${columns} FROM ${from}) t`,
    );
    found[from] = rows[0]?.sum ?? "";
  };
  for (const [catalog, columns] of Object.entries(CATALOGS)) await sum(catalog, columns);
  const { rows } = await client.query<{ name: string }>(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  );
  for (const { name } of rows) await sum(name, "*");
  for (const key of (await redis.keys("*")).filter((it) => !it.startsWith("rq:worker:"))) {
    found[`redis ${key}`] = (await redis.dumpBuffer(key)).toString("hex");
  }
  return found;
}
