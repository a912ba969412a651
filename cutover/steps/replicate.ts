import { withClient } from "../database/database";
import { DoneParts } from "../database/doneParts";
import { qualified, tables } from "../database/table";
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

const ANALYZED = "target-analyzed";

function analyzed({ target }: World): Step {
  return {
    id: ANALYZED,
    title: "The target's planner knows its tables",
    watch: "nothing: users are on the source",
    deadlineMs: 3_600_000,
    resumable: true,
    estimateMs: 2000,
    apply: (running) =>
      withClient(target.database, running.signal, async (client) => {
        const analyzedTables = await DoneParts.of(client, ANALYZED, running.begunBy);
        const list = await tables(client);
        for (const [index, { name }] of list.entries()) {
          if (analyzedTables.get(name) !== undefined) continue;
          running.progress(`${index + 1} of ${list.length}: ${name}`);
          await client.query(`ANALYZE ${qualified(name)}`);
          await analyzedTables.add(name, {});
        }
        return { tables: list.length };
      }),
  };
}
