import { readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import old from "./schema/10.1.0.json";
import upgraded from "./schema/10.1.0-upgraded-to-25.8.0.json";
import fresh from "./schema/25.8.0.json";

/** Versions of Redash whose schema is on file, column by column as a real one has it. */
export const REDASH_SCHEMAS = ["25.8.0", "10.1.0", "10.1.0-upgraded-to-25.8.0"] as const;
export type RedashSchema = (typeof REDASH_SCHEMAS)[number];

/** Version of the Redash that has a schema. */
export const versionOf = (schema: RedashSchema): string =>
  schema === "10.1.0-upgraded-to-25.8.0" ? "25.8.0" : schema;

/** A schema as the catalog of a real Redash gave it (schema/*.json). */
export interface Catalog {
  readonly alembic_version: readonly string[];
  readonly types: readonly { readonly name: string }[];
  readonly functions: readonly string[];
  /** Sequence → the column that it feeds. */
  readonly sequences: Readonly<Record<string, string>>;
  readonly tables: Readonly<
    Record<
      string,
      {
        /** In their order: an upgraded database has another one than a fresh one. */
        readonly columns: Readonly<Record<string, string>>;
        readonly constraints: Readonly<Record<string, string>>;
        readonly indexes: Readonly<Record<string, string>>;
        readonly triggers?: readonly string[];
      }
    >
  >;
}

const FOLDER = join(__dirname, "schema");

/** Imported, so that they are in the bundle of the move's function too, where no file of the project is. */
const CATALOGS: Readonly<Record<RedashSchema, Catalog>> = {
  "25.8.0": fresh,
  "10.1.0": old,
  "10.1.0-upgraded-to-25.8.0": upgraded,
};

export const catalogOf = (schema: RedashSchema): Catalog => CATALOGS[schema];

/** What a query is found by, with its weights (redash/models/__init__.py, `__ts_vector__`). */
const SEARCHED = [
  ["CAST(NEW.id AS TEXT)", "B"],
  ["NEW.name", "A"],
  ["NEW.description", "C"],
  ["NEW.query", "D"],
] as const;

const SEARCH_TRIGGER = `CREATE FUNCTION queries_search_vector_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search_vector = ${SEARCHED.map(([column, weight]) => `setweight(to_tsvector('pg_catalog.simple', coalesce(${column}, '')), '${weight}')`).join(" || ")};
  RETURN NEW;
END
$$;`;

/** Makes the tables of a Redash, empty but for the version, in a database that is empty. The session's role owns them. */
export async function makeSchema(client: pg.Client, schema: RedashSchema): Promise<void> {
  const catalog = catalogOf(schema);
  const tables = Object.entries(catalog.tables);
  const constraints = (of: RegExp) =>
    tables.flatMap(([table, { constraints: all }]) =>
      Object.entries(all)
        .filter(([, definition]) => of.test(definition))
        .map(([name, definition]) => `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition};`),
    );
  const made = new Set(tables.flatMap(([, { constraints: all }]) => Object.keys(all)));
  const statements = [
    // Function bodies name functions that come later.
    "SET check_function_bodies = off;",
    ...(catalog.types.length > 0 ? [readFileSync(join(FOLDER, "searchable.sql"), "utf8")] : []),
    SEARCH_TRIGGER,
    ...Object.keys(catalog.sequences).map((name) => `CREATE SEQUENCE ${name} AS integer;`),
    ...tables.map(
      ([name, { columns }]) =>
        `CREATE TABLE ${name} (${Object.entries(columns)
          .map(([column, type]) => `"${column}" ${type}`)
          .join(", ")});`,
    ),
    ...Object.entries(catalog.sequences).map(
      ([name, column]) => `ALTER SEQUENCE ${name} OWNED BY ${column};`,
    ),
    ...constraints(/^(?:PRIMARY KEY|UNIQUE)/),
    ...constraints(/^FOREIGN KEY/),
    ...tables.flatMap(([, { indexes }]) =>
      Object.entries(indexes)
        .filter(([name]) => !made.has(name))
        .map(([, definition]) => `${definition};`),
    ),
    ...tables.flatMap(([, { triggers }]) => (triggers ?? []).map((trigger) => `${trigger};`)),
    ...catalog.alembic_version.map(
      (version) => `INSERT INTO alembic_version (version_num) VALUES ('${version}');`,
    ),
    "RESET check_function_bodies;",
  ];
  await client.query(statements.join("\n"));
}
