import { known } from "../../../../cutover/preflight/fact";
import type { Facts } from "../../../../cutover/preflight/facts/facts";
import type { Draft } from "../soundFacts";
import type { BrokenCase } from "./brokenCase";

const queries = (facts: Draft<Facts>) =>
  known(facts.source.catalog).tables.find(({ name }) => name === "queries")!;

export const SCHEMA_CASES: readonly BrokenCase[] = [
  [
    "tables-have-keys",
    "fail",
    (facts) =>
      (known(facts.source.catalog).tables.find(({ name }) => name === "alembic_version")!.key =
        "none"),
    "alembic_version",
    "ALTER TABLE alembic_version ADD PRIMARY KEY (version_num)",
  ],
  [
    "tables-have-keys",
    "fail",
    (facts) => (queries(facts).key = "deferrable"),
    "queries (its key is deferrable)",
    "make the primary key of queries anew, without DEFERRABLE",
  ],
  [
    "replica-identities",
    "fail",
    (facts) => (queries(facts).replicaIdentity = "n"),
    "queries has NOTHING",
    "ALTER TABLE queries REPLICA IDENTITY DEFAULT",
  ],
  [
    "replica-identities",
    "warn",
    (facts) => (queries(facts).replicaIdentity = "f"),
    "queries has FULL, which is slow",
    "ALTER TABLE queries REPLICA IDENTITY DEFAULT",
  ],
  [
    "no-unlogged-tables",
    "fail",
    (facts) => (queries(facts).isUnlogged = true),
    "queries",
    "ALTER TABLE queries SET LOGGED",
  ],
  [
    "no-shared-rows",
    "fail",
    (facts) => {
      known(facts.source.catalog).partitionedTables = ["events_by_month"];
      queries(facts).isInherited = true;
    },
    "events_by_month, queries",
    "move events_by_month out of schema public, or make one ordinary table of it",
  ],
  [
    "no-foreign-tables",
    "fail",
    (facts) => (known(facts.source.catalog).foreignTables = ["elsewhere"]),
    "elsewhere",
    "DROP FOREIGN TABLE elsewhere; make it on the target after the move",
  ],
  [
    "no-views",
    "warn",
    (facts) => (known(facts.source.catalog).views = ["v1", "v2", "v3", "v4", "v5", "v6", "v7"]),
    "v1, v2, v3, v4, v5 and 2 more",
    "make sure that it selects from tables of schema public alone, or: DROP VIEW v1",
  ],
  [
    "no-materialized-views",
    "fail",
    (facts) => (known(facts.source.catalog).materializedViews = ["totals"]),
    "totals",
    "DROP MATERIALIZED VIEW totals; make it on the target after the move",
  ],
  [
    "no-rules",
    "warn",
    (facts) => (known(facts.source.catalog).rules = ["audit on queries"]),
    "audit on queries",
    "if nobody needs it: DROP RULE audit on queries",
  ],
  [
    "no-other-schemas",
    "warn",
    (facts) => (known(facts.source.catalog).otherSchemas = ["reports"]),
    "reports",
    "if somebody needs it, carry it by itself: pg_dump --schema=reports",
  ],
  [
    "no-large-objects",
    "warn",
    (facts) => (known(facts.source.catalog).largeObjects = 3),
    "3 large objects",
    "if somebody needs them, carry them by themselves: pg_dump --blobs",
  ],
  [
    "no-event-triggers",
    "warn",
    (facts) => (known(facts.source.catalog).eventTriggers = ["audit_ddl"]),
    "audit_ddl",
    "for the time of the move: ALTER EVENT TRIGGER audit_ddl DISABLE",
  ],
  [
    "types-migrate",
    "fail",
    (facts) => {
      const events = known(facts.source.catalog).tables.find(({ name }) => name === "events")!;
      events.columns[0]!.typeName = "inet";
    },
    "events.id (integer)",
    "move with transport logical",
    "dms",
  ],
  [
    "types-migrate",
    "fail",
    (facts) => {
      const events = known(facts.source.catalog).tables.find(({ name }) => name === "events")!;
      events.columns[0]!.typeKind = "e";
    },
    "events.id (integer)",
    "move with transport logical",
    "dms",
  ],
  [
    "schema-known",
    "warn",
    (facts) => {
      const { tables } = known(facts.source.catalog);
      tables.push({ ...structuredClone(tables[0]!), name: "scratch" });
      tables.splice(
        tables.findIndex(({ name }) => name === "widgets"),
        1,
      );
      const { columns } = queries(facts);
      columns.splice(
        columns.findIndex(({ name }) => name === "tags"),
        1,
        { ...columns[0]!, name: "owner" },
      );
      columns.find(({ name }) => name === "query")!.type = "character varying(10)";
    },
    "compared with 25.8.0: queries.query is character varying(10), not text, column queries.owner is not Redash's, column queries.tags is missing, table scratch is not Redash's, table widgets is missing",
    "make sure that this is meant, and rehearse with a copy of this database",
  ],
];
