import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LocalWorld } from "../adapters/local/world";
import { isFenced } from "../database/fence";
import { MOVE_SCHEMA } from "../database/marker";
import type { SideName } from "../ports";

/**
 * What of the move is left after its last act, looked for without the code by which that act looks itself.
 * @param end where users are by then
 */
export async function leftovers(
  local: LocalWorld,
  end: SideName,
  state: string,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const side of ["source", "target"] as const) {
    const client = await local.administrator(side);
    const { rows } = await client.query<{ what: string }>(
      `SELECT 'slot ' || slot_name AS what FROM pg_replication_slots
       UNION ALL SELECT 'publication ' || pubname FROM pg_publication
       UNION ALL SELECT 'subscription ' || subname FROM pg_subscription
       UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = $1
       UNION ALL SELECT 'session of replication ' || pid FROM pg_stat_replication`,
      [MOVE_SCHEMA],
    );
    left.push(...rows.map(({ what }) => `${what} on the ${side}`));
    if (side === end && (await isFenced(client, local.description[side].applicationRole)))
      left.push(`the fence of the ${side}`);
    await client.end();
  }
  const processes = local.processes[end];
  for (const part of ["servers", "workers", "scheduler"] as const)
    if (!processes.isRunning(part)) left.push(`no ${part} on the ${end}, where users are`);
  if (local.processes[end === "source" ? "target" : "source"].isRunning("scheduler"))
    left.push("a second scheduler");
  if (existsSync(join(state, "move.lock"))) left.push("the lock");
  return left;
}
