import type pg from "pg";
import type { LedgerEntry } from "./users";

/** What became of the writes that users were told are done, and of those of which they were told nothing. */
export interface LedgerVerdict {
  readonly acknowledged: number;
  /** Acknowledged, but not there, or not in the state that it left. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly duplicated: readonly string[];
  /** Not acknowledged, because the connection broke or the fence refused it. */
  readonly unknown: number;
  /** Of those, how many are there all the same. */
  readonly unknownButThere: number;
}

/** Where a token of a kind of write is found. */
const TOKENS = {
  result: "SELECT query_hash AS token FROM query_results",
  edit: "SELECT object_type AS token FROM changes",
  user: "SELECT split_part(email, '@', 1) AS token FROM users",
  dashboard: "SELECT slug AS token FROM dashboards",
  favorite: "SELECT object_type AS token FROM favorites",
} as const;

/** How many failures each query had before users began. */
export async function failureCounts(client: pg.Client): Promise<ReadonlyMap<number, number>> {
  const { rows } = await client.query<{ id: number; n: number }>(
    "SELECT id, schedule_failures AS n FROM queries",
  );
  return new Map(rows.map(({ id, n }) => [id, n]));
}

/** Looks for every write of the ledger in the database that users write to now. */
export async function judgeLedger(
  client: pg.Client,
  ledger: readonly LedgerEntry[],
  failuresBefore: ReadonlyMap<number, number>,
): Promise<LedgerVerdict> {
  const lost: string[] = [];
  const duplicated: string[] = [];
  let unknownButThere = 0;
  for (const [kind, sql] of Object.entries(TOKENS)) {
    const entries = ledger.filter(({ write }) => write.kind === kind);
    const tokens = entries.map(({ write }) => ("token" in write ? write.token : ""));
    const { rows } = await client.query<{ token: string; n: number }>(
      `SELECT token, count(*)::int AS n FROM (${sql}) t WHERE token = ANY ($1) GROUP BY token`,
      [tokens],
    );
    const found = new Map(rows.map(({ token, n }) => [token, n]));
    for (const [index, { state }] of entries.entries()) {
      const token = tokens[index] ?? "";
      const count = found.get(token) ?? 0;
      if (count > 1) duplicated.push(`${kind} ${token}`);
      if (count === 0 && state === "acknowledged") lost.push(`${kind} ${token}`);
      if (count > 0 && state === "unknown") unknownButThere++;
    }
  }
  await judgeFailures(client, ledger, failuresBefore, lost, duplicated);
  await judgeIds(client, ledger, lost);
  const acknowledged = ledger.filter(({ state }) => state === "acknowledged").length;
  return {
    acknowledged,
    lost,
    duplicated,
    unknown: ledger.length - acknowledged,
    unknownButThere,
  };
}

/** A counter shows a write that was applied twice, and one that was not applied. */
async function judgeFailures(
  client: pg.Client,
  ledger: readonly LedgerEntry[],
  before: ReadonlyMap<number, number>,
  lost: string[],
  duplicated: string[],
): Promise<void> {
  const now = await failureCounts(client);
  const count = (id: number, state: LedgerEntry["state"]) =>
    ledger.filter(
      (it) => it.state === state && it.write.kind === "failure" && it.write.queryId === id,
    ).length;
  for (const [id, first] of before) {
    const added = (now.get(id) ?? 0) - first;
    const least = count(id, "acknowledged");
    if (added < least) lost.push(`${least - added} failures of query ${id}`);
    if (added > least + count(id, "unknown")) duplicated.push(`failures of query ${id}`);
  }
}

async function judgeIds(
  client: pg.Client,
  ledger: readonly LedgerEntry[],
  lost: string[],
): Promise<void> {
  const done = ledger.filter(({ state }) => state === "acknowledged").map(({ write }) => write);
  const archived = done.flatMap((it) => (it.kind === "archive" ? [it.queryId] : []));
  const cleaned = done.flatMap((it) => (it.kind === "cleanup" ? [it.resultId] : []));
  const { rows } = await client.query<{ what: string }>(
    `SELECT 'archive of query ' || id AS what FROM queries q WHERE id = ANY ($1) AND (NOT is_archived
         OR EXISTS (SELECT FROM alerts WHERE query_id = q.id)
         OR EXISTS (SELECT FROM widgets w JOIN visualizations v ON v.id = w.visualization_id WHERE v.query_id = q.id))
     UNION ALL
     SELECT 'clean-up of result ' || id FROM query_results r WHERE id = ANY ($2)
        AND NOT EXISTS (SELECT FROM queries WHERE latest_query_data_id = r.id)`,
    [archived, cleaned],
  );
  lost.push(...rows.map(({ what }) => what));
}
