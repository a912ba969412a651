/**
 * The two axes on which a stack may differ: what it is for (mode) and how far its move has come (phase).
 * One table says what each phase means; program and cutover read this one, the pack says it again (a test compares).
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
  /**
   * Role by which Redash's processes use the managed database. A move fences it, and must go on writing itself: so it
   * is not RDS's master user where a move is, or was.
   */
  readonly databaseRole: "master" | "application";
  /** Where Redash's secrets come from: with another key no data source can be decrypted. */
  readonly secrets: "generated" | "imported";
}

export const PHASE_TABLE: Readonly<Record<Phase, PhaseMeaning>> = {
  greenfield: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: false,
    replication: false,
    databaseRole: "master",
    secrets: "generated",
  },
  replicating: {
    trafficTo: "source",
    schedulerTasks: 0,
    source: true,
    replication: true,
    databaseRole: "application",
    secrets: "imported",
  },
  switched: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: true,
    replication: true,
    databaseRole: "application",
    secrets: "imported",
  },
  complete: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: false,
    replication: false,
    databaseRole: "application",
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

/** What is known of how far the move of a stack has come. */
export interface MoveFacts {
  /** Phase of the last finished update; undefined for a new stack. */
  readonly deployed: Phase | undefined;
  /** What the move has recorded, `replicating` before it has recorded anything; undefined if it has nowhere to. */
  readonly recorded: Phase | undefined;
  /** Where the load balancer sends users at this moment; undefined if it does not say. */
  readonly trafficTo: "ecs" | "source" | undefined;
}

/**
 * Says why a stack must not go to a phase, or nothing if it may. From `replicating` on the move changes the world and
 * the config follows it: an update never turns users, because only the fenced turn of a cutover or a rollback leaves
 * the other side with every write. The load balancer is believed before the record, which is written a moment later.
 *
 * @param next the phase that the config asks for
 */
export function phaseChangeProblem(
  { deployed, recorded, trafficTo }: MoveFacts,
  next: Phase,
): string | undefined {
  const isMoving = deployed === "replicating" || deployed === "switched";
  const usersOn = trafficTo ?? (recorded && PHASE_TABLE[recorded].trafficTo);
  if (!isMoving || usersOn === undefined) return orderProblem(deployed, next);
  const reached =
    usersOn === "source" ? "replicating" : recorded === "complete" ? "complete" : "switched";
  if (next === reached) return undefined;
  // An update to `complete` that failed may have removed the record; it must be possible to finish it.
  if (recorded === undefined && reached === "switched" && next === "complete") return undefined;
  const follow = `pulumi config set redash:phase ${reached}`;
  switch (reached) {
    case "replicating":
      return `users are on the source, and an update would send them to a database that may be behind; only npm run move -- cutover turns them; until then: ${follow}`;
    case "switched":
      return next === "complete"
        ? `the way back is still there; remove it first with: npm run move -- finish; until then: ${follow}`
        : `users are on ECS, and an update would send them back to the database that is behind; follow the move with: ${follow}; only npm run move -- rollback turns them back`;
    case "complete":
      return `the move is finished; follow it with: ${follow}`;
  }
}

function orderProblem(previous: Phase | undefined, next: Phase): string | undefined {
  const allowed = previous === undefined ? FIRST : NEXT[previous];
  if (allowed.includes(next)) return undefined;
  const from = previous === undefined ? "a new stack" : `a stack in phase ${previous}`;
  return `${from} may be ${allowed.map((phase) => `"${phase}"`).join(" or ")}, not "${next}"; set it back with: pulumi config set redash:phase ${previous ?? FIRST[0] ?? ""}`;
}
