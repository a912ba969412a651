import type pg from "pg";
import { type Database, withClient } from "../../database/database";
import type { Application } from "../../ports";
import { redashApi } from "../../redash/api";

export interface AwsApplicationOptions {
  /** Where people knock. */
  readonly url: string;
  /** A data source on which `SELECT 1` may run. */
  readonly dataSourceId: number;
  /** Either side's: users are the same on both. */
  readonly database: Database;
}

/**
 * Redash through its load balancer, as one of its administrators: they may use every data source. The key is read when
 * it is needed and kept nowhere else.
 */
export const awsApplication = (options: AwsApplicationOptions): Application => ({
  executeQuery: async (signal) => {
    const { url, dataSourceId, database } = options;
    const apiKey = await withClient(database, signal, administratorKey);
    await redashApi({ url, dataSourceId, apiKey }).executeQuery(signal);
  },
});

/**
 * The API key of the administrator who was there first (redash/models/users.py: `api_key`, `groups`; the built-in group
 * `admin`).
 * @throws Error if there is none
 */
export async function administratorKey(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ api_key: string }>(
    `SELECT u.api_key FROM users u JOIN groups g ON g.id = ANY (u.groups)
      WHERE g.type = 'builtin' AND g.name = 'admin' AND u.disabled_at IS NULL AND u.api_key <> ''
      ORDER BY u.id LIMIT 1`,
  );
  const [administrator] = rows;
  if (administrator === undefined)
    throw new Error(
      "no administrator of Redash has an API key, so no query can be executed; make one in Redash (Settings, Users)",
    );
  return administrator.api_key;
}
