import { qualified } from "../../database/table";
import { type Check, fail, pass, warn } from "../check";
import { known } from "../fact";
import { listed, size } from "../wording";
import { serverChecks } from "./server";

/** The newest PostgreSQL for which AWS DMS is documented. */
const DMS_MAJOR = 17;

/** The PostgreSQL of the new home. */
export const targetDatabaseChecks: readonly Check[] = [
  ...serverChecks("target"),
  {
    id: "sides-differ",
    title: "Source and target are two servers",
    why: "The move would write into the database that it reads.",
    judge: ({ source, target }) =>
      known(source.server).systemId === known(target.server).systemId
        ? fail(
            "both addresses lead to the same server",
            "correct the address of the source or of the target",
          )
        : pass("they are"),
  },
  {
    id: "target-version",
    title: "The target's PostgreSQL is not older than the source's",
    why: "An older server does not understand the source's schema.",
    judge: ({ source, target, transport }) => {
      const { major, version } = known(target.server);
      const from = known(source.server);
      const found = `PostgreSQL ${version}, the source ${from.version}`;
      if (major < from.major) return fail(found, `make the target with ${from.major} or newer`);
      return transport === "dms" && major > DMS_MAJOR
        ? warn(
            `${found}; AWS DMS is documented up to ${DMS_MAJOR}`,
            `make the target with ${DMS_MAJOR}, or move with transport logical`,
          )
        : pass(found);
    },
  },
  {
    id: "target-empty",
    title: "The target's database is empty",
    why: "Rows that are there already collide with those that arrive.",
    judge: ({ target, context }) => {
      if (context.isPrepared) return pass("prepared by this move");
      const catalog = known(target.catalog);
      const there = [
        ["TABLE", [...catalog.tables.map(({ name }) => name), ...catalog.partitionedTables]],
        ["FOREIGN TABLE", catalog.foreignTables],
        ["VIEW", catalog.views],
        ["MATERIALIZED VIEW", catalog.materializedViews],
        ["SEQUENCE", catalog.sequences],
        ["ROUTINE", catalog.functions],
        ["TYPE", catalog.types],
      ] as const;
      const names = there.flatMap(([, of]) => of);
      if (names.length === 0) return pass("nothing is there");
      const drops = there
        .filter(([, of]) => of.length > 0)
        .map(([kind, of]) => `DROP ${kind} IF EXISTS ${of.map(qualified).join(", ")} CASCADE`);
      // The schema stays: extensions in it, its owner and its grants would go with it.
      return fail(
        `schema public has ${listed(names)}`,
        `make sure that nobody needs it, then on the target: ${drops.join("; ")}`,
      );
    },
  },
  {
    id: "target-role",
    title: "The moving role of the target may replicate and subscribe",
    why: "Without it neither the subscription nor the way back can be made.",
    judge: ({ target }) => {
      const { name, mayReplicate, maySubscribe } = known(target.role);
      if (mayReplicate && maySubscribe) return pass(name);
      return fail(
        `${name} ${mayReplicate ? "may not subscribe" : "may not replicate"}`,
        mayReplicate
          ? `GRANT pg_create_subscription TO ${name} (on RDS: GRANT rds_superuser TO ${name})`
          : `ALTER ROLE ${name} REPLICATION (on RDS: GRANT rds_replication TO ${name})`,
      );
    },
  },
  {
    id: "target-role-passes-triggers",
    title: "The moving role of the target may write without firing triggers",
    why: "Rows that AWS DMS does not migrate are carried as they are, search vectors included.",
    transport: "dms",
    judge: ({ target }) => {
      const { name, mayPassTriggers } = known(target.role);
      return mayPassTriggers
        ? pass(`${name} may set session_replication_role`)
        : fail(
            `${name} may not set session_replication_role`,
            `GRANT SET ON PARAMETER session_replication_role TO ${name} (on RDS: GRANT rds_superuser TO ${name})`,
          );
    },
  },
  {
    id: "target-application-role",
    title: "The moving role of the target is not the application's, and can act as it",
    why: "The fence would hold the move back too; and tables are given to the application, into which the move goes on writing.",
    judge: ({ target }) => {
      const { name, mayMakeRoles, application } = known(target.role);
      if (name === (application?.name ?? target.roleToMake))
        return fail(
          `${name} is the role of Redash too`,
          "name another role in REDASH_DATABASE_URL: prepare makes it, with the password that stands there",
        );
      if (application === undefined && target.roleToMake !== undefined)
        return mayMakeRoles
          ? pass(`prepare makes ${target.roleToMake}`)
          : fail(
              `there is no role ${target.roleToMake}, and ${name} may not make it`,
              `ALTER ROLE ${name} CREATEROLE on the target`,
            );
      if (application === undefined)
        return fail(
          "there is no such role",
          "CREATE ROLE … LOGIN with the name and password of REDASH_DATABASE_URL on the target",
        );
      if (!application.mayLogIn)
        return fail(
          `${application.name} may not log in`,
          `ALTER ROLE ${application.name} LOGIN on the target`,
        );
      return application.isOpenToMover
        ? pass(`${name} can act as ${application.name}`)
        : fail(
            `${name} cannot act as ${application.name}`,
            `GRANT ${application.name} TO ${name} on the target (from PostgreSQL 16 on: WITH SET TRUE, INHERIT TRUE)`,
          );
    },
  },
  {
    id: "target-replication-role",
    title: "Triggers and foreign keys work on the target",
    why: "With session_replication_role = replica search finds nothing new, and foreign keys hold nothing, for everybody.",
    judge: ({ target }) => {
      const role = known(target.server).settings.session_replication_role ?? "origin";
      const own = known(target.role).application;
      const ofRole = [...(own?.settings ?? []), ...(own?.settingsHere ?? [])].find(
        (it) => it.startsWith("session_replication_role=") && !it.endsWith("=origin"),
      );
      if (ofRole !== undefined)
        return fail(
          `${own?.name ?? ""} has ${ofRole}`,
          `ALTER ROLE ${own?.name ?? ""} RESET session_replication_role`,
        );
      if (role === "origin") return pass("session_replication_role is origin");
      return fail(
        `session_replication_role is ${role}`,
        "set session_replication_role to origin in the server's configuration (on RDS: in the parameter group)",
      );
    },
  },
  {
    id: "target-extensions",
    title: "The target has the extensions of the source",
    why: "Tables and indexes that use them could not be made.",
    judge: ({ source, target }) => {
      const there = known(target.catalog);
      const missing = known(source.catalog).extensions.filter(
        (name) => !there.extensions.includes(name),
      );
      const [lacking] = missing.filter((name) => !there.availableExtensions.includes(name));
      if (missing.length === 0) return pass(listed(there.extensions));
      return fail(
        `the target lacks ${listed(missing)}`,
        lacking === undefined
          ? `on the target: ${missing.map((name) => `CREATE EXTENSION ${name}`).join("; ")}`
          : `the target's server does not offer ${lacking}: if Redash does not need it, DROP EXTENSION ${lacking} on the source`,
      );
    },
  },
  {
    id: "encodings-equal",
    title: "Both databases are encoded in UTF-8",
    why: "Text would be converted on its way, and some of it cannot be.",
    judge: ({ source, target }) => {
      const [from, to] = [known(source.server).encoding, known(target.server).encoding];
      const found = `source ${from}, target ${to}`;
      return from === "UTF8" && to === "UTF8"
        ? pass(found)
        : fail(
            found,
            "make the target's database with ENCODING 'UTF8' TEMPLATE template0; dump and restore a source that is not",
          );
    },
  },
  {
    id: "collations-equal",
    title: "Both databases sort alike",
    why: "Lists in Redash would be in another order; nothing is lost, as indexes are made anew.",
    judge: ({ source, target }) => {
      const [from, to] = [known(source.server).collation, known(target.server).collation];
      const found = `source ${from}, target ${to}`;
      return from === to
        ? pass(found)
        : warn(
            found,
            `if the order matters, make the target's database with LOCALE '${from}' TEMPLATE template0`,
          );
    },
  },
  {
    id: "target-disk",
    title: "The target's disk has room for the data twice",
    why: "Indexes are built beside the rows, and WAL is kept for the way back.",
    judge: ({ source, target }) => {
      const needed = 2 * known(source.server).databaseBytes;
      // What has arrived already needs no room any more.
      const room = known(target.storage).freeBytes + known(target.server).databaseBytes;
      const found = `there is room for ${size(room)}, the move needs ${size(needed)}`;
      return room >= needed
        ? pass(found)
        : fail(found, `enlarge the target's storage by ${size(needed - room)}`);
    },
  },
];
