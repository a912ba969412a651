import { type Check, fail, pass, warn } from "../check";
import { known } from "../fact";
import { listed, size } from "../wording";
import { serverChecks } from "./server";

/** Releases between which moves have been rehearsed; before 12 doubles are printed otherwise, and no comparison agrees. */
const OLDEST_MAJOR = 12;
const REHEARSED_MAJOR = 13;
/** What the application writes takes milliseconds; a transaction that is open longer is somebody's at a prompt. */
const OPEN_MS = { warn: 5000, fail: 60_000 } as const;
const LEAST_FREE_SHARE = 0.2;
const GUARD = "default_transaction_read_only";

/** The PostgreSQL of the old host. */
export const sourceDatabaseChecks: readonly Check[] = [
  ...serverChecks("source"),
  {
    id: "source-version",
    title: "The source's PostgreSQL is one that can be moved",
    why: "Older versions lack what replication and verification need.",
    judge: ({ source }) => {
      const { major, version } = known(source.server);
      const found = `PostgreSQL ${version}`;
      if (major < OLDEST_MAJOR)
        return fail(
          found,
          `upgrade the source to ${REHEARSED_MAJOR} or newer first, or move with pg_dump and a pause`,
        );
      return major < REHEARSED_MAJOR
        ? warn(
            `${found}; rehearsed from ${REHEARSED_MAJOR} on`,
            "rehearse with a copy of this database, or upgrade the source first",
          )
        : pass(found);
    },
  },
  {
    id: "source-wal-kept",
    title: "The source keeps WAL as long as the target needs it",
    why: "Beyond max_slot_wal_keep_size the server drops the slot's WAL, and the copy must begin anew.",
    judge: ({ source }) => {
      const { settings, databaseBytes } = known(source.server);
      const megabytes = Number(settings.max_slot_wal_keep_size ?? -1);
      if (megabytes === -1) return pass("without a limit");
      const found = `max_slot_wal_keep_size is ${size(megabytes * 2 ** 20)}, the database ${size(databaseBytes)}`;
      return megabytes * 2 ** 20 >= databaseBytes
        ? pass(found)
        : fail(found, "ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_reload_conf()");
    },
  },
  {
    id: "source-sender-timeout",
    title: "The source waits for AWS DMS long enough, and not too long",
    why: "DMS fails with a wal_sender_timeout below 10 s; from 5 min on a dead task is noticed too late.",
    transport: "dms",
    judge: ({ source }) => {
      const ms = Number(known(source.server).settings.wal_sender_timeout ?? 0);
      const found = `wal_sender_timeout is ${ms} ms`;
      return ms === 0 || (ms >= 10_000 && ms < 300_000)
        ? pass(found)
        : fail(found, "ALTER SYSTEM SET wal_sender_timeout = '60s'; SELECT pg_reload_conf()");
    },
  },
  {
    id: "source-idle-transactions",
    title: "The source lets transactions rest",
    why: "AWS DMS holds idle transactions, and fails when they are ended.",
    transport: "dms",
    judge: ({ source }) => {
      const ms = Number(known(source.server).settings.idle_in_transaction_session_timeout ?? 0);
      const found = `idle_in_transaction_session_timeout is ${ms} ms`;
      return ms === 0
        ? pass(found)
        : fail(
            found,
            "ALTER SYSTEM SET idle_in_transaction_session_timeout = 0; SELECT pg_reload_conf()",
          );
    },
  },
  {
    id: "source-role",
    title: "The moving role of the source may replicate, and is not the application's",
    why: "The fence makes the application's role read-only, and would stop replication with it.",
    judge: ({ source }) => {
      const { name, isSuperuser, mayReplicate, maySubscribe, application } = known(source.role);
      if (name === application?.name)
        return fail(
          `${name} is the role of Redash too`,
          "CREATE ROLE redash_mover SUPERUSER LOGIN with a password of its own, and give that to the move",
        );
      if (!mayReplicate || !maySubscribe)
        return fail(
          `${name} ${mayReplicate ? "may not subscribe" : "may not replicate"}`,
          `ALTER ROLE ${name} SUPERUSER`,
        );
      return pass(`${name}${isSuperuser ? ", a superuser" : ""}`);
    },
  },
  {
    id: "source-task-role",
    title: "AWS DMS has a role of its own on the source",
    why: "The cutover locks this role out, and whoever shares it.",
    transport: "dms",
    judge: ({ source, taskRole = "" }) => {
      const { name, application } = known(source.role);
      return taskRole === name || taskRole === application?.name
        ? fail(
            `${taskRole} is ${taskRole === name ? "the moving role" : "the role of Redash"} too`,
            "CREATE ROLE … SUPERUSER LOGIN with a password of its own, and give that to the endpoint of DMS",
          )
        : pass(taskRole);
    },
  },
  {
    id: "source-task-slots",
    title: "No other task of AWS DMS reads the source's database",
    why: "Slots do not tell whose they are: the move would skip another task's changes, and drop its slot at the end.",
    transport: "dms",
    judge: ({ source, context }) => {
      const [first, ...more] = known(source.replication).dmsSlots;
      if (context.isPrepared || first === undefined)
        return pass(context.isPrepared ? "prepared by this move" : "none does");
      return fail(
        listed([first, ...more]),
        `stop the other task, or move with transport logical; if nobody needs it: SELECT pg_drop_replication_slot('${first}')`,
      );
    },
  },
  {
    id: "source-application-role",
    title: "The application's role exists on the source",
    why: "The fence holds back this role; with a wrong name nobody would be held back.",
    judge: ({ source }) => {
      const { application } = known(source.role);
      if (application === undefined)
        return fail("there is none of this name", "name the role of REDASH_DATABASE_URL");
      return application.mayLogIn
        ? pass(application.name)
        : fail(`${application.name} may not log in`, "name the role of REDASH_DATABASE_URL");
    },
  },
  {
    id: "source-fence-holds",
    title: "Nothing goes before the fence on the source",
    why: "A setting of the role in this database goes before the role's own: writes would go on after the fence.",
    judge: ({ source }) => {
      const application = known(source.role).application;
      const set = application?.settingsHere.find((it) => it.startsWith(`${GUARD}=`));
      return application === undefined || set === undefined
        ? pass("no setting of the role in this database")
        : fail(
            `${application.name} has ${set} in this database`,
            `ALTER ROLE ${application.name} IN DATABASE ${known(source.server).database} RESET ${GUARD}`,
          );
    },
  },
  {
    id: "source-not-fenced",
    title: "The application may write on the source",
    why: "Users cannot write now: an earlier cutover was broken off within its window.",
    judge: ({ source }) => {
      const application = known(source.role).application;
      return application?.settings.includes(`${GUARD}=on`)
        ? fail(
            `${application.name} is read-only`,
            `ALTER ROLE ${application.name} RESET ${GUARD}, then end its sessions: SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${application.name}'`,
          )
        : pass("it is not read-only");
    },
  },
  {
    id: "source-other-roles",
    title: "Nobody but Redash and the move works in the source's database",
    why: "The fence holds back Redash's role alone; what others write within the window would be lost.",
    judge: ({ source, taskRole }) => {
      const { name, application } = known(source.role);
      const expected = [name, application?.name, taskRole];
      const others = known(source.activity).connectedRoles.filter(
        (role) => !expected.includes(role),
      );
      return others.length === 0
        ? pass("nobody else is connected")
        : warn(
            `${listed(others)} ${others.length === 1 ? "is" : "are"} connected`,
            "make sure that they only read, or stop them for the cutover",
          );
    },
  },
  {
    id: "source-open-transactions",
    title: "No transaction of the source stays open",
    why: "A replication slot waits for every transaction that has written to end.",
    judge: ({ source }) => {
      const longest = known(source.activity).transactions.find(({ hasWritten }) => hasWritten);
      if (longest === undefined || longest.ageMs < OPEN_MS.warn) return pass("none is open long");
      const { pid, role, ageMs } = longest;
      const found = `one of ${role} has been open for ${Math.floor(ageMs / 1000)} s (process ${pid})`;
      const fix = `commit it, or end it: SELECT pg_terminate_backend(${pid})`;
      return ageMs < OPEN_MS.fail ? warn(found, fix) : fail(found, fix);
    },
  },
  {
    id: "source-prepared-transactions",
    title: "No transaction of the source waits for the second phase of its commit",
    why: "A replication slot waits for it, and it has no session that could be ended.",
    judge: ({ source }) => {
      const [first, ...more] = known(source.activity).prepared;
      return first === undefined
        ? pass("none")
        : fail(
            listed([first, ...more]),
            `COMMIT PREPARED or ROLLBACK PREPARED, such as: ROLLBACK PREPARED '${first}'`,
          );
    },
  },
  {
    id: "source-idle-slots",
    title: "Every replication slot of the source has a reader",
    why: "For a slot without one the server keeps WAL until its disk is full.",
    judge: ({ source, context }) => {
      const idle = known(source.replication).slots.filter(
        ({ name, isActive }) => !isActive && !name.startsWith("redash_move"),
      );
      const [first] = idle;
      return first === undefined
        ? pass(context.isPrepared ? "but for those of this move" : "none is without")
        : warn(
            listed(idle.map(({ name, keptBytes }) => `${name} keeps ${size(keptBytes)}`)),
            `if nobody needs it: SELECT pg_drop_replication_slot('${first.name}')`,
          );
    },
  },
  {
    id: "source-disk",
    title: "The source's disk has room for the WAL of the copy",
    why: "While the target copies, the source keeps what is written meanwhile; with a full disk it stops.",
    judge: ({ source }) => {
      const { freeBytes, totalBytes } = known(source.storage);
      const needed = Math.max(
        LEAST_FREE_SHARE * totalBytes,
        known(source.server).databaseBytes / 2,
      );
      const found = `${size(freeBytes)} of ${size(totalBytes)} are free, the move needs ${size(needed)}`;
      return freeBytes >= needed
        ? pass(found)
        : fail(found, "free some, enlarge the volume, or delete old query results in Redash");
    },
  },
];
