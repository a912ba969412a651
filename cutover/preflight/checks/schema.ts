import { isCarried } from "../../../redash/dms";
import { isOneOf, UNMIGRATED_TYPES } from "../../../redash/dmsTypes";
import { catalogOf, REDASH_SCHEMAS } from "../../adapters/local/redash/schema";
import { type Check, fail, pass, warn } from "../check";
import { known } from "../fact";
import type { CatalogTable } from "../facts/catalog";
import { listed } from "../wording";

/** A check that refuses a kind of object of which a Redash has none. */
const none = (
  it: Pick<Check, "id" | "title" | "why"> & {
    readonly verdict: typeof fail;
    readonly found: (facts: Parameters<Check["judge"]>[0]) => readonly string[];
    readonly fix: (first: string) => string;
  },
): Check => ({
  id: it.id,
  title: it.title,
  why: it.why,
  judge: (facts) => {
    const names = it.found(facts);
    const [first] = names;
    return first === undefined ? pass("none") : it.verdict(listed(names), it.fix(first));
  },
});

/** What is in the source's database besides its rows. */
export const schemaChecks: readonly Check[] = [
  {
    id: "tables-have-keys",
    title: "Every table has a primary key",
    why: "Without one neither an update nor a comparison finds its row; on a published table updates would even fail.",
    judge: ({ source }) => {
      const { tables } = known(source.catalog);
      const keyless = tables.filter(({ key }) => key !== "usable");
      const [first] = keyless;
      if (first === undefined) return pass(`${tables.length} tables`);
      const found = keyless.map(({ name, key }) =>
        key === "none" ? name : `${name} (its key is deferrable)`,
      );
      // Versions of alembic before 0.8.10 made it without.
      const column = first.name === "alembic_version" ? "version_num" : "…";
      return fail(
        listed(found),
        first.key === "none"
          ? `ALTER TABLE ${first.name} ADD PRIMARY KEY (${column})`
          : `make the primary key of ${first.name} anew, without DEFERRABLE`,
      );
    },
  },
  {
    id: "replica-identities",
    title: "Rows are told apart by their primary key",
    why: "With NOTHING updates on the source fail once it is published; with an index the target looks by another key.",
    judge: ({ source }) => {
      const other = known(source.catalog).tables.filter(
        ({ replicaIdentity }) => replicaIdentity !== "d",
      );
      const [first] = other;
      if (first === undefined) return pass("by default");
      const WORDS: Readonly<Record<string, string>> = {
        f: "FULL",
        i: "USING INDEX",
        n: "NOTHING",
      };
      const found = listed(
        other.map((it) => `${it.name} has ${WORDS[it.replicaIdentity] ?? it.replicaIdentity}`),
      );
      const fix = `ALTER TABLE ${first.name} REPLICA IDENTITY DEFAULT`;
      return other.every(({ replicaIdentity }) => replicaIdentity === "f")
        ? warn(`${found}, which is slow`, fix)
        : fail(found, fix);
    },
  },
  none({
    id: "no-unlogged-tables",
    title: "Every table is logged",
    why: "What is not in the WAL is not replicated.",
    verdict: fail,
    found: ({ source }) =>
      known(source.catalog)
        .tables.filter(({ isUnlogged }) => isUnlogged)
        .map(({ name }) => name),
    fix: (first) => `ALTER TABLE ${first} SET LOGGED`,
  }),
  none({
    id: "no-shared-rows",
    title: "No table is partitioned or inherits",
    why: "A comparison would count its rows twice, and replication knows only the parts.",
    verdict: fail,
    found: ({ source }) => {
      const { tables, partitionedTables } = known(source.catalog);
      return [
        ...partitionedTables,
        ...tables.filter(({ isInherited }) => isInherited).map(({ name }) => name),
      ];
    },
    fix: (first) => `move ${first} out of schema public, or make one ordinary table of it`,
  }),
  none({
    id: "no-foreign-tables",
    title: "No table is on another server",
    why: "Its rows are not in this database, and its server is not made on the target.",
    verdict: fail,
    found: ({ source }) => known(source.catalog).foreignTables,
    fix: (first) => `DROP FOREIGN TABLE ${first}; make it on the target after the move`,
  }),
  none({
    id: "no-views",
    title: "There are no views",
    why: "Redash has none; one of somebody else's is made on the target as it is, and may lack what it selects from.",
    verdict: warn,
    found: ({ source }) => known(source.catalog).views,
    fix: (first) =>
      `make sure that it selects from tables of schema public alone, or: DROP VIEW ${first}`,
  }),
  none({
    id: "no-materialized-views",
    title: "There are no materialized views",
    why: "Their rows are not replicated: on the target they could not be read.",
    verdict: fail,
    found: ({ source }) => known(source.catalog).materializedViews,
    fix: (first) => `DROP MATERIALIZED VIEW ${first}; make it on the target after the move`,
  }),
  none({
    id: "no-rules",
    title: "There are no rules on tables",
    why: "Replication does not follow them; what they write elsewhere arrives as rows of its own, or not at all.",
    verdict: warn,
    found: ({ source }) => known(source.catalog).rules,
    fix: (first) => `if nobody needs it: DROP RULE ${first}`,
  }),
  none({
    id: "no-other-schemas",
    title: "Everything is in schema public",
    why: "Other schemas stay behind.",
    verdict: warn,
    found: ({ source }) => known(source.catalog).otherSchemas,
    fix: (first) => `if somebody needs it, carry it by itself: pg_dump --schema=${first}`,
  }),
  none({
    id: "no-large-objects",
    title: "There are no large objects",
    why: "They are not replicated.",
    verdict: warn,
    found: ({ source }) => {
      const { largeObjects } = known(source.catalog);
      return largeObjects === 0 ? [] : [`${largeObjects} large objects`];
    },
    fix: () => "if somebody needs them, carry them by themselves: pg_dump --blobs",
  }),
  none({
    id: "no-event-triggers",
    title: "No event trigger fires on the source",
    why: "It would run with every table and index that the move makes.",
    verdict: warn,
    found: ({ source }) => known(source.catalog).eventTriggers,
    fix: (first) => `for the time of the move: ALTER EVENT TRIGGER ${first} DISABLE`,
  }),
  {
    id: "types-migrate",
    title: "AWS DMS migrates the type of every column",
    why: "It leaves out the others without an error: the column would be empty.",
    transport: "dms",
    judge: ({ source }) => {
      const left = known(source.catalog)
        .tables.filter(({ name }) => !isCarried(name))
        .flatMap((table) =>
          table.columns
            .filter(({ typeName, typeKind, typeCategory }) =>
              isOneOf(UNMIGRATED_TYPES, {
                name: typeName,
                kind: typeKind,
                category: typeCategory,
              }),
            )
            .map(({ name, type }) => `${table.name}.${name} (${type})`),
        );
      return left.length === 0
        ? pass("but for queries, which the move carries itself")
        : fail(listed(left), "move with transport logical");
    },
  },
  {
    id: "schema-known",
    title: "Tables and columns are those of a known Redash",
    why: "What somebody has changed by hand has not been rehearsed.",
    judge: ({ source, data }) => {
      const heads = known(data.alembic);
      const { tables } = known(source.catalog);
      const [nearest] = REDASH_SCHEMAS.map((schema) => ({ schema, ...catalogOf(schema) }))
        .filter(({ alembic_version: [head = ""] }) => heads.includes(head))
        .map((it) => ({ schema: it.schema, differences: differences(tables, it.tables) }))
        .sort((one, other) => one.differences.length - other.differences.length);
      if (nearest === undefined)
        return warn(
          "its columns are not on file, so they were not compared",
          "rehearse with a copy of this database",
        );
      return nearest.differences.length === 0
        ? pass(`those of ${nearest.schema}`)
        : warn(
            `compared with ${nearest.schema}: ${listed(nearest.differences)}`,
            "make sure that this is meant, and rehearse with a copy of this database",
          );
    },
  },
];

/** Differences in names and types; whether a column may be NULL differs between upgraded and fresh ones. */
function differences(
  tables: readonly CatalogTable[],
  wanted: Readonly<Record<string, { readonly columns: Readonly<Record<string, string>> }>>,
): string[] {
  const found: string[] = [];
  for (const { name, columns } of tables) {
    const known = wanted[name]?.columns;
    if (known === undefined) {
      found.push(`table ${name} is not Redash's`);
      continue;
    }
    for (const column of columns) {
      const type = known[column.name]?.replace(/ (?:not null|default ).*$/, "");
      if (type === undefined) found.push(`column ${name}.${column.name} is not Redash's`);
      else if (type !== column.type)
        found.push(`${name}.${column.name} is ${column.type}, not ${type}`);
    }
    for (const column of Object.keys(known)) {
      if (!columns.some((it) => it.name === column))
        found.push(`column ${name}.${column} is missing`);
    }
  }
  for (const name of Object.keys(wanted)) {
    if (!tables.some((it) => it.name === name)) found.push(`table ${name} is missing`);
  }
  return found;
}
