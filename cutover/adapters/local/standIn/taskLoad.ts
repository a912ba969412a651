/** The full load of a table: every row with its LOBs, into a table that nobody has emptied. */
import type pg from "pg";
import { TaskError } from "./taskError";
import type { LobLimit } from "./taskLob";
import { identifier, words } from "./taskSession";
import type { TableState } from "./taskState";
import { lobsOf, type Table } from "./taskTable";

type Row = Record<string, string | null>;

/** What PostgreSQL takes in one statement. */
const MOST_PARAMETERS = 65_535;
/** About what is held of a table at a time. */
const BATCH_BYTES = 4 * 1024 * 1024;
const FIRST_ROWS = 100;

/**
 * Copies a table as one snapshot of the source sees it, and leaves that snapshot in its state: changes of transactions
 * that it sees are not applied again. (AWS's applies them over what is there and ignores the conflicts, which comes to
 * the same rows.)
 * @param mostRows rows that are transferred together
 * @throws TaskError if a row is there already, or does not fit
 */
export async function load(
  { source, target }: { readonly source: pg.Client; readonly target: pg.Client },
  table: Table,
  state: TableState,
  limit: LobLimit,
  mostRows: number,
  signal: AbortSignal,
): Promise<void> {
  if (table.key.length === 0 && lobsOf(table).length > 0) {
    throw new TaskError(
      table.name,
      `load ${table.name}`,
      "it has LOB columns and no primary key, by which they are looked up",
    );
  }
  await source.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  // By the name that servers before 13 know, too.
  const { rows: snapshots } = await source.query<{ snapshot: string }>(
    "SELECT txid_current_snapshot() AS snapshot",
  );
  const columns = table.columns.map(({ name }) => identifier(name)).join(", ");
  await source.query(
    `DECLARE load NO SCROLL CURSOR FOR SELECT ${table.columns
      .map((column) => `${limit.select(column)} AS ${identifier(column.name)}`)
      .join(", ")} FROM ${table.sql}`,
  );
  const most = Math.min(mostRows, Math.floor(MOST_PARAMETERS / table.columns.length));
  for (let count = Math.min(FIRST_ROWS, most); ;) {
    signal.throwIfAborted();
    const { rows } = await source.query<Row>(`FETCH ${count} FROM load`);
    if (rows.length === 0) break;
    const values = rows.flatMap((row) =>
      table.columns.map((column) =>
        limit.fit(table, column, row[column.name] ?? null, () => state.truncatedValues++),
      ),
    );
    try {
      await target.query(
        `INSERT INTO ${table.sql} (${columns}) VALUES ${placeholders(rows.length, table.columns.length)}`,
        values,
      );
    } catch (error) {
      state.errorRows += rows.length;
      throw new TaskError(table.name, `load ${table.name}`, words(error));
    }
    state.loadedRows += rows.length;
    const bytes = values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
    count = Math.max(1, Math.min(most, Math.floor(BATCH_BYTES / (bytes / rows.length + 1))));
  }
  await source.query("COMMIT");
  state.snapshot = snapshots[0]?.snapshot;
}

const placeholders = (rows: number, columns: number): string =>
  Array.from(
    { length: rows },
    (_, row) =>
      `(${Array.from({ length: columns }, (__, column) => `$${row * columns + column + 1}`).join(", ")})`,
  ).join(", ");
