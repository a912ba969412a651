import { createHash } from "node:crypto";
import type pg from "pg";
import { Fernet } from "../../../redash/fernet";
import { catalogOf, type RedashSchema } from "./schema";

export interface DataOptions {
  readonly schema: RedashSchema;
  /** About how large the database becomes, nearly all of it query results. */
  readonly megabytes: number;
  /** The same number makes the same rows. */
  readonly seed: number;
  /** REDASH_SECRET_KEY of the source. */
  readonly secretKey: string;
}

/** Rows of the tables that do not grow with the size. */
const COUNTS = { users: 20, data_sources: 6, dashboards: 40 } as const;
/** At the least; there are more in a larger database. */
const QUERIES = 400;
const QUERIES_PER_MEGABYTE = 20;
/** Of the whole: lists of parameters, which grow long in JSON; what made the team carry `queries` by itself. */
const QUERIES_SHARE = 0.15;
/** Bytes of an ordinary result; there are some of tens of megabytes besides. */
const RESULT_BYTES = 8000;

/** Column → SQL expression over `i`, the number of the row from 1. */
type Columns = Readonly<Record<string, string>>;

/**
 * Fills the tables of a Redash with rows that are awkward to move: results of tens of megabytes, quotes, backslashes
 * and every kind of Unicode, arrays with NULLs, bytes, archived queries, schedules, ids with gaps.
 */
export async function fill(client: pg.Client, options: DataOptions): Promise<void> {
  const { tables } = catalogOf(options.schema);
  const add = async (table: string, count: number, columns: Columns) => {
    const known = Object.entries(tables[table]?.columns ?? {});
    const given = known.filter(([name]) => columns[name] !== undefined);
    const unknown = Object.keys(columns).filter((name) => !known.some(([it]) => it === name));
    if (unknown.length > 0) throw new Error(`${table} has no column ${unknown.join(", ")}`);
    // In one version a column is jsonb or may be NULL, in another one it is text or may not.
    const values = given.map(([name, type]) => {
      const [plain = ""] = type.split(/ (?:not null|default )/);
      const value = `(${columns[name] ?? ""})::${plain}`;
      return type.startsWith("text not null") ? `coalesce(${value}, '{}')` : value;
    });
    await client.query(
      `INSERT INTO ${table} (${given.map(([name]) => `"${name}"`).join(", ")})
       SELECT ${values.join(", ")} FROM generate_series(1, ${Math.max(0, Math.trunc(count))}) AS i ORDER BY i`,
    );
  };
  const large = Math.min(Math.floor(options.megabytes / 4), 32);
  const queryCount = Math.max(QUERIES, Math.floor(options.megabytes * QUERIES_PER_MEGABYTE));
  const queryBytes = (options.megabytes * 1e6 * QUERIES_SHARE) / queryCount;
  const resultCount = Math.max(
    queryCount,
    Math.floor(((options.megabytes - 2 * large) * 1e6 - queryCount * queryBytes) / RESULT_BYTES),
  );
  await client.query("BEGIN");
  for (const [table, count, columns] of rowsOf(options, { queryCount, queryBytes, resultCount }))
    await add(table, count, columns);
  await largeResults(client, large, options.seed);
  await gaps(client);
  await client.query("COMMIT");
  await client.query("ANALYZE");
}

const NOW = "timestamptz '2026-01-01 00:00+00'";
const times: Columns = {
  created_at: `${NOW} - interval '1 minute' * i`,
  updated_at: `${NOW} - interval '1 second' * i`,
};
/** What breaks careless readers and writers of dumps, CSV, JSON and test_decoding. */
const AWKWARD = `(ARRAY['plain', 'it''s "quoted"', 'back\\slash \\n \\x41', 'ünïcödé – 漢字 🦉', 'tab' || chr(9) || 'line' || chr(10) || 'end', 'id[integer]:7 name[text]:''x''', '', '{"a": [1, null]}'])[1 + i % 8]`;
const user = `1 + i % ${COUNTS.users}`;

function rowsOf(
  { seed, secretKey }: DataOptions,
  {
    queryCount,
    queryBytes,
    resultCount,
  }: {
    readonly queryCount: number;
    readonly queryBytes: number;
    readonly resultCount: number;
  },
): [table: string, count: number, columns: Columns][] {
  const random = (salt: string) => `md5('${seed}:${salt}:' || i)`;
  const encrypted = (salt: string, count: number, options: (row: number) => object) => {
    const fernet = new Fernet(secretKey);
    const tokens = Array.from({ length: count }, (_, index) => {
      const iv = createHash("md5").update(`${seed}:${salt}:${index}`).digest();
      return `'\\x${fernet.encrypt(JSON.stringify(options(index + 1)), iv, 1_767_225_600).toString("hex")}'`;
    });
    return `(ARRAY[${tokens.join(", ")}])[i]`;
  };
  const source = `1 + i % ${COUNTS.data_sources}`;
  const queryText = `'SELECT ' || i || ' AS n, ''' || replace(${AWKWARD}, '''', '''''') || ''' -- ' || ${random("query")}`;
  return [
    ["organizations", 1, { ...times, name: "'Übung & Söhne'", slug: "'default'", settings: `'{"beacon_consent": false}'` }],
    ["groups", 3, { org_id: "1", type: "CASE WHEN i < 3 THEN 'builtin' ELSE 'regular' END", name: "(ARRAY['admin', 'default', 'analysts'])[i]", permissions: "ARRAY['view_query', 'list_users']", created_at: NOW }],
    ["users", COUNTS.users, { ...times, org_id: "1", name: `${AWKWARD} || i`, email: "'user' || i || '@example.com'", groups: "CASE WHEN i % 5 = 0 THEN NULL ELSE ARRAY[1, 2] END", api_key: random("user"), details: `'{"is_invitation_pending": false}'` }],
    ["data_sources", COUNTS.data_sources, { org_id: "1", name: "'Source ' || i", type: "(ARRAY['pg', 'mysql', 'bigquery', 'athena', 'snowflake', 'results'])[i]", encrypted_options: encrypted("source", COUNTS.data_sources, (row) => ({ host: `db${row}.internal`, password: `pässwörd-${row}` })), queue_name: "CASE WHEN i = 3 THEN 'big_queries' ELSE 'queries' END", scheduled_queue_name: "'scheduled_queries'", created_at: NOW }],
    ["data_source_groups", COUNTS.data_sources, { data_source_id: "i", group_id: "2", view_only: "i % 2 = 0" }],
    ["notification_destinations", 3, { org_id: "1", user_id: user, name: "'Destination ' || i", type: "'slack'", encrypted_options: encrypted("destination", 3, (row) => ({ url: `https://hooks.example.com/${row}` })), created_at: NOW }],
    ["query_results", resultCount, { org_id: "1", data_source_id: source, query_hash: random("hash"), query: queryText, data: `CASE WHEN i % 50 = 0 THEN NULL ELSE '{"columns": [], "rows": [{"v": "' || replace(replace(${AWKWARD}, '\\', '\\\\'), '"', '') || '"}], "pad": "' || (SELECT string_agg(md5('${seed}:' || i || ':' || k), '') FROM generate_series(1, ${Math.floor(RESULT_BYTES / 32)}) k) || '"}' END`, runtime: "i * 0.001", retrieved_at: `${NOW} - interval '1 minute' * i` }],
    ["queries", queryCount, { ...times, version: "1 + i % 9", org_id: "1", data_source_id: `CASE WHEN i % 40 = 0 THEN NULL ELSE ${source} END`, latest_query_data_id: "CASE WHEN i % 7 = 0 THEN NULL ELSE i END", name: `'Query ' || i || ' ' || ${AWKWARD}`, description: "CASE WHEN i % 3 = 0 THEN NULL ELSE 'About ' || i END", query: queryText, query_hash: random("hash"), api_key: random("queryKey"), user_id: user, last_modified_by_id: `CASE WHEN i % 4 = 0 THEN NULL ELSE ${user} END`, is_archived: "i % 20 = 0", is_draft: "i % 6 = 0", schedule: `CASE WHEN i % 10 = 1 THEN '{"interval": 60, "time": null, "day_of_week": null, "until": null}' END`, schedule_failures: "i % 3", options: `jsonb_build_object('parameters', jsonb_build_array(jsonb_build_object('name', 'it''s', 'value', '\\', 'enumOptions', (SELECT string_agg(md5('${seed}:options:' || i || ':' || k), chr(10)) FROM generate_series(1, ${Math.ceil(queryBytes / 33)}) k))))`, tags: "CASE WHEN i % 5 = 0 THEN NULL WHEN i % 5 = 1 THEN ARRAY[]::varchar[] ELSE ARRAY['a,b', NULL, 'x\"y', '{}'] END" }],
    ["visualizations", queryCount, { ...times, type: "'TABLE'", query_id: "i", name: "'Table'", options: "'{}'" }],
    ["dashboards", COUNTS.dashboards, { ...times, version: "1", org_id: "1", slug: "'dashboard-' || i", name: "'Dashboard ' || i", user_id: user, layout: "'[]'", dashboard_filters_enabled: "false", is_archived: "false", is_draft: "false", tags: "ARRAY['ops']", options: "'{}'" }],
    ["widgets", COUNTS.dashboards * 5, { ...times, visualization_id: `CASE WHEN i % 9 = 0 THEN NULL ELSE 1 + i % ${queryCount} END`, text: AWKWARD, width: "1", options: `'{"position": {"row": 0}}'`, dashboard_id: `1 + i % ${COUNTS.dashboards}` }],
    ["alerts", 60, { ...times, name: "'Alert ' || i", query_id: "i * 3", user_id: user, options: `'{"op": ">", "value": 1}'`, state: "'ok'", rearm: "i" }],
    ["alert_subscriptions", 60, { ...times, user_id: user, destination_id: "CASE WHEN i % 2 = 0 THEN NULL ELSE 1 END", alert_id: "i" }],
    ["favorites", 150, { ...times, org_id: "1", object_type: "'Query'", object_id: "i", user_id: user }],
    ["api_keys", 5, { ...times, object_type: "'dashboards'", object_id: "i", org_id: "1", api_key: random("apiKey"), active: "true", created_by_id: user }],
    ["access_permissions", 5, { object_type: "'queries'", object_id: "i", access_type: "'modify'", grantor_id: "1", grantee_id: "2" }],
    ["query_snippets", 5, { ...times, org_id: "1", trigger: "'t' || i", description: AWKWARD, user_id: user, snippet: AWKWARD }],
    ["changes", 800, { object_type: "'queries'", object_id: `1 + i % ${queryCount}`, object_version: "1", user_id: user, change: `'{"name": {"current": "new"}}'`, created_at: NOW }],
    ["events", 5000, { org_id: "1", user_id: `CASE WHEN i % 9 = 0 THEN NULL ELSE ${user} END`, action: "'view'", object_type: "'query'", object_id: "i::text", additional_properties: `'{"ip": "127.0.0.1"}'`, created_at: NOW }],
  ]; // prettier-ignore
}

/** Two results of many megabytes: larger than DMS's limits, and than any buffer that somebody thought was enough. */
async function largeResults(client: pg.Client, megabytes: number, seed: number): Promise<void> {
  await client.query(
    `INSERT INTO query_results (org_id, data_source_id, query_hash, query, data, runtime, retrieved_at)
     SELECT 1, 1, md5('large' || i), 'SELECT * FROM large', (SELECT string_agg(md5('${seed}:large:' || i || ':' || k), '') FROM generate_series(1, $1::int * 31250) k), 1, ${NOW}
       FROM generate_series(1, 2) AS i`,
    [megabytes],
  );
}

/** Deletes a row in seven where nothing refers to it, and lets every sequence run ahead of its table. */
async function gaps(client: pg.Client): Promise<void> {
  await client.query(`
    DELETE FROM query_results r WHERE id % 7 = 0 AND NOT EXISTS (SELECT FROM queries q WHERE q.latest_query_data_id = r.id);
    DELETE FROM events WHERE id % 7 = 0;
    DELETE FROM favorites WHERE id % 7 = 0;
    DELETE FROM widgets WHERE id % 7 = 0;
    SELECT setval('queries_id_seq', nextval('queries_id_seq') + 100);
    SELECT setval('events_id_seq', nextval('events_id_seq') + 1000)`);
}
