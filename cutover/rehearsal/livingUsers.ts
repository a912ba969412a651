import type { LocalWorld } from "../adapters/local/world";
import { failureCounts } from "./ledger";
import { Users, type UsersConfig } from "./users";

/**
 * Lets people work in a world, on rows of its own data that each has to himself.
 * @param pace how long they rest; as short as a measurement wants it if absent
 */
export async function startUsers(
  local: LocalWorld,
  pace: Pick<UsersConfig, "pauseMs"> = {},
): Promise<{
  readonly users: Users;
  /** Query → failures before they began. */
  readonly before: ReadonlyMap<number, number>;
}> {
  const client = await local.administrator("source");
  const before = await failureCounts(client);
  const { rows } = await client.query<{ id: number }>(
    "SELECT id FROM query_results r WHERE NOT EXISTS (SELECT FROM queries q WHERE q.latest_query_data_id = r.id) ORDER BY id LIMIT 2000",
  );
  await client.end();
  const ids = [...before.keys()].sort((one, other) => one - other);
  const half = Math.floor(ids.length / 2);
  const users = await Users.start({
    ...pace,
    url: local.description.front.url,
    queryIds: ids.slice(0, half),
    archiveIds: ids.slice(half),
    resultIds: rows.map(({ id }) => id),
  });
  return { users, before };
}
