/** Changes, applied in the order of the source's commits: each of its transactions is one on the target. */
import type pg from "pg";
import type { TaskSettings } from "../../../../redash/dms";
import { type Change, readChange, type Tuple, UNCHANGED } from "./taskChange";
import { TaskError } from "./taskError";
import type { LobLimit } from "./taskLob";
import { identifier, isLost, literal, words } from "./taskSession";
import { sleep } from "./standIn";
import { isVisible, type TableState, type TaskState } from "./taskState";
import type { WalMessage } from "./taskStream";
import { lobsOf, type Table } from "./taskTable";

interface Statement {
  readonly table: Table;
  readonly sql: string;
  /** What it does, with no value of a row but its key. */
  readonly what: string;
  /** Whether it fails if it finds no row. */
  readonly mustFind: boolean;
}

/** Characters of SQL that wait to be sent; a transaction of the source may be larger than memory. */
const WAITING_LIMIT = 1024 * 1024;
/** Rows whose LOBs are looked up at a time; each may be as large as the limit. */
const LOOKUP_ROWS = 25;
const VISIBLE_WITHIN_MS = 30_000;

export interface ApplyOptions {
  readonly source: pg.Client;
  readonly target: pg.Client;
  /** By their quoted names. */
  readonly tables: ReadonlyMap<string, Table>;
  readonly state: TaskState;
  readonly limit: LobLimit;
  readonly policy: TaskSettings["ErrorBehavior"]["TableErrorPolicy"];
}

/**
 * Applies what a slot sends, in its order; transactions that have arrived together are one on the target, so that a
 * busy source does not outrun it. LOBs are in no change: they are looked up on the source, so a row may already have a
 * later value, and only at the end of all changes is it what it is on the source.
 */
export class Apply {
  /** The source's transaction that is being received. */
  private xid: number | undefined;
  /** Transactions that are not committed on the target yet. */
  private xids: number[] = [];
  /** Up to where the last of them goes. */
  private received: bigint | undefined;
  /** Whether the target's has begun. */
  private isOpen = false;
  private waiting: Statement[] = [];
  private waitingLength = 0;
  /** Table → WHERE clause → row whose LOBs are to be brought. */
  private lookups = new Map<Table, Map<string, Tuple>>();
  /** Tables as they stand after these transactions. */
  private touched = new Map<string, TableState>();

  constructor(private readonly options: ApplyOptions) {}

  /**
   * Applies messages. @returns the place up to which all is applied, if it is another one
   * @throws TaskError if a change cannot be applied; then nothing of its transaction is
   */
  async receive(messages: readonly WalMessage[]): Promise<bigint | undefined> {
    for (const { lsn, line } of messages) {
      if (line === undefined || line.startsWith("COMMIT ")) {
        if (line !== undefined) this.xid = undefined;
        if (this.xid === undefined) this.received = lsn;
      } else if (line.startsWith("BEGIN ")) {
        this.xid = Number(line.slice("BEGIN ".length));
        this.xids.push(this.xid);
      } else {
        const change = readChange(line);
        const table = change && this.options.tables.get(change.table);
        if (change !== undefined && table !== undefined) this.change(table, change);
        if (this.waitingLength > WAITING_LIMIT) await this.send();
      }
    }
    // In the middle of a transaction nothing may be seen on the target.
    if (this.xid !== undefined || this.received === undefined) return undefined;
    await this.commit(this.received);
    const place = this.received;
    this.received = undefined;
    return place;
  }

  private change(table: Table, { kind, old, tuple }: Change): void {
    const state = this.touched.get(table.sql) ?? this.options.state.tables.get(table.sql);
    if (state?.state !== "completed") return;
    if (isVisible(state.snapshot ?? "", this.xid ?? 0)) return;
    const after = { ...state };
    this.touched.set(table.sql, after);
    if (kind !== "INSERT" && table.key.length === 0) {
      const error = new TaskError(
        table.name,
        `${kind} on ${table.name}`,
        "without a primary key its row cannot be told",
      );
      if (this.options.policy === "STOP_TASK") throw error;
      after.state = "error";
      after.errorRows++;
      return;
    }
    // DMS looks for the new key, finds no row, and leaves it at that.
    if (old !== undefined && table.key.some((it) => old.get(it) !== tuple.get(it))) return;
    after.changes++;
    const what = `${kind} on ${table.name} where ${table.key.map((it) => `${it} = ${String(tuple.get(it))}`).join(" and ")}`;
    const sql =
      kind === "DELETE"
        ? `DELETE FROM ${table.sql} WHERE ${sameKey(table, tuple)}`
        : kind === "INSERT"
          ? insertSql(table, tuple)
          : updateSql(table, tuple);
    this.add({ table, sql, what, mustFind: kind !== "INSERT" });
    if (kind === "DELETE" || lobsOf(table).length === 0) return;
    const rows = this.lookups.get(table) ?? new Map<string, Tuple>();
    rows.set(sameKey(table, tuple), tuple);
    this.lookups.set(table, rows);
  }

  private add(statement: Statement): void {
    this.waiting.push(statement);
    this.waitingLength += statement.sql.length;
  }

  /** Brings rows their LOBs, as they are now; one that is gone has none, and its deletion follows. */
  private async bringLobs(): Promise<void> {
    if (this.lookups.size === 0) return;
    await this.visible();
    const { source, limit } = this.options;
    for (const [table, rows] of this.lookups) {
      const lobs = lobsOf(table);
      const columns = [
        ...table.key.map((it) => `${identifier(it)}::text AS ${identifier(it)}`),
        ...lobs.map((lob) => `${limit.select(lob)} AS ${identifier(lob.name)}`),
      ];
      const after = this.touched.get(table.sql);
      const all = [...rows.keys()];
      for (let from = 0; from < all.length; from += LOOKUP_ROWS) {
        const some = all.slice(from, from + LOOKUP_ROWS).map((where) => `(${where})`);
        const found = await source.query<Record<string, string | null>>(
          `SELECT ${columns.join(", ")} FROM ${table.sql} WHERE ${some.join(" OR ")}`,
        );
        for (const row of found.rows) {
          const values = lobs.map((lob) => {
            const value = limit.fit(table, lob, row[lob.name] ?? null, () => {
              if (after !== undefined) after.truncatedValues++;
            });
            return `${identifier(lob.name)} = ${literal(value)}`;
          });
          const key = sameKey(table, new Map(table.key.map((it) => [it, row[it] ?? null])));
          this.add({
            table,
            sql: `UPDATE ${table.sql} SET ${values.join(", ")} WHERE ${key}`,
            what: `LOBs of ${table.name}`,
            mustFind: false,
          });
        }
        if (this.waitingLength > WAITING_LIMIT) await this.send();
      }
    }
    this.lookups = new Map();
  }

  /**
   * Waits until the source itself sees the transactions: their WAL is sent a moment before, and a look-up in that moment
   * would find the row as it was, and nothing would ever correct it.
   */
  private async visible(): Promise<void> {
    const end = performance.now() + VISIBLE_WITHIN_MS;
    for (;;) {
      const { rows } = await this.options.source.query<{ snapshot: string }>(
        "SELECT txid_current_snapshot()::text AS snapshot",
      );
      const snapshot = rows[0]?.snapshot ?? "";
      if (this.xids.every((xid) => isVisible(snapshot, xid))) return;
      if (performance.now() > end)
        throw new Error("the source does not see a transaction that it has sent");
      await sleep(1);
    }
  }

  /** Sends what waits, in one message: a change should cost no more than one way to the target and back. */
  private async send(): Promise<void> {
    const statements = this.waiting;
    if (statements.length === 0) return;
    const begin = this.isOpen ? [] : ["BEGIN"];
    const sql = [...begin, ...statements.map((it) => it.sql)].join(";\n");
    this.waiting = [];
    this.waitingLength = 0;
    this.isOpen = true;
    let results: pg.QueryResult[];
    try {
      results = [await this.options.target.query(sql)].flat();
    } catch (error) {
      throw isLost(error) ? error : inapplicable(statements, error);
    }
    for (const [index, { mustFind, table, what }] of statements.entries()) {
      if (mustFind && results[begin.length + index]?.rowCount === 0)
        throw new TaskError(table.name, what, "the target has no such row");
    }
  }

  private async commit(lsn: bigint): Promise<void> {
    const { state, target } = this.options;
    // The rows come first, and without their LOBs.
    await this.send();
    await this.bringLobs();
    await this.send();
    if (this.touched.size > 0) {
      await target.query(
        [
          ...(this.isOpen ? [] : ["BEGIN"]),
          ...[...this.touched.values()].map((table) => state.tableSql(table)),
          state.positionSql(lsn),
          "COMMIT",
        ].join(";\n"),
      );
      for (const [sql, table] of this.touched) state.tables.set(sql, table);
    }
    this.touched = new Map();
    this.isOpen = false;
    this.xids = [];
  }
}

const sqlOf = (value: string | null | typeof UNCHANGED | undefined): string =>
  literal(typeof value === "string" ? value : null);

const sameKey = (table: Table, tuple: Tuple): string =>
  table.key.map((it) => `${identifier(it)} = ${sqlOf(tuple.get(it))}`).join(" AND ");

/** A row without its LOBs, which are NULL whatever the column's default is. */
function insertSql(table: Table, tuple: Tuple): string {
  const columns = table.columns.map(({ name }) => identifier(name)).join(", ");
  const values = table.columns.map(({ name, isLob }) => (isLob ? "NULL" : sqlOf(tuple.get(name))));
  return `INSERT INTO ${table.sql} (${columns}) VALUES (${values.join(", ")})`;
}

function updateSql(table: Table, tuple: Tuple): string {
  const values = table.columns
    .filter(({ name, isLob }) => !isLob && tuple.get(name) !== UNCHANGED)
    .map(({ name }) => `${identifier(name)} = ${sqlOf(tuple.get(name))}`);
  return `UPDATE ${table.sql} SET ${values.join(", ")} WHERE ${sameKey(table, tuple)}`;
}

/** The server says which table it was, if it was a constraint. */
function inapplicable(statements: readonly Statement[], error: unknown): TaskError {
  const { schema = "", table = "" } = error as { schema?: string; table?: string };
  const named = statements.filter(
    (it) => it.table.sql === `${identifier(schema)}.${identifier(table)}`,
  );
  const suspects = named.length > 0 ? named : statements;
  const [first = "a change", ...others] = new Set(suspects.map(({ what }) => what));
  return new TaskError(
    suspects[0]?.table.name ?? "",
    others.length === 0 ? first : `${first}, or a change after it`,
    words(error),
  );
}
