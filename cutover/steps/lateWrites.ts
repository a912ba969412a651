import { changes, forgetChanges } from "../database/change";
import { withClient } from "../database/database";
import { slotIsMade } from "../database/replication";
import { tables } from "../database/table";
import type { Running, Step } from "../engine/step";
import { CHANGES, type Side } from "../ports";
import { differingRows, unsettled, withBoth } from "./verification";

/** How long the side that users have left may take: nothing waits for it longer, as it may be gone. */
const LIMIT_MS = 60_000;
/** How many keys of a table are named. */
const NAMED = 20;

/**
 * The fence is a default of the application's role. A session that sets itself read-write, and whoever has another role,
 * still writes on the side that users leave; what comes before replication is turned arrives like any other write, and
 * what comes later is on that side alone. Nobody but a person knows what it was meant to be on the other one.
 */
export function lateWritesNamed(from: Side, to: Side): Step {
  return {
    id: `${from.name}-late-writes-named`,
    title: `Writes that came past the fence of the ${from.name} are named`,
    watch: "rows that are named: they are on the side that users have left, and there alone",
    deadlineMs: 120_000,
    estimateMs: 50,
    apply: async (running) => {
      const { signal, warn } = running;
      const limited = {
        ...running,
        signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      };
      try {
        const late = await lateRows(from, to, limited);
        if (late === undefined) return {};
        for (const [table, keys] of late)
          warn(
            `somebody wrote past the fence: ${table} has rows on the ${from.name} that the ${to.name} has not, or has otherwise; keys ${named(keys)}. Look at them there (SELECT * FROM ${table} WHERE id IN (…)) before finish or rollback, and write on the ${to.name} what is missing`,
          );
        return { rows: [...late.values()].reduce((sum, { size }) => sum + size, 0) };
      } catch (error) {
        signal.throwIfAborted();
        // If the side that users are on now is the one that does not answer, the look is tried again.
        await withClient(to.database, signal, (client) => client.query("SELECT"));
        warn(
          `the ${from.name} cannot be read (${(error as Error).message}): whether somebody wrote there past the fence is not known`,
        );
        return {};
      }
    },
  };
}

/**
 * Table → keys of rows that somebody has changed on the side that is left, and that stay different; undefined if a run
 * before has looked already: the slot by which they are found is dropped later in the same act.
 */
const lateRows = (
  from: Side,
  to: Side,
  running: Running,
): Promise<ReadonlyMap<string, ReadonlySet<string>> | undefined> =>
  withBoth(from, to, running, async (left, current) => {
    if (!(await slotIsMade(left, CHANGES))) return undefined;
    const sides = { source: current, target: left };
    const list = await tables(left);
    const late = new Map<string, Set<string>>();
    for (;;) {
      const changed = await changes(left, CHANGES, list, true);
      for (const [table, differing] of await differingRows(sides, list, changed, running)) {
        const found = await unsettled(sides, table, differing, running);
        if (found.size > 0)
          late.set(table.name, new Set([...(late.get(table.name) ?? []), ...found]));
      }
      if (!changed.isMore || changed.lsn === undefined) return late;
      await forgetChanges(left, CHANGES, changed.lsn);
    }
  });

const named = (keys: ReadonlySet<string>) =>
  `${[...keys].slice(0, NAMED).join(", ")}${keys.size > NAMED ? `, and ${keys.size - NAMED} more` : ""}`;
