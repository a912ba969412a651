import { known } from "../../../../cutover/preflight/fact";
import type { BrokenCase } from "./brokenCase";

const proof = (found: string) => ({
  isKnown: true as const,
  value: { what: "it", holds: false, found },
});
export const DATA_CASES: readonly BrokenCase[] = [
  [
    "redash-schema",
    "fail",
    (facts) => (facts.data.alembic = { isKnown: true, value: ["9e8c841d1a30", "db0aca1ebd32"] }),
    "alembic_version has 2 rows: 9e8c841d1a30, db0aca1ebd32",
    "finish the upgrade of Redash first: docker compose run --rm server manage db upgrade",
  ],
  [
    "foreign-keys-hold",
    "fail",
    (facts) =>
      (facts.data.foreignKeys = proof("widgets_dashboard_id_fkey: 2 rows without a parent")),
    "widgets_dashboard_id_fkey: 2 rows without a parent",
    "delete or correct these rows; ALTER TABLE … VALIDATE CONSTRAINT … those that are not validated",
  ],
  [
    "triggers-fire",
    "fail",
    (facts) => (facts.data.triggers = proof("queries_search_vector_trigger is D")),
    "queries_search_vector_trigger is D",
    "ALTER TABLE … ENABLE TRIGGER …; session_replication_role = origin in postgresql.conf",
  ],
  [
    "sequences-ahead",
    "fail",
    (facts) => (facts.data.sequencesAhead = proof("events_id_seq")),
    "events_id_seq",
    "SELECT setval('…', (SELECT max(id) FROM …)) for each of them",
  ],
  ...(
    [
      [0.8, "warn", 80],
      [0.99, "fail", 99],
    ] as const
  ).map(([share, verdict, percent]): BrokenCase => [
    "sequences-left",
    verdict,
    (facts) => (known(facts.data.sequences)[0]!.lastValue = Math.ceil(2_147_483_647 * share)),
    `events_id_seq has used ${percent} %`,
    "ALTER TABLE … ALTER COLUMN id TYPE bigint; ALTER SEQUENCE events_id_seq AS bigint",
  ]),
  [
    "values-fit",
    "fail",
    (facts) => (known(facts.data.largestValues)[0]!.bytes = 600e6),
    "the largest is 600.0 MB in query_results.data",
    "delete this row of query_results; Redash makes query results anew",
  ],
  [
    "lobs-fit",
    "fail",
    (facts) => (known(facts.data.largestValues)[0]!.bytes = 34_952_534),
    "the largest is 35.0 MB in query_results.data, the limit 35.0 MB",
    "delete old query results in Redash, or move with transport logical",
    "dms",
  ],
  [
    "source-key-decrypts",
    "fail",
    (facts) => (facts.data.bySourceKey = proof("data source 1, destination 2")),
    "data source 1, destination 2",
    "give the move REDASH_SECRET_KEY of the source, or its REDASH_COOKIE_SECRET where it has none",
  ],
  [
    "target-key-decrypts",
    "fail",
    (facts) => (facts.data.byTargetKey = proof("data source 1, destination 2")),
    "data source 1, destination 2",
    "import the source's REDASH_SECRET_KEY into the target's secret, and start its tasks anew",
  ],
  [
    "data-sources-movable",
    "warn",
    (facts) =>
      (facts.data.boundDataSources = {
        isKnown: true,
        value: [
          { id: 3, name: "Shop", reason: "it reads files of the source's machine" },
          { id: 5, name: "CRM", reason: "it names a host that only the source's machine knows" },
        ],
      }),
    "data source 3 (Shop): it reads files of the source's machine; data source 5 (CRM): it names a host that only the source's machine knows",
    "give them addresses and credentials that work from the new home, before the move",
  ],
];
