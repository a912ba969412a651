/** How the source's disk is watched: the program makes the schedule and the alarms of it, the function the figures. */

/** What the schedule sends to the function: nothing but this, so that a timer can never begin an act. */
export const WATCH_EVENT = { kind: "watch" } as const;

/** How often, minutes. */
export const WATCH_EVERY_MINUTES = 5;

/** CloudWatch's namespace for figures of a move, the only one that its function may write to. */
export const METRIC_NAMESPACE = "Redash/Move";

/** Figures of the disk that the source's PostgreSQL lies on. Each has the dimension `Stack`. */
export const DISK_METRICS = {
  /** Bytes. */
  free: "SourceDiskFree",
  /** Of the whole disk, 0 to 100. */
  freePercent: "SourceDiskFreePercent",
  /** What WAL takes of it, bytes. */
  wal: "SourceWal",
  /** WAL that the slot furthest behind keeps, bytes. */
  walKept: "SourceWalKept",
} as const;
