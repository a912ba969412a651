/** Changes, applied in the order of the source's commits: each of its transactions is one on the target. */
import type pg from "pg";
import type { TaskSettings } from "../../../../redash/dms.ts";
import { sleep } from "./standIn.mts";
import { type Change, readChange, type Tuple, UNCHANGED } from "./taskChange.mts";
import { TaskError } from "./taskError.mts";
import type { LobLimit } from "./taskLob.mts";
import { identifier, isLost, literal, words } from "./taskSession.mts";
import { isVisible, type TableState, type TaskState } from "./taskState.mts";
import type { WalMessage } from "./taskStream.mts";
import { lobsOf, type Table } from "./taskTable.mts";

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
/** Between a commit's way into the WAL and the moment when others see it. */
const VISIBLE_DEADLINE_MS = 30_000;

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
 * Applies what a slot sends. LOBs are in no change: they are looked up on the source when the change is applied, so a
 * row may already have a later value, and only at the end of all changes is it what it is on the source.
 */
export class Apply {
  private readonly options: ApplyOptions;
  /** The source's transaction that is being received. */
  private xid: number | undefined;
  /** Whether the target's has begun. */
  private isOpen = false;
  private waiting: Statement[] = [];
  private waitingLength = 0;
  /** Tables as they stand after this transaction. */
  private touched = new Map<string, TableState>();

  constructor(options: ApplyOptions) {
    this.options = options;
  }

  /**
   * Applies a message. @returns the place up to which all is applied, if it is one
   * @throws TaskError if a change cannot be applied; then nothing of its transaction is
   */
  async receive({ lsn, line }: WalMessage): Promise<bigint | undefined> {
    if (line === undefined) return this.xid === undefined ? lsn : undefined;
    if (line.startsWith("BEGIN ")) {
      this.xid = Number(line.slice("BEGIN ".length));
      return undefined;
    }
    if (line.startsWith("COMMIT ")) {
      await this.commit(lsn);
      return lsn;
    }
    const change = readChange(line);
    const table = change && this.options.tables.get(change.table);
    if (change !== undefined && table !== undefined) await this.change(table, change);
    if (this.waitingLength > WAITING_LIMIT) await this.send();
    return undefined;
  }

  private async change(table: Table, { kind, old, tuple }: Change): Promise<void> {
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
    const add = (sql: string, mustFind: boolean) => {
      this.waiting.push({ table, sql, what, mustFind });
      this.waitingLength += sql.length;
    };
    if (kind === "DELETE") {
      add(`DELETE FROM ${table.sql} WHERE ${sameKey(table, tuple)}`, true);
      return;
    }
    add(kind === "INSERT" ? insertSql(table, tuple) : updateSql(table, tuple), kind === "UPDATE");
    const lobs = await this.lookUp(table, tuple, after);
    if (lobs !== undefined) add(lobs, false);
  }

  /** SQL that brings a row its LOBs; nothing if it has none, or is gone: then its deletion follows. */
  private async lookUp(table: Table, tuple: Tuple, after: TableState): Promise<string | undefined> {
    const { limit } = this.options;
    const lobs = lobsOf(table);
    if (lobs.length === 0) return undefined;
    const row = await this.visible(
      lobs.map((lob) => limit.select(lob)),
      `${table.sql} WHERE ${sameKey(table, tuple)}`,
    );
    if (row === undefined) return undefined;
    const values = lobs.map((lob, index) => {
      const value = limit.fit(table, lob, row[index] ?? null, () => after.truncatedValues++);
      return `${identifier(lob.name)} = ${literal(value)}`;
    });
    return `UPDATE ${table.sql} SET ${values.join(", ")} WHERE ${sameKey(table, tuple)}`;
  }

  /**
   * A row of the source as the transaction at hand has left it, or a later one. A commit is in the WAL, and may be here,
   * a moment before others see it: a look at once would find no row, or an old one, and its LOBs were lost.
   * @throws Error if it does not become visible in time
   */
  private async visible(
    columns: readonly string[],
    from: string,
  ): Promise<readonly (string | null)[] | undefined> {
    const end = performance.now() + VISIBLE_DEADLINE_MS;
    for (;;) {
      const { rows } = await this.options.source.query<[snapshot: string, ...(string | null)[]]>({
        text: `SELECT pg_current_snapshot(), r.* FROM (SELECT) AS always
                 LEFT JOIN (SELECT true AS is_there, ${columns.join(", ")} FROM ${from}) AS r ON true`,
        rowMode: "array",
      });
      const [snapshot = "", isThere, ...row] = rows[0] ?? [];
      if (isVisible(snapshot, this.xid ?? 0)) return isThere === null ? undefined : row;
      if (performance.now() > end) {
        throw new Error(
          "a commit of the source is in its WAL and nobody sees it; it may wait for a synchronous standby",
        );
      }
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
    this.xid = undefined;
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
