import type pg from "pg";
import { awaitArrival } from "../database/marker";
import { type Proof, proofs } from "../database/proof";
import { rememberedQueueState } from "../database/queueState";
import { until } from "../engine/clock";
import type { Running, Step } from "../engine/step";
import type { Side, SideName, World } from "../ports";
import { listed } from "../preflight/wording";
import { isSame } from "./queue";
import { withBoth } from "./verification";

/** Everything that replication may leave wrong without an error, asked of the side that users are on now. */
export function proven(from: Side, to: Side): Step {
  return {
    id: `${to.name}-proven`,
    title: `The ${to.name} does what the ${from.name} did: keys, triggers, sequences, credentials, search, schedules, pauses`,
    watch: "each proof, as it is named",
    deadlineMs: 600_000,
    estimateMs: 500,
    apply: async (running) => {
      const found = await withBoth(from, to, running, async (here, there) => [
        ...(await proofs(there, await to.secretKey(running.signal))),
        await schedulesEqual(here, there, [from.name, to.name], running),
        await pausesCarried(there, to, running),
      ]);
      const wrong = found.filter(({ holds }) => !holds);
      if (wrong.length > 0)
        throw new Error(wrong.map((it) => `not so: ${it.what} (${it.found})`).join("; "));
      return Object.fromEntries(found.map(({ what, found: words }) => [what, words]));
    },
  };
}

/** The only check that sees a sick queue: neither /ping nor /status.json does. */
export function queryExecuted(world: World, to: Side): Step {
  return {
    id: `${to.name}-query-executed`,
    title: "A query is executed, from the API through queue and worker to its end",
    watch: "how long the query takes",
    deadlineMs: 120_000,
    estimateMs: 300,
    apply: async ({ clock, signal }) => {
      const start = clock.monotonicMs();
      await world.application.executeQuery(signal);
      return { milliseconds: Math.round(clock.monotonicMs() - start) };
    },
  };
}

/** How often schedules that differ are looked at again, each time after everything before has arrived. */
const ROUNDS = 20;

/**
 * Users archive queries meanwhile, so each schedule is equal once what was written before has arrived. One that stays
 * different was changed past the fence: it is named, and stops nothing (lateWrites.ts).
 */
async function schedulesEqual(
  here: pg.Client,
  there: pg.Client,
  [from, to]: readonly [SideName, SideName],
  running: Running,
): Promise<Proof> {
  let count = 0;
  let rounds = 0;
  let left: readonly string[] = [];
  await until(async () => {
    await awaitArrival(there, here, running);
    const [ours, theirs] = await Promise.all([schedules(here), schedules(there)]);
    count = theirs.size;
    // What was equal once has arrived; what users change from then on does not matter.
    const asked = rounds++ === 0 ? new Set([...ours.keys(), ...theirs.keys()]) : left;
    left = [...asked].filter((id) => ours.get(id) !== theirs.get(id));
    return left.length === 0 || rounds === ROUNDS;
  }, running);
  if (left.length > 0)
    running.warn(
      `the schedules of queries ${listed(left)} are not on the ${to} what they are on the ${from}: somebody wrote past the fence; the ${to}'s are in force, look which ones are meant`,
    );
  return {
    what: "schedules are equal on both sides",
    holds: true,
    found: `${count} schedules${left.length > 0 ? `, of which ${left.length} differ` : ""}`,
  };
}

/** Id of a query → its schedule, of those that run. */
async function schedules(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ id: string; schedule: string }>(
    "SELECT id::text AS id, schedule::text AS schedule FROM queries WHERE schedule IS NOT NULL AND NOT is_archived ORDER BY queries.id",
  );
  return new Map(rows.map(({ id, schedule }) => [id, schedule]));
}

/** Users may pause data sources on the new side, and lift pauses, since it is theirs: that is named, and nothing wrong. */
export async function pausesCarried(
  there: Parameters<typeof rememberedQueueState>[0],
  to: Side,
  { signal, warn }: Running,
): Promise<Proof> {
  const carried = await rememberedQueueState(there);
  const now = await to.queue.state(signal);
  const isPause = (key: string) => key.startsWith("ds:");
  const changed = [...new Set([...carried.keys(), ...now.keys()])]
    .filter((key) => isPause(key) && !isSame(carried.get(key), now.get(key)))
    .sort()
    .map((key) => `${key} ${!now.has(key) ? "lifted" : carried.has(key) ? "changed" : "set"}`);
  if (changed.length > 0)
    warn(
      `pauses of data sources differ on the ${to.name} from what was carried: ${changed.join(", ")}; nothing is wrong if users did it`,
    );
  return {
    what: "paused data sources are still paused",
    holds: true,
    found: `${[...now.keys()].filter(isPause).length} paused`,
  };
}
