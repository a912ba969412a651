import { FENCE_PATIENCE_MS } from "../database/fence";
import type { Plan } from "../engine/step";
import type { World } from "../ports";
import {
  compared,
  partStopped,
  ready,
  schedulerStarted,
  slotsDropped,
  stillHealthy,
  wayBackAdvanced,
  wayBackPrepared,
  workersWarm,
} from "./aroundWindow";
import { lateWritesNamed } from "./lateWrites";
import { phaseRecorded } from "./phase";
import { proven, queryExecuted } from "./proof";
import { drained, leftBehindNamed, oldJobsNamed, queueOpened, queueStateCarried } from "./queue";
import { constraintsRestored, taskRemoved } from "./task";
import {
  arrived,
  fenced,
  replicationTurned,
  sequencesSet,
  trafficFlipped,
  unfenced,
} from "./window";

/**
 * Switches Redash from one side to the other without losing a write: `cutover` is the switch to the target, `rollback`
 * the switch back. Everything slow comes before the window; readers are served until the flip.
 */
export function switchPlan(
  act: "cutover" | "rollback",
  world: World,
  options: {
    readonly writeOutageBudgetMs: number;
    readonly drainDeadlineMs: number;
    readonly longDeadlineMs: number;
  },
): Plan {
  const { transport } = world;
  const [from, to] =
    act === "cutover" ? [world.source, world.target] : [world.target, world.source];
  return {
    act,
    writeOutageBudgetMs: options.writeOutageBudgetMs,
    steps: [
      ready(world, from, to),
      wayBackPrepared(world, from, to),
      // For the way back it has everything to look at that was written since the way there.
      {
        ...compared(world, from, to, "changes-compared-before"),
        deadlineMs: options.longDeadlineMs,
      },
      partStopped(from, "scheduler"),
      drained(from, options.drainDeadlineMs),
      partStopped(from, "workers"),
      queueStateCarried(from, to),
      oldJobsNamed(to),
      workersWarm(to),
      wayBackAdvanced(world, to),
      compared(world, from, to, "changes-compared-again"),
      stillHealthy(world, to),
      unfenced(to),
      // Most of the budget is left for what follows.
      fenced(from, Math.min(FENCE_PATIENCE_MS, options.writeOutageBudgetMs / 4)),
      arrived(from, to),
      {
        ...compared(world, from, to, "difference-compared", true),
        deadlineMs: 30_000,
        estimateMs: 20,
        inWindow: true,
      },
      sequencesSet(from, to),
      replicationTurned(world, from, to),
      trafficFlipped(world, from, to),
      queueOpened(to),
      leftBehindNamed(from, to),
      lateWritesNamed(from, to),
      schedulerStarted(to),
      queryExecuted(world, to),
      ...(transport.kind === "dms" ? [taskRemoved(world, transport.task)] : []),
      ...(act === "cutover" && transport.kind === "dms"
        ? [constraintsRestored(world, options.longDeadlineMs)]
        : []),
      proven(from, to),
      // Without users or a scheduler nothing fills their queues, and the next cutover finds them warm.
      ...(act === "rollback" ? [workersWarm(from)] : []),
      slotsDropped(world, from),
      ...phaseRecorded(world, act === "cutover" ? "switched" : "replicating"),
    ],
  };
}
