import { type Fact, known } from "../../../cutover/preflight/fact";
import type { Facts } from "../../../cutover/preflight/facts/facts";
import type { Draft } from "./soundFacts";

/** A check, and a world that is sound but for what this check must find. */
export type BrokenCase = readonly [
  id: string,
  verdict: "warn" | "fail",
  breakIt: (facts: Draft<Facts>) => void,
  found: string,
  fix: string,
  transport?: Facts["transport"],
];

const restart = (name: string, value: string | number, onRds = name) =>
  `ALTER SYSTEM SET ${name} = ${value}, then restart PostgreSQL (on RDS: ${onRds} in the parameter group, then reboot)`;
const unknown = (reason: string): Fact<never> => ({ isKnown: false, reason });
const proof = (found: string) => ({
  isKnown: true as const,
  value: { what: "it", holds: false, found },
});
const queries = (facts: Draft<Facts>) =>
  known(facts.source.catalog).tables.find(({ name }) => name === "queries")!;

/** Cases of both sides' servers. */
const SERVER = (["source", "target"] as const).flatMap((side): BrokenCase[] => {
  const other = side === "source" ? "target" : "source";
  const server = (facts: Draft<Facts>) => known(facts[side].server);
  const replication = (facts: Draft<Facts>) => known(facts[side].replication);
  const needed = side === "source" ? 4 : 2;
  return [
    [
      `${side}-is-primary`,
      "fail",
      (facts) => (server(facts).isStandby = true),
      "it is a standby",
      "give the move the address of the primary",
    ],
    [
      `${side}-wal-level`,
      "fail",
      (facts) => (server(facts).settings.wal_level = "replica"),
      "wal_level is replica",
      restart("wal_level", "logical", "rds.logical_replication = 1"),
    ],
    [
      `${side}-slots`,
      "fail",
      (facts) =>
        (replication(facts).slots = Array.from({ length: 9 }, (_, index) => ({
          name: `standby_${index}`,
          isActive: true,
          keptBytes: 0,
        }))),
      `1 of 10 are free, the move needs ${needed}`,
      restart("max_replication_slots", 9 + needed),
    ],
    [
      `${side}-senders`,
      "fail",
      (facts) => (replication(facts).senders = 10),
      `0 of 10 senders are free, the move needs ${side === "source" ? 3 : 1}`,
      restart("max_wal_senders", side === "source" ? 13 : 11),
    ],
    [
      `${side}-receivers`,
      "fail",
      (facts) => (server(facts).settings.max_logical_replication_workers = "0"),
      `max_logical_replication_workers is 0 and max_worker_processes 8; the move needs ${side === "source" ? "1 and 2" : "3 and 4"}`,
      restart("max_logical_replication_workers", side === "source" ? 1 : 3),
    ],
    [
      `${side}-receivers`,
      "fail",
      (facts) => (server(facts).settings.max_worker_processes = "1"),
      `max_logical_replication_workers is 4 and max_worker_processes 1; the move needs ${side === "source" ? "1 and 2" : "3 and 4"}`,
      restart("max_worker_processes", side === "source" ? 2 : 4),
    ],
    [
      `${side}-origins`,
      "fail",
      (facts) => (replication(facts).origins = 10),
      `0 of 10 are free, the move needs ${side === "source" ? 1 : 3}`,
      restart("max_replication_slots", side === "source" ? 11 : 13),
    ],
    [
      `${side}-no-timeouts`,
      "fail",
      (facts) => {
        server(facts).settings.statement_timeout = "30000";
        server(facts).settings.transaction_timeout = "60000";
      },
      "statement_timeout is 30000 ms, transaction_timeout is 60000 ms",
      "ALTER ROLE mover SET statement_timeout = 0; ALTER ROLE mover SET transaction_timeout = 0",
    ],
    [
      `${side}-connections`,
      "fail",
      (facts) => (server(facts).freeConnections = 9),
      "9 sessions are free, the move needs 10",
      "end idle sessions, or raise max_connections and restart PostgreSQL",
    ],
    [
      `${side}-reaches-${other}`,
      "fail",
      (facts) =>
        (facts[side].reachesOther = {
          isKnown: true,
          value: { isReached: false, words: "could not connect to the publisher: timeout" },
        }),
      "could not connect to the publisher: timeout",
      `let the ${side}'s server reach the ${other}'s as a subscriber: address, port, security group, pg_hba.conf, password, and a role with REPLICATION`,
    ],
    [
      `${side}-no-leftovers`,
      "fail",
      (facts) => {
        replication(facts).slots = [{ name: "redash_move", isActive: false, keptBytes: 5 }];
        replication(facts).publications = ["analytics", "redash_move"];
        replication(facts).subscriptions = ["redash_move_back"];
        replication(facts).hasMoveSchema = true;
        replication(facts).dmsObjects = ["EVENT TRIGGER awsdms_intercept_ddl", "SCHEMA awsdms"];
      },
      "subscription redash_move_back, slot redash_move, publication redash_move, schema redash_move, EVENT TRIGGER awsdms_intercept_ddl and 1 more",
      `on the ${side}: ALTER SUBSCRIPTION redash_move_back DISABLE; ALTER SUBSCRIPTION redash_move_back SET (slot_name = NONE); DROP SUBSCRIPTION redash_move_back; SELECT pg_drop_replication_slot('redash_move'); DROP PUBLICATION redash_move; DROP SCHEMA redash_move CASCADE; DROP EVENT TRIGGER awsdms_intercept_ddl CASCADE; DROP SCHEMA awsdms CASCADE`,
    ],
  ];
});

const SOURCE: readonly BrokenCase[] = [
  [
    "source-version",
    "fail",
    (facts) => {
      known(facts.source.server).version = "10.23";
      known(facts.source.server).major = 10;
    },
    "PostgreSQL 10.23",
    "upgrade the source to 13 or newer first, or move with pg_dump and a pause",
  ],
  [
    "source-version",
    "warn",
    (facts) => {
      known(facts.source.server).version = "12.4";
      known(facts.source.server).major = 12;
    },
    "PostgreSQL 12.4; rehearsed from 13 on",
    "rehearse with a copy of this database, or upgrade the source first",
  ],
  [
    "source-wal-kept",
    "fail",
    (facts) => (known(facts.source.server).settings.max_slot_wal_keep_size = "1024"),
    "max_slot_wal_keep_size is 1.1 GB, the database 20.0 GB",
    "ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_reload_conf()",
  ],
  ...(["5000", "300000"] as const).map((ms): BrokenCase => [
    "source-sender-timeout",
    "fail",
    (facts) => (known(facts.source.server).settings.wal_sender_timeout = ms),
    `wal_sender_timeout is ${ms} ms`,
    "ALTER SYSTEM SET wal_sender_timeout = '60s'; SELECT pg_reload_conf()",
    "dms",
  ]),
  [
    "source-idle-transactions",
    "fail",
    (facts) => (known(facts.source.server).settings.idle_in_transaction_session_timeout = "60000"),
    "idle_in_transaction_session_timeout is 60000 ms",
    "ALTER SYSTEM SET idle_in_transaction_session_timeout = 0; SELECT pg_reload_conf()",
    "dms",
  ],
  [
    "source-role",
    "fail",
    (facts) => {
      known(facts.source.role).name = "postgres";
      known(facts.source.role).application!.name = "postgres";
      known(facts.source.activity).connectedRoles = ["postgres"];
    },
    "postgres is the role of Redash too",
    "CREATE ROLE redash_mover SUPERUSER LOGIN with a password of its own, and give that to the move",
  ],
  [
    "source-role",
    "fail",
    (facts) => (known(facts.source.role).mayReplicate = false),
    "mover may not replicate",
    "ALTER ROLE mover SUPERUSER",
  ],
  [
    "source-role",
    "fail",
    (facts) => (known(facts.source.role).maySubscribe = false),
    "mover may not subscribe",
    "ALTER ROLE mover SUPERUSER",
  ],
  [
    "source-application-role",
    "fail",
    (facts) => {
      known(facts.source.role).application = undefined;
      known(facts.source.activity).connectedRoles = ["mover"];
    },
    "there is none of this name",
    "name the role of REDASH_DATABASE_URL",
  ],
  [
    "source-application-role",
    "fail",
    (facts) => (known(facts.source.role).application!.mayLogIn = false),
    "redash may not log in",
    "name the role of REDASH_DATABASE_URL",
  ],
  [
    "source-fence-holds",
    "fail",
    (facts) =>
      (known(facts.source.role).application!.settingsHere = ["default_transaction_read_only=off"]),
    "redash has default_transaction_read_only=off in this database",
    "ALTER ROLE redash IN DATABASE redash RESET default_transaction_read_only",
  ],
  [
    "source-not-fenced",
    "fail",
    (facts) =>
      (known(facts.source.role).application!.settings = ["default_transaction_read_only=on"]),
    "redash is read-only",
    "ALTER ROLE redash RESET default_transaction_read_only, then end its sessions: SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'redash'",
  ],
  [
    "source-other-roles",
    "warn",
    (facts) => (known(facts.source.activity).connectedRoles = ["bi", "mover", "redash"]),
    "bi is connected",
    "make sure that they only read, or stop them for the cutover",
  ],
  ...(
    [
      [5000, "warn"],
      [60_000, "fail"],
    ] as const
  ).map(([ageMs, verdict]): BrokenCase => [
    "source-open-transactions",
    verdict,
    (facts) =>
      (known(facts.source.activity).transactions = [
        { pid: 1, role: "redash", ageMs: 900_000, hasWritten: false },
        { pid: 41, role: "redash", ageMs, hasWritten: true },
      ]),
    `one of redash has been open for ${ageMs / 1000} s (process 41)`,
    "commit it, or end it: SELECT pg_terminate_backend(41)",
  ]),
  [
    "source-prepared-transactions",
    "fail",
    (facts) => (known(facts.source.activity).prepared = ["one", "two"]),
    "one, two",
    "COMMIT PREPARED or ROLLBACK PREPARED, such as: ROLLBACK PREPARED 'one'",
  ],
  [
    "source-idle-slots",
    "warn",
    (facts) =>
      (known(facts.source.replication).slots = [
        { name: "forgotten", isActive: false, keptBytes: 3.21e9 },
      ]),
    "forgotten keeps 3.2 GB",
    "if nobody needs it: SELECT pg_drop_replication_slot('forgotten')",
  ],
  [
    "source-disk",
    "fail",
    (facts) => (known(facts.source.storage).freeBytes = 19e9),
    "19.0 GB of 100.0 GB are free, the move needs 20.0 GB",
    "free some, enlarge the volume, or delete old query results in Redash",
  ],
  [
    "source-disk",
    "fail",
    (facts) => {
      known(facts.source.server).databaseBytes = 130e9;
      known(facts.target.storage).freeBytes = 300e9;
    },
    "60.0 GB of 100.0 GB are free, the move needs 65.0 GB",
    "free some, enlarge the volume, or delete old query results in Redash",
  ],
];

const TARGET: readonly BrokenCase[] = [
  [
    "sides-differ",
    "fail",
    (facts) => (known(facts.target.server).systemId = "source"),
    "both addresses lead to the same server",
    "correct the address of the source or of the target",
  ],
  [
    "target-version",
    "fail",
    (facts) => {
      known(facts.source.server).version = "18.1";
      known(facts.source.server).major = 18;
    },
    "PostgreSQL 17.10, the source 18.1",
    "make the target with 18 or newer",
  ],
  [
    "target-version",
    "warn",
    (facts) => {
      known(facts.target.server).version = "18.1";
      known(facts.target.server).major = 18;
    },
    "PostgreSQL 18.1, the source 13.23; AWS DMS is documented up to 17",
    "make the target with 17, or move with transport logical",
    "dms",
  ],
  [
    "target-empty",
    "fail",
    (facts) => {
      known(facts.target.catalog).views = ["report"];
      known(facts.target.catalog).functions = ["helper"];
    },
    "schema public has report, helper",
    "make sure that nobody needs it, then on the target: DROP SCHEMA public CASCADE; CREATE SCHEMA public",
  ],
  [
    "target-role",
    "fail",
    (facts) => (known(facts.target.role).maySubscribe = false),
    "mover may not subscribe",
    "GRANT pg_create_subscription TO mover (on RDS: GRANT rds_superuser TO mover)",
  ],
  [
    "target-role",
    "fail",
    (facts) => (known(facts.target.role).mayReplicate = false),
    "mover may not replicate",
    "ALTER ROLE mover REPLICATION (on RDS: GRANT rds_replication TO mover)",
  ],
  [
    "target-role-passes-triggers",
    "fail",
    (facts) => (known(facts.target.role).mayPassTriggers = false),
    "mover may not set session_replication_role",
    "GRANT SET ON PARAMETER session_replication_role TO mover (on RDS: GRANT rds_superuser TO mover)",
    "dms",
  ],
  [
    "target-application-role",
    "fail",
    (facts) => (known(facts.target.role).application = undefined),
    "there is no such role",
    "CREATE ROLE … LOGIN with the name and password of REDASH_DATABASE_URL on the target",
  ],
  [
    "target-application-role",
    "fail",
    (facts) => (known(facts.target.role).application!.mayLogIn = false),
    "redash may not log in",
    "ALTER ROLE redash LOGIN on the target",
  ],
  [
    "target-application-role",
    "fail",
    (facts) => (known(facts.target.role).application!.isOpenToMover = false),
    "mover cannot SET ROLE to redash",
    "GRANT redash TO mover on the target (from PostgreSQL 16 on: WITH SET TRUE, INHERIT TRUE)",
  ],
  [
    "target-replication-role",
    "fail",
    (facts) => (known(facts.target.server).settings.session_replication_role = "replica"),
    "session_replication_role is replica",
    "set session_replication_role to origin in the server's configuration (on RDS: in the parameter group)",
  ],
  [
    "target-replication-role",
    "warn",
    (facts) => (known(facts.target.server).settings.session_replication_role = "replica"),
    "session_replication_role is replica",
    "set session_replication_role to origin in the server's configuration (on RDS: in the parameter group) before the cutover",
    "dms",
  ],
  [
    "target-replication-role",
    "fail",
    (facts) =>
      (known(facts.target.role).application!.settings = ["session_replication_role=replica"]),
    "redash has session_replication_role=replica",
    "ALTER ROLE redash RESET session_replication_role",
  ],
  [
    "target-extensions",
    "fail",
    (facts) => known(facts.source.catalog).extensions.push("pg_trgm"),
    "the target lacks pg_trgm",
    "on the target: CREATE EXTENSION pg_trgm",
  ],
  [
    "target-extensions",
    "fail",
    (facts) => known(facts.source.catalog).extensions.push("pg_trgm", "timescaledb"),
    "the target lacks pg_trgm, timescaledb",
    "the target's server does not offer timescaledb: if Redash does not need it, DROP EXTENSION timescaledb on the source",
  ],
  [
    "encodings-equal",
    "fail",
    (facts) => (known(facts.source.server).encoding = "SQL_ASCII"),
    "source SQL_ASCII, target UTF8",
    "make the target's database with ENCODING 'UTF8' TEMPLATE template0; dump and restore a source that is not",
  ],
  [
    "collations-equal",
    "warn",
    (facts) => (known(facts.source.server).collation = "en_US.utf8"),
    "source en_US.utf8, target C.UTF-8",
    "if the order matters, make the target's database with LOCALE 'en_US.utf8' TEMPLATE template0",
  ],
  [
    "target-disk",
    "fail",
    (facts) => (known(facts.target.storage).freeBytes = 30e9),
    "there is room for 30.0 GB, the move needs 40.0 GB",
    "enlarge the target's storage by 10.0 GB",
  ],
];

const SCHEMA: readonly BrokenCase[] = [
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

const DATA: readonly BrokenCase[] = [
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

const QUEUE: readonly BrokenCase[] = [
  ...(["source", "target"] as const).flatMap((side): BrokenCase[] => [
    [
      `${side}-queue-no-cluster`,
      "fail",
      (facts) => (known(facts[side].queue).isCluster = true),
      "cluster_enabled is 1",
      "make the cache anew with cluster mode disabled",
    ],
    [
      `${side}-queue-keeps-jobs`,
      side === "source" ? "warn" : "fail",
      (facts) => (known(facts[side].queue).evictionPolicy = "volatile-lru"),
      "maxmemory-policy is volatile-lru",
      "CONFIG SET maxmemory-policy noeviction (on ElastiCache: in the parameter group)",
    ],
  ]),
  [
    "source-queue-open",
    "fail",
    (facts) => (facts.source.isSuspended = { isKnown: true, value: true }),
    "the key rq:suspended is set",
    "rq resume, or DEL rq:suspended",
  ],
  [
    "source-backlog",
    "warn",
    (facts) => (known(facts.source.backlog).waiting = { emails: 1, queries: 500, schemas: 0 }),
    "0 jobs at work, 501 waiting: 1 in emails, 500 in queries",
    "wait for a quieter hour, start more workers, or give the drain more time",
  ],
  [
    "target-queue-empty",
    "fail",
    (facts) => (known(facts.target.backlog).waiting = { emails: 2, queries: 0 }),
    "0 jobs at work, 2 waiting: 2 in emails",
    "stop whatever fills it (a scheduler?), then DEL rq:queue:… for each of them",
  ],
  [
    "target-queue-empty",
    "fail",
    (facts) => (known(facts.target.backlog).running = ["a job"]),
    "1 jobs at work, 0 waiting",
    "stop whatever fills it (a scheduler?), then DEL rq:queue:… for each of them",
  ],
  [
    "target-queue-memory",
    "fail",
    (facts) => (known(facts.source.queue).usedBytes = 600e6),
    "with what the source uses 610.0 MB of 1.0 GB",
    "choose a larger node type",
  ],
  [
    "target-queues-consumed",
    "fail",
    (facts) => {
      known(facts.data.queues).push("slow");
      delete known(facts.target.consumers)["emails"];
    },
    "no worker listens to emails, slow",
    "give a worker kind these queues, and start it: emails, slow",
  ],
];

const SERVICES = "look at the service's events and at the logs of its tasks";

const WORKLOAD: readonly BrokenCase[] = [
  [
    "traffic-to-source",
    "fail",
    (facts) => (facts.traffic.goesTo = { isKnown: true, value: "target" }),
    "to the target",
    "if the move is done: npm run move -- finish; if not: npm run move -- status",
  ],
  [
    "source-healthy",
    "fail",
    (facts) => (facts.traffic.healthySources = { isKnown: true, value: 0 }),
    "no healthy target",
    "let the load balancer reach GET /ping of the source",
  ],
  [
    "target-healthy",
    "fail",
    (facts) => (facts.traffic.healthyTargets = { isKnown: true, value: 0 }),
    "no healthy target",
    "start the servers of the target, and let the load balancer reach their GET /ping",
  ],
  [
    "source-servers-run",
    "fail",
    (facts) => (known(facts.source.servers).running = 0),
    "0 of 1 running",
    "docker compose up -d server",
  ],
  [
    "source-workers-run",
    "fail",
    (facts) => (facts.source.workers = { isKnown: true, value: { running: 0, wanted: 0 } }),
    "0 of 1 running",
    "docker compose up -d",
  ],
  [
    "source-scheduler-runs",
    "warn",
    (facts) => (known(facts.source.scheduler).running = 2),
    "2 running",
    "docker compose up -d --scale scheduler=1 scheduler",
  ],
  [
    "source-scheduler-runs",
    "warn",
    (facts) => (known(facts.source.scheduler).running = 0),
    "0 running",
    "docker compose up -d --scale scheduler=1 scheduler",
  ],
  [
    "target-servers-run",
    "fail",
    (facts) => (facts.target.servers = { isKnown: true, value: { running: 1, wanted: 2 } }),
    "1 of 2 running",
    SERVICES,
  ],
  [
    "target-workers-run",
    "fail",
    (facts) => (facts.target.workers = { isKnown: true, value: { running: 2, wanted: 3 } }),
    "2 of 3 running",
    SERVICES,
  ],
  [
    "target-scheduler-stopped",
    "fail",
    (facts) => (known(facts.target.scheduler).running = 1),
    "1 running",
    "scale the scheduler of the target to 0 (redash:phase replicating does)",
  ],
  [
    "releases-equal",
    "fail",
    (facts) => (facts.target.redash = { isKnown: true, value: "26.3.0" }),
    "source 25.8.0, target 26.3.0",
    "run 25.8.0 on the target; upgrade after the move",
  ],
  [
    "release-fits-schema",
    "fail",
    (facts) => {
      facts.source.redash = { isKnown: true, value: "25.1.0" };
      facts.target.redash = { isKnown: true, value: "25.1.0" };
    },
    "Redash 25.1.0, schema db0aca1ebd32; its own is 9e8c841d1a30",
    "docker compose run --rm server manage db upgrade, after a backup",
  ],
  [
    "release-fits-schema",
    "warn",
    (facts) => {
      facts.source.redash = { isKnown: true, value: "24.05.0-dev" };
      facts.target.redash = { isKnown: true, value: "24.05.0-dev" };
    },
    "Redash 24.05.0-dev, schema db0aca1ebd32; the release's own is not on file",
    "rehearse with a copy first",
  ],
];

const RUN: readonly BrokenCase[] = [
  [
    "no-interrupted-act",
    "fail",
    (facts) =>
      (facts.context.interrupted = { act: "cutover", sinceMs: Date.UTC(2026, 0, 2, 3, 4) }),
    "cutover, since 2026-01-02T03:04:00.000Z",
    "npm run move -- cutover, which takes it up or undoes it",
  ],
  [
    "lock-free",
    "fail",
    (facts) => (facts.context.lockHolder = "process 12 on this host"),
    "process 12 on this host",
    "let it end; a lock is removed only if its holder is dead",
  ],
  [
    "clocks-agree",
    "fail",
    (facts) => {
      known(facts.ways.source).aheadMs = -2000;
      known(facts.ways.target).aheadMs = 3100;
    },
    "against this machine: source -2.0 s, target +3.1 s",
    "switch on time synchronisation where it is wrong (chrony, or timedatectl set-ntp true)",
  ],
  [
    "schema-dump",
    "fail",
    (facts) => (facts.data.schemaStatements = unknown("pg_dump: error: server version mismatch")),
    "pg_dump: error: server version mismatch",
    "install PostgreSQL's client tools of the source's version or newer, so that pg_dump is on PATH",
  ],
  [
    "schema-dump",
    "fail",
    (facts) => (facts.data.schemaStatements = { isKnown: true, value: 0 }),
    "it writes nothing",
    "give the move the database of REDASH_DATABASE_URL",
  ],
  ...(
    [
      [80, "warn"],
      [200, "fail"],
    ] as const
  ).map(([roundTripMs, verdict]): BrokenCase => [
    "write-outage-budget",
    verdict,
    (facts) => (known(facts.ways.target).roundTripMs = roundTripMs),
    `about ${40 * roundTripMs + 30} of 5000 ms pass in waiting for answers`,
    "run the move closer to the databases (in their VPC), or raise the budget",
  ]),
];

/** What one check finds, and no other one. */
export const BROKEN: readonly BrokenCase[] = [
  ...SERVER,
  ...SOURCE,
  ...TARGET,
  ...SCHEMA,
  ...DATA,
  ...QUEUE,
  ...WORKLOAD,
  ...RUN,
];

/** What one check finds, and what hides from others what they need. */
export const BLINDING: readonly BrokenCase[] = (["source", "target"] as const).flatMap(
  (side): BrokenCase[] => [
    [
      `${side}-reachable`,
      "fail",
      (facts) => (facts[side].server = unknown("connect ECONNREFUSED 10.0.0.5:5432")),
      "connect ECONNREFUSED 10.0.0.5:5432",
      "let this machine reach it: address, port, firewall or security group, pg_hba.conf, password",
    ],
    [
      `${side}-queue-reachable`,
      "fail",
      (facts) => (facts[side].queue = unknown("WRONGPASS invalid username-password pair")),
      "WRONGPASS invalid username-password pair",
      "let this machine reach it: address, port, security group, TLS (rediss://), password",
    ],
  ],
);
