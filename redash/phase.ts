/**
 * The two axes on which a stack may differ: what it is for (mode) and how far its move has come (phase).
 * One table says what each phase means; the program, the policies and the cutover all read this one.
 */

/** What a stack is for: a rehearsal on a copy, or the production move. */
export const MODES = ["rehearsal", "production"] as const;
export type Mode = (typeof MODES)[number];

/** How far the move has come. `greenfield` is a home without a move. */
export const PHASES = ["greenfield", "replicating", "switched", "complete"] as const;
export type Phase = (typeof PHASES)[number];

export interface PhaseMeaning {
  /** Which of the two target groups has all the weight; the other has none: two groups are two databases. */
  readonly trafficTo: "ecs" | "source";
  /** Scheduler tasks. Two schedulers on two Redises run every schedule twice, so none before the switch. */
  readonly schedulerTasks: 0 | 1;
  /** Whether the source host stands behind the load balancer too. */
  readonly source: boolean;
  /** Whether the database carries the logical-replication parameters (forward, then for the way back). */
  readonly replication: boolean;
  /** Where Redash's secrets come from: with another key no data source can be decrypted. */
  readonly secrets: "generated" | "imported";
}

export const PHASE_TABLE: Readonly<Record<Phase, PhaseMeaning>> = {
  greenfield: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: false,
    replication: false,
    secrets: "generated",
  },
  replicating: {
    trafficTo: "source",
    schedulerTasks: 0,
    source: true,
    replication: true,
    secrets: "imported",
  },
  switched: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: true,
    replication: true,
    secrets: "imported",
  },
  complete: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: false,
    replication: false,
    secrets: "imported",
  },
};

/** Phases that may follow a phase. A new stack (`undefined`) may begin as a home or as a move. */
const NEXT: Readonly<Record<Phase, readonly Phase[]>> = {
  greenfield: ["greenfield"],
  replicating: ["replicating", "switched"],
  switched: ["switched", "complete"],
  complete: ["complete"],
};
const FIRST: readonly Phase[] = ["greenfield", "replicating"];

/**
 * Says why a stack must not go from one phase to another, or nothing if it may.
 * @param previous the phase of the last finished update; undefined for a new stack
 * @param next the phase that the config asks for
 * @param rollback whether this update records a rollback that the cutover has already carried out:
 *   the only way from `switched` back to `replicating`, because only the fenced, reverse-replicated
 *   rollback leaves the source with every write
 */
export function phaseChangeProblem(
  previous: Phase | undefined,
  next: Phase,
  rollback: boolean,
): string | undefined {
  if (previous === "switched" && next === "replicating") {
    return rollback
      ? undefined
      : "turning back would send users to the database that is behind; run the cutover's rollback first, then record it with: pulumi config set redash:rollback true";
  }
  const allowed = previous === undefined ? FIRST : NEXT[previous];
  if (allowed.includes(next)) return undefined;
  const from = previous === undefined ? "a new stack" : `a stack in phase ${previous}`;
  return `${from} may be ${allowed.map((phase) => `"${phase}"`).join(" or ")}, not "${next}"; set it back with: pulumi config set redash:phase ${previous ?? FIRST[0] ?? ""}`;
}
