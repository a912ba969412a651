import type { Storage } from "../../ports";
import { type ComposeProject, projectGiven } from "./composeProject";
import { type HostCommand, numberOf, valuesOf } from "./hostCommand";

/** The disk of a database that keeps WAL for others. */
export interface ComposeStorage extends Storage {
  /** What WAL takes of the disk. */
  readonly walBytes: number;
  /** WAL that the slot furthest behind keeps. */
  readonly keptBytes: number;
}

/** The disk of the source's host that PostgreSQL's data lies on. */
export const composeStorage =
  (host: HostCommand, project: ComposeProject) =>
  async (signal: AbortSignal): Promise<ComposeStorage> => {
    const values = valuesOf(await host.run("disk", projectGiven(project), signal));
    return {
      freeBytes: numberOf(values, "free"),
      totalBytes: numberOf(values, "total"),
      walBytes: numberOf(values, "wal"),
      keptBytes: numberOf(values, "kept"),
    };
  };
