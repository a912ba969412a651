import type pg from "pg";
import { oneRow } from "./database";

/**
 * Slots of AWS DMS in this database. No AWS page says how it names them; they are seen to be 16 characters of an id in
 * base32, the database's oid in eight digits and a UUID, such as
 * `ngu3khaaeefpdnzl_00017102_c87212b0_558d_41ec_a890_a1011049913b`. Which task a slot belongs to is not to be read off
 * it: preflight refuses a database with another task's.
 */
export async function dmsSlots(client: pg.Client): Promise<readonly string[]> {
  const { names } = await oneRow<{ names: string[] }>(
    client,
    `SELECT array(SELECT s.slot_name::text FROM pg_replication_slots s JOIN pg_database d ON d.datname = s.database
                   WHERE d.datname = current_database() AND s.plugin = 'test_decoding'
                     AND s.slot_name ~ ('^[a-z2-7]{16}_' || lpad(d.oid::text, 8, '0') || '_[0-9a-f]{8}(_[0-9a-f]{4}){3}_[0-9a-f]{12}$')
                   ORDER BY 1) AS names`,
  );
  return names;
}

/** Tables, schemas and event triggers that AWS DMS has made in this database, as DROP names them. */
export async function dmsObjects(client: pg.Client): Promise<readonly string[]> {
  const { names } = await oneRow<{ names: string[] }>(
    client,
    `SELECT array(SELECT 'TABLE ' || oid::regclass FROM pg_class
                   WHERE relname LIKE 'awsdms%' AND relkind = 'r' AND relnamespace::regnamespace::text NOT LIKE 'awsdms%'
                  UNION ALL SELECT 'SCHEMA ' || quote_ident(nspname) FROM pg_namespace WHERE nspname LIKE 'awsdms%'
                  UNION ALL SELECT 'EVENT TRIGGER ' || quote_ident(evtname) FROM pg_event_trigger WHERE evtname LIKE 'awsdms%'
                  ORDER BY 1) AS names`,
  );
  return names;
}

/** Drops all of these; whoever connects must own them. */
export async function dropDmsObjects(client: pg.Client): Promise<void> {
  for (const object of await dmsObjects(client)) await client.query(`DROP ${object} CASCADE`);
}
