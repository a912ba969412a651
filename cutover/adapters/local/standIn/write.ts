/** The writes of Redash that are easy to lose: without `updated_at`, hard deletes, several tables in one transaction. */
import type pg from "pg";

/** A write with the mark by which it can be found again; ids are rows that only this user touches. */
export type Write =
  | { readonly kind: "result" | "edit"; readonly token: string; readonly queryId: number }
  | { readonly kind: "user" | "dashboard" | "favorite"; readonly token: string }
  | { readonly kind: "failure" | "archive"; readonly queryId: number }
  | { readonly kind: "cleanup"; readonly resultId: number };

/** Does it within the transaction of its caller. @throws the server's error; then it is not done, or nobody knows */
export async function write(client: pg.ClientBase, it: Write): Promise<object> {
  for (const [sql, values] of statements(it)) await client.query(sql, values);
  return {};
}

function statements(it: Write): [sql: string, values: unknown[]][] {
  switch (it.kind) {
    case "result":
      return [
        [
          `WITH r AS (INSERT INTO query_results (org_id, data_source_id, query_hash, query, data, runtime, retrieved_at)
             VALUES (1, 1, $1, 'SELECT 1', '{"rows": []}', 0.1, now()) RETURNING id)
           UPDATE queries SET latest_query_data_id = r.id FROM r WHERE queries.id = $2`,
          [it.token, it.queryId],
        ],
      ];
    case "edit":
      return [
        [
          "UPDATE queries SET name = $1, version = version + 1, updated_at = now() WHERE id = $2",
          [`edited ${it.token}`, it.queryId],
        ],
        [
          `INSERT INTO changes (object_type, object_id, object_version, user_id, change, created_at)
             VALUES ($1, $2, 1, 1, '{"name": 1}', now())`,
          [it.token, it.queryId],
        ],
      ];
    case "user":
      return [
        [
          `INSERT INTO users (org_id, name, email, api_key, created_at, updated_at)
             VALUES (1, 'a user', $1::text || '@example.com', substr($1::text, 1, 40), now(), now())`,
          [it.token],
        ],
      ];
    case "dashboard":
      return [
        [
          `INSERT INTO dashboards (version, org_id, slug, name, user_id, layout, dashboard_filters_enabled, is_archived, is_draft, options, created_at, updated_at)
             VALUES (1, 1, $1, 'a dashboard', 1, '[]', false, false, false, '{}', now(), now())`,
          [it.token],
        ],
      ];
    case "favorite":
      return [
        [
          "INSERT INTO favorites (org_id, object_type, object_id, user_id, created_at, updated_at) VALUES (1, $1, 1, 1, now(), now())",
          [it.token],
        ],
      ];
    case "failure":
      return [
        [
          "UPDATE queries SET schedule_failures = schedule_failures + 1 WHERE id = $1",
          [it.queryId],
        ],
      ];
    case "archive":
      return [
        [
          "UPDATE queries SET is_archived = true, schedule = NULL, updated_at = now() WHERE id = $1",
          [it.queryId],
        ],
        [
          "DELETE FROM widgets WHERE visualization_id IN (SELECT id FROM visualizations WHERE query_id = $1)",
          [it.queryId],
        ],
        [
          "DELETE FROM alert_subscriptions WHERE alert_id IN (SELECT id FROM alerts WHERE query_id = $1)",
          [it.queryId],
        ],
        ["DELETE FROM alerts WHERE query_id = $1", [it.queryId]],
      ];
    case "cleanup":
      return [
        [
          "DELETE FROM query_results r WHERE id = $1 AND NOT EXISTS (SELECT FROM queries WHERE latest_query_data_id = r.id)",
          [it.resultId],
        ],
      ];
  }
}
