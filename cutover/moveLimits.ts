import { z } from "zod";

const milliseconds = (least: number, most: number, preset: number) =>
  z.int().min(least).max(most).default(preset);

/** How long things may take in a move, wherever it runs. */
export const moveLimits = {
  /** Longest write outage of a switch before it undoes itself. */
  writeOutageBudgetMs: milliseconds(50, 600_000, 60_000),
  /** How long jobs may take to end before they are cut. */
  drainDeadlineMs: milliseconds(100, 3_600_000, 600_000),
  /** How long a copy, or a comparison of everything, may take. */
  longDeadlineMs: milliseconds(1000, 7 * 86_400_000, 86_400_000),
};
