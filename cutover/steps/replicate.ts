import { withClient } from "../database/database";
import type { Plan, Step } from "../engine/step";
import type { World } from "../ports";
import { copied, published } from "./copy";
import { indexesMade } from "./indexes";
import { loaded, notNullRelaxed } from "./task";

/** `replicate`: copies everything and keeps it up to date from then on. */
export const replicatePlan = (world: World, copyDeadlineMs: number): Plan => ({
  act: "replicate",
  writeOutageBudgetMs: 0,
  steps: [
    ...(world.transport.kind === "logical"
      ? [published(world), copied(world, copyDeadlineMs)]
      : [notNullRelaxed(world), loaded(world, world.transport.task, copyDeadlineMs)]),
    indexesMade(world, copyDeadlineMs),
    analyzed(world),
  ],
});

function analyzed({ target }: World): Step {
  return {
    id: "target-analyzed",
    title: "The target's planner knows its tables",
    watch: "nothing: users are on the source",
    deadlineMs: 3_600_000,
    estimateMs: 2000,
    apply: (running) =>
      withClient(target.database, running.signal, async (client) => {
        await client.query("ANALYZE");
        return {};
      }),
  };
}
