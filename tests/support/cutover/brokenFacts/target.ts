import { known } from "../../../../cutover/preflight/fact";
import { type BrokenCase, withVersion } from "./brokenCase";

export const TARGET_CASES: readonly BrokenCase[] = [
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
    withVersion("source", "18.1"),
    "PostgreSQL 17.10, the source 18.1",
    "make the target with 18 or newer",
  ],
  [
    "target-version",
    "warn",
    withVersion("target", "18.1"),
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
    'make sure that nobody needs it, then on the target: DROP VIEW IF EXISTS public."report" CASCADE; DROP ROUTINE IF EXISTS public."helper" CASCADE',
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
    (facts) => {
      facts.target.roleToMake = "redash";
      known(facts.target.role).application = undefined;
      known(facts.target.role).mayMakeRoles = false;
    },
    "there is no role redash, and mover may not make it",
    "ALTER ROLE mover CREATEROLE on the target",
  ],
  [
    "target-application-role",
    "fail",
    (facts) => (known(facts.target.role).name = "redash"),
    "redash is the role of Redash too",
    "name another role in REDASH_DATABASE_URL: prepare makes it, with the password that stands there",
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
    "mover cannot act as redash",
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
