import type pg from "pg";
import { Fernet } from "../../../cutover/redash/fernet";
import { SECRET_KEY } from "./twoServers";

/** A database with what makes Redash's hard to move: a search trigger, JSON, arrays, bytes, foreign keys, gaps. */
export async function smallRedash(client: pg.Client, queries = 5000): Promise<void> {
  const token = new Fernet(SECRET_KEY).encrypt("{}", Buffer.alloc(16), 1).toString("hex");
  await client.query(`
    CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
    INSERT INTO alembic_version VALUES ('abc');
    CREATE TABLE organizations (id serial PRIMARY KEY, name text NOT NULL);
    CREATE TABLE data_sources (id serial PRIMARY KEY, org_id int NOT NULL REFERENCES organizations, encrypted_options bytea NOT NULL);
    CREATE TABLE notification_destinations (id serial PRIMARY KEY, encrypted_options bytea NOT NULL);
    CREATE TABLE queries (
      updated_at timestamptz NOT NULL DEFAULT now(), created_at timestamptz NOT NULL DEFAULT now(),
      id serial PRIMARY KEY, org_id int NOT NULL REFERENCES organizations, name text NOT NULL,
      options jsonb NOT NULL, tags varchar[], schedule jsonb, is_archived bool NOT NULL DEFAULT false, search_vector tsvector);
    CREATE INDEX ix_search ON queries USING gin (search_vector);
    CREATE FUNCTION queries_search() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.search_vector = to_tsvector('simple', NEW.name); RETURN NEW; END $$;
    CREATE TRIGGER queries_search BEFORE INSERT OR UPDATE ON queries FOR EACH ROW EXECUTE PROCEDURE queries_search();
    CREATE TABLE favorites (id serial PRIMARY KEY, query_id int NOT NULL REFERENCES queries, user_id int NOT NULL, UNIQUE (query_id, user_id));
    INSERT INTO organizations (name) VALUES ('it''s "ours"; \\ ünïcödé');
    INSERT INTO data_sources (org_id, encrypted_options) VALUES (1, '\\x${token}');
    INSERT INTO queries (org_id, name, options, tags, schedule)
      SELECT 1, 'query ' || i || ' id[integer]:7 ''x'' ', jsonb_build_object('n', i), ARRAY['a', NULL, 'b,c'],
        CASE WHEN i % 10 = 1 THEN '{"interval": 60}'::jsonb END FROM generate_series(1, ${queries}) i;
    DELETE FROM queries WHERE id % 10 = 0;
    INSERT INTO favorites (query_id, user_id) SELECT id, 1 FROM queries WHERE id % 3 = 0;
    ALTER TABLE alembic_version OWNER TO redash; ALTER TABLE organizations OWNER TO redash; ALTER TABLE data_sources OWNER TO redash;
    ALTER TABLE notification_destinations OWNER TO redash;
    ALTER TABLE queries OWNER TO redash; ALTER TABLE favorites OWNER TO redash; ALTER FUNCTION queries_search() OWNER TO redash;
    GRANT ALL ON SCHEMA public TO redash`);
}
