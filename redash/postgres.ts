/**
 * What follows from a PostgreSQL version on RDS: families and versions as of
 * https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
 */

/** Parameter group family of a version, such as `postgres17` of `17` and of `17.6`. */
export const postgresFamily = (version: string): string => `postgres${version.split(".")[0] ?? ""}`;

/** Whether a version names its minor: then no minor upgrade may come by itself, or the next preview would undo it. */
export const isPinnedMinor = (version: string): boolean => version.includes(".");

/** Role of Redash's processes on a database that a move fills; the move makes it (RDS knows its master user alone). */
export const APPLICATION_ROLE = "redash_app";

/** How the data reaches the database during a move. */
export interface Replication {
  /** Logical decoding plugin; `pglogical` must be preloaded. */
  readonly plugin: "pgoutput" | "pglogical";
}

export interface Parameter {
  readonly name: string;
  readonly value: string;
  /** Static parameters take effect with a reboot only; RDS refuses `immediate` for them, at update, not at preview. */
  readonly applyMethod: "immediate" | "pending-reboot";
}

const dynamic = (name: string, value: string): Parameter => ({
  name,
  value,
  applyMethod: "immediate",
});
const fixed = (name: string, value: string): Parameter => ({
  name,
  value,
  applyMethod: "pending-reboot",
});

/**
 * Parameters of Redash's database, sorted by name. Nothing is set to RDS's own default but `rds.force_ssl`: a default
 * that is declared with another apply method comes back as a difference in every preview
 * (https://github.com/hashicorp/terraform-provider-aws/issues/39252).
 */
export function postgresParameters(replication: Replication | undefined): Parameter[] {
  const always = [
    // The default from 15 on, with the default's method; stated because everything here relies on it.
    fixed("rds.force_ssl", "1"),
    dynamic("log_min_duration_statement", "5000"),
    // Slow statements without their values: Redash's hold e-mail addresses and query texts.
    dynamic("log_parameter_max_length", "0"),
  ];
  return [...always, ...(replication === undefined ? [] : migrationParameters(replication))].sort(
    (one, other) => (one.name < other.name ? -1 : 1),
  );
}

/**
 * One subscription with four table copies at a time forward, one slot for the way back, and as much again for a
 * second attempt while an abandoned first one still holds its own. Never `session_replication_role`: it would switch off
 * foreign keys and search for everybody. DMS sets it for its own sessions (redash/dms.ts) while it follows changes, and
 * loads before there are foreign keys.
 */
function migrationParameters({ plugin }: Replication): Parameter[] {
  return [
    fixed("rds.logical_replication", "1"),
    fixed("max_replication_slots", "20"),
    fixed("max_wal_senders", "25"),
    fixed("max_logical_replication_workers", "12"),
    fixed("max_worker_processes", "24"),
    dynamic("max_sync_workers_per_subscription", "4"),
    ...(plugin === "pglogical"
      ? [fixed("shared_preload_libraries", "pg_stat_statements,pglogical")]
      : []),
  ];
}
