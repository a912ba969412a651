import { Refusal } from "../engine/refusal";
import type { World } from "../ports";
import { type Check, type CheckResult, judgedAll } from "./check";
import { dataChecks } from "./checks/data";
import { queueChecks } from "./checks/queue";
import { runChecks } from "./checks/run";
import { schemaChecks } from "./checks/schema";
import { sourceDatabaseChecks } from "./checks/sourceDatabase";
import { targetDatabaseChecks } from "./checks/targetDatabase";
import { workloadChecks } from "./checks/workload";
import { gatherFacts, type PreflightContext } from "./facts/facts";

/** Everything that must be so before any move begins, in the order of the runbook. */
export const preflightChecks: readonly Check[] = [
  ...runChecks,
  ...sourceDatabaseChecks,
  ...targetDatabaseChecks,
  ...schemaChecks,
  ...dataChecks,
  ...queueChecks,
  ...workloadChecks,
];

export interface PreflightReport {
  /** `refused` if a check failed, or could not be judged. */
  readonly outcome: "ready" | "ready-with-warnings" | "refused";
  /** One for each check that the transport needs, in their order; last those of where the move runs. */
  readonly results: readonly CheckResult[];
}

/**
 * Checks everything that could stand in the way of a move, and tells all of it at once. Nothing is changed: databases
 * are read within read-only transactions, but for one that is rolled back (facts/reach.ts).
 * @throws Refusal if the signal aborts
 */
export async function preflight(
  world: World,
  context: PreflightContext,
  signal: AbortSignal,
): Promise<PreflightReport> {
  try {
    const facts = await gatherFacts(world, context, signal);
    return reportOf([
      ...judgedAll(preflightChecks, facts, facts.transport),
      ...((await world.checks?.(facts, signal)) ?? []),
    ]);
  } catch (error) {
    if (!signal.aborted) throw error;
    const { message } = signal.reason as Error;
    throw new Refusal(`preflight ended early, ${message}; nothing was changed`, { cause: error });
  }
}

export function reportOf(results: readonly CheckResult[]): PreflightReport {
  const has = (...verdicts: CheckResult["verdict"][]) =>
    results.some(({ verdict }) => verdicts.includes(verdict));
  const outcome = has("fail", "unknown")
    ? "refused"
    : has("warn")
      ? "ready-with-warnings"
      : "ready";
  return { outcome, results };
}
