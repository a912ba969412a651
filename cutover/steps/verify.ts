import { withClient } from "../database/database";
import { forgetDoneParts } from "../database/doneParts";
import { createSlot, dropSlot, slotIsMade } from "../database/replication";
import { sequences, setSequences } from "../database/sequence";
import type { Plan, Step } from "../engine/step";
import { CHANGES, type World } from "../ports";
import { ALL_COMPARED, compareAll, compareChanges, withBoth } from "./verification";

/** `verify`: compares everything once, then what changes; may be repeated as often as one likes. */
export const verifyPlan = (world: World, deadlineMs: number): Plan => ({
  act: "verify",
  writeOutageBudgetMs: 0,
  steps: [
    changesWatched(world),
    allCompared(world, deadlineMs),
    changesCompared(world),
    sequencesAhead(world),
  ],
});

function changesWatched({ source }: World): Step {
  return {
    id: "changes-watched",
    title: "The source remembers which rows change from now on",
    watch: "free disk of the source: it keeps WAL until the next comparison",
    deadlineMs: 600_000,
    estimateMs: 50,
    check: ({ signal }) =>
      withClient(source.database, signal, (client) => slotIsMade(client, CHANGES)),
    apply: (running) =>
      withClient(source.database, running.signal, async (client) => {
        // Without a slot since then nobody knows what has changed in them.
        await forgetDoneParts(client, ALL_COMPARED);
        await createSlot(client, CHANGES, running, "test_decoding");
        return {};
      }),
    undo: (running) =>
      withClient(source.database, running.signal, async (client) => {
        await dropSlot(client, CHANGES, running);
        return {};
      }),
  };
}

function allCompared(world: World, deadlineMs: number): Step {
  return {
    id: ALL_COMPARED,
    title: "Every row is equal on both sides",
    watch: "load of both servers; a row that stays different fails it",
    deadlineMs,
    resumable: true,
    estimateMs: 30_000,
    apply: (running) => compareAll(world, world.source, world.target, running),
  };
}

function changesCompared(world: World): Step {
  return {
    id: "changes-compared",
    title: "What changed meanwhile is equal on both sides",
    watch: "rows that differ at first are in flight, and become equal",
    deadlineMs: 3_600_000,
    resumable: true,
    estimateMs: 500,
    apply: (running) => compareChanges(world, world.source, world.target, running),
  };
}

/** How far sequences are set ahead while the source still gives out numbers; the cutover sets them exactly. */
const AHEAD = 10_000;

function sequencesAhead({ source, target }: World): Step {
  return {
    id: "sequences-ahead",
    title: "The target's sequences are ahead of the source's",
    watch: "nothing: the cutover sets them exactly",
    deadlineMs: 60_000,
    estimateMs: 10,
    apply: (running) =>
      withBoth(source, target, running, async (from, to) => ({
        sequences: await setSequences(to, await sequences(from), AHEAD),
      })),
  };
}
