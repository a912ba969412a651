import type pg from "pg";
import { withClient } from "./database/database";
import { keptWalBytes } from "./database/replication";
import { BACK, CHANGES, FORWARD, type Side, type World } from "./ports";
import { bytes } from "./report/quantity";

/** A slot that keeps more than this is either not read, or its disk should be looked at. */
const MUCH_BYTES = 2 ** 30;
/** How long a database may take to answer. */
const ANSWER_MS = 10_000;

/** One line for each slot of the move that keeps much WAL, and for each database that does not say. */
export async function keptWalWarnings(world: World, signal: AbortSignal): Promise<string[]> {
  const { source, target, transport } = world;
  const slots = async (side: Side, client: pg.Client) => {
    // Before it is started and after it is removed a task has none, which is no news here.
    const isRead = side === source && transport.kind === "dms";
    const task = isRead
      ? await transport.task.sourceSlot(client).catch(() => undefined)
      : undefined;
    return [FORWARD, BACK, CHANGES, ...(task === undefined ? [] : [task])];
  };
  const warnings = (side: Side, reader: Side): Promise<string[]> =>
    withClient(
      side.database,
      AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      async (client) => keptWalBytes(client, await slots(side, client)),
    ).then(
      (kept) =>
        [...kept]
          .filter(([, keptBytes]) => keptBytes > MUCH_BYTES)
          .map(
            ([slot, keptBytes]) =>
              `warning: slot ${slot} keeps ${bytes(keptBytes)} of WAL on the ${side.name}, whose disk must not become full; ${adviceOn(slot, reader)}`,
          ),
      (error: unknown) => [
        `the ${side.name}'s database does not say how much WAL it keeps: ${(error as Error).message}`,
      ],
    );
  return (await Promise.all([warnings(source, target), warnings(target, source)])).flat();
}

function adviceOn(slot: string, reader: Side): string {
  if (slot === CHANGES)
    return "it remembers which rows changed since the last comparison: the next one (verify, cutover or rollback) lets it go, and so does finish or abort";
  const log =
    slot === FORWARD || slot === BACK ? `log of the ${reader.name}'s server` : "replication task";
  return `nobody reads it, or not fast enough: the ${log} says why`;
}
