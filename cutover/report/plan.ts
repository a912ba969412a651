import type { Plan } from "../engine/step";
import type { ActRecord } from "./acts";
import { duration } from "./quantity";

/** What an act would do, step by step, and how long each step is expected to take. */
export function planTable(
  { act, steps, writeOutageBudgetMs }: Plan,
  before: readonly ActRecord[],
): string {
  const measured = new Map<string, number>();
  for (const record of before)
    for (const step of record.steps)
      if (step.outcome === "done") measured.set(step.id, step.durationMs);
  const rows = steps.map((step) => ({
    id: step.id,
    title: step.title,
    expectedMs: measured.get(step.id) ?? step.estimateMs,
    from: measured.has(step.id) ? "as last time" : "estimate",
    limitMs: step.deadlineMs,
    window: step.irreversible === true ? "flip" : step.inWindow === true ? "window" : "",
  }));
  const width = Math.max(...rows.map(({ id }) => id.length));
  const sum = (of: typeof rows) =>
    duration(of.reduce((all, { expectedMs }) => all + expectedMs, 0));
  const window = rows.filter(({ window: it }) => it !== "");
  return [
    `${act}: ${rows.length} steps, about ${sum(rows)}`,
    ...rows.map(
      ({ id, title, expectedMs, from, limitMs, window: it }) =>
        `  ${it.padEnd(6)}  ${id.padEnd(width)}  ${duration(expectedMs).padStart(8)} (${from}, at most ${duration(limitMs)})  ${title}`,
    ),
    ...(window.length === 0
      ? []
      : [
          `  users cannot write for about ${sum(window)}; after ${duration(writeOutageBudgetMs)} before the flip everything is undone`,
        ]),
  ].join("\n");
}
