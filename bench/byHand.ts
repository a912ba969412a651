import { spawn } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import { binary } from "../cutover/adapters/local/binary";
import type { LocalSideDescription } from "../cutover/adapters/local/description";
import { type LocalWorld, startLocalWorld } from "../cutover/adapters/local/world";
import { withPasswordFile } from "../cutover/adapters/passwordFile";
import { awaitArrival } from "../cutover/database/marker";
import { systemClock } from "../cutover/engine/clock";
import { runPlan } from "../cutover/engine/engine";
import type { Entry } from "../cutover/engine/journal";
import { startUsers } from "../cutover/rehearsal/livingUsers";
import { now } from "../cutover/rehearsal/users";
import { planOf } from "../cutover/steps/acts";

type Connection = LocalSideDescription["database"];

const TIMES = { writeOutageBudgetMs: 60_000, drainDeadlineMs: 2000, longDeadlineMs: 3_600_000 };

/** How long server, worker and scheduler take until they are ready, milliseconds. */
export const READY_MS = {
  /** As long as it takes them here, a fifth of a second. */
  standIns: 0,
  /** Redash 25.8.0 was observed to take 1.5 to 2.4 s, on a machine like this. */
  redash: 1950,
} as const;

/**
 * The team's cutover, step by step as they did it, without the minutes that people need between two commands: everything
 * stopped, replication caught up, `queries` dumped and restored, sequences set by a DO block, everything started, the
 * load balancer switched.
 * @param readyMs how long a process takes to start at the least
 * @returns milliseconds in which users could not write
 */
export async function outageByHand(megabytes: number, readyMs: number): Promise<number> {
  const local = await startLocalWorld({ megabytes, transport: "dms" });
  try {
    await replicated(local);
    const { users } = await startUsers(local);
    await systemClock.sleep(1000);
    const began = now();
    const { source, target } = local.processes;
    await source.stop("scheduler");
    await source.stop("workers");
    await source.stop("servers");
    await target.stop("servers");
    await caughtUp(local);
    await dumpedAndRestored(local);
    const client = await local.administrator("target");
    await client.query(SEQUENCES);
    await client.end();
    await Promise.all([
      target.start("servers"),
      target.start("workers"),
      target.start("scheduler"),
      systemClock.sleep(readyMs),
    ]);
    await local.world.traffic.flipTo("target", AbortSignal.timeout(10_000));
    await systemClock.sleep(1000);
    const { writeGap } = await users.experience(began - 500);
    await users.end();
    return writeGap.lengthMs;
  } finally {
    await local.remove();
  }
}

/** Everything but `queries` is on the target and kept up to date, as the team had it before their window. */
async function replicated(local: LocalWorld): Promise<void> {
  const entries: Entry[] = [];
  for (const act of ["prepare", "replicate"] as const) {
    const { outcome, reason } = await runPlan(planOf(act, local.world, TIMES), {
      clock: systemClock,
      journal: {
        read: () => Promise.resolve(entries),
        append: (...more) => {
          entries.push(...more);
          return Promise.resolve();
        },
      },
      lock: {
        acquire: () => Promise.resolve(() => Promise.resolve()),
        heldBy: () => Promise.resolve(undefined),
      },
      run: act,
    });
    if (outcome !== "done") throw new Error(reason);
  }
  const client = await local.administrator("target");
  await client.query(
    `SET session_replication_role = replica; DELETE FROM queries; ALTER ROLE ${local.description.target.applicationRole} RESET default_transaction_read_only`,
  );
  await client.end();
}

async function caughtUp(local: LocalWorld): Promise<void> {
  const [from, to] = [await local.administrator("source"), await local.administrator("target")];
  await awaitArrival(from, to, { clock: systemClock, signal: AbortSignal.timeout(60_000) });
  await Promise.all([from.end(), to.end()]);
}

const dumpedAndRestored = (local: LocalWorld): Promise<void> =>
  piped(
    local.description.source.database,
    asSuperuser(local, local.description.target.database.database),
    "--data-only",
    "--disable-triggers",
    "--table=public.queries",
  );

/** A whole database, as `pg_dump | psql` copies it. @returns milliseconds */
export async function copyByHand(local: LocalWorld): Promise<number> {
  const administrator = new pg.Client(asSuperuser(local, "postgres"));
  await administrator.connect();
  await administrator.query("CREATE DATABASE copied");
  const started = performance.now();
  await piped(
    local.description.source.database,
    asSuperuser(local, "copied"),
    // Roles are not copied, so neither is what belongs to them.
    "--no-owner",
    "--no-privileges",
  );
  const took = performance.now() - started;
  await administrator.query("DROP DATABASE copied");
  await administrator.end();
  return took;
}

/** The target's superuser: RDS's master user may not switch triggers off, which is how `queries` is restored. */
function asSuperuser({ servers, description }: LocalWorld, database: string): Connection {
  const { user, password } = servers.target.connection;
  return { ...description.target.database, user, password, database };
}

/** `pg_dump | psql`. @throws Error if one of them fails */
async function piped(
  from: Connection,
  into: Connection,
  ...what: readonly string[]
): Promise<void> {
  const [dumping, restoring] = [await binary("pgDump"), await binary("psql")];
  const codes = await withPasswordFile(from.password, (ofSource) =>
    withPasswordFile(into.password, (ofTarget) => {
      const dump = spawn(dumping, [...what, ...where(from)], {
        env: ofSource,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const restore = spawn(
        restoring,
        ["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null", ...where(into)],
        { env: ofTarget, stdio: [dump.stdout, "inherit", "inherit"] },
      );
      // Our own end of the pipe: left open, a dump whose restore has failed would wait for ever.
      dump.stdout.destroy();
      return Promise.all([once(dump, "exit"), once(restore, "exit")]);
    }),
  );
  if (codes.some(([code]) => code !== 0)) throw new Error("dump and restore failed");
}

const where = ({ host, port, user, database }: Connection) => [
  `--host=${host}`,
  `--port=${port}`,
  `--username=${user}`,
  "--no-password",
  `--dbname=${database}`,
];

/** As the team had it. */
const SEQUENCES = `DO $$
DECLARE it record;
BEGIN
  FOR it IN SELECT s.relname AS sequence, t.relname AS "table", a.attname AS "column"
              FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype = 'a'
              JOIN pg_class t ON t.oid = d.refobjid
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
             WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('SELECT setval(%L, coalesce((SELECT max(%I) FROM public.%I), 0) + 1, false)', 'public.' || it.sequence, it."column", it."table");
  END LOOP;
END $$`;
