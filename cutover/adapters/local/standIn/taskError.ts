/** Something that a replication task cannot go on with. */
export class TaskError extends Error {
  constructor(
    /** As the statistics name it. */
    readonly table: string,
    /** What was to be done, with no value of a row but its key. */
    readonly what: string,
    reason: string,
  ) {
    super(`${what}: ${reason}`);
  }
}
