import { known } from "../../../../cutover/preflight/fact";
import { type BrokenCase, withVersion } from "./brokenCase";

export const SOURCE_CASES: readonly BrokenCase[] = [
  [
    "source-version",
    "fail",
    withVersion("source", "11.22"),
    "PostgreSQL 11.22",
    "upgrade the source to 13 or newer first, or move with pg_dump and a pause",
  ],
  [
    "source-version",
    "warn",
    withVersion("source", "12.4"),
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
  ...(
    [
      ["mover", "the moving role"],
      ["redash", "the role of Redash"],
    ] as const
  ).map(([role, words]): BrokenCase => [
    "source-task-role",
    "fail",
    (facts) => (facts.taskRole = role),
    `${role} is ${words} too`,
    "CREATE ROLE … SUPERUSER LOGIN with a password of its own, and give that to the endpoint of DMS",
    "dms",
  ]),
  [
    "source-task-slots",
    "fail",
    (facts) => (known(facts.source.replication).dmsSlots = ["ngu3khaaeefpdnzl_00017102_c872"]),
    "ngu3khaaeefpdnzl_00017102_c872",
    "stop the other task, or move with transport logical; if nobody needs it: SELECT pg_drop_replication_slot('ngu3khaaeefpdnzl_00017102_c872')",
    "dms",
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
