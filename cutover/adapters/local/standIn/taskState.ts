/**
 * What a task knows of itself, in its control schema on the target: it is written in the transactions that apply rows,
 * so that a task that is killed neither loses nor doubles a change. (AWS's keeps it on its own disk, and in a table
 * `awsdms_txn_state` if told to.)
 */
import type pg from "pg";
import type { TaskTable } from "../../../ports";
import { identifier, literal } from "./taskSession";
import { lsnText, readLsn } from "./taskStream";
import type { Table } from "./taskTable";

/** A table as it stands; counters grow. */
export interface TableState extends Mutable<TaskTable> {
  /** Quoted, with its schema. */
  readonly sql: string;
  /** The source's snapshot that was loaded: what it sees has arrived; undefined before the load is over. */
  snapshot: string | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export class TaskState {
  readonly tables = new Map<string, TableState>();
  /** Where the source's WAL has been applied up to; undefined before the first start. */
  position: bigint | undefined;
  private readonly schema: string;

  constructor(controlSchema: string) {
    this.schema = identifier(controlSchema);
  }

  /** Reads what an earlier process has left, if anything. */
  async read(target: pg.Client): Promise<void> {
    const { rows: known } = await target.query<{ name: string | null }>(
      "SELECT to_regclass($1) AS name",
      [`${this.schema}.awsdms_txn_state`],
    );
    this.tables.clear();
    this.position = undefined;
    if (known[0]?.name == null) return;
    const { rows: positions } = await target.query<{ position: string }>(
      `SELECT position FROM ${this.schema}.awsdms_txn_state`,
    );
    if (positions[0] === undefined) return;
    this.position = readLsn(positions[0].position);
    const { rows } = await target.query<Record<string, string | null>>(
      `SELECT * FROM ${this.schema}.awsdms_tables ORDER BY name`,
    );
    for (const row of rows) {
      const sql = row["sql"] ?? "";
      this.tables.set(sql, {
        sql,
        name: row["name"] ?? "",
        state: row["state"] as TaskTable["state"],
        loadedRows: Number(row["loaded_rows"]),
        errorRows: Number(row["error_rows"]),
        truncatedValues: Number(row["truncated_values"]),
        changes: Number(row["changes"]),
        snapshot: row["snapshot"] ?? undefined,
      });
    }
  }

  /** Makes the control tables of a task that starts for the first time. */
  async create(target: pg.Client, tables: Iterable<Table>, position: bigint): Promise<void> {
    await target.query(`
      BEGIN;
      CREATE SCHEMA IF NOT EXISTS ${this.schema};
      CREATE TABLE ${this.schema}.awsdms_apply_exceptions ("TASK_NAME" text NOT NULL, "TABLE_OWNER" text NOT NULL,
        "TABLE_NAME" text NOT NULL, "ERROR_TIME" timestamp NOT NULL DEFAULT now(), "STATEMENT" text NOT NULL, "ERROR" text NOT NULL);
      CREATE TABLE ${this.schema}.awsdms_txn_state (position pg_lsn NOT NULL);
      CREATE TABLE ${this.schema}.awsdms_tables (sql text PRIMARY KEY, name text NOT NULL, state text NOT NULL,
        loaded_rows bigint NOT NULL, error_rows bigint NOT NULL, truncated_values bigint NOT NULL, changes bigint NOT NULL, snapshot text);
      INSERT INTO ${this.schema}.awsdms_txn_state VALUES (${literal(lsnText(position))})`);
    for (const { sql, name } of tables) {
      const state: TableState = {
        sql,
        name,
        state: "waiting",
        loadedRows: 0,
        errorRows: 0,
        truncatedValues: 0,
        changes: 0,
        snapshot: undefined,
      };
      this.tables.set(sql, state);
      await target.query(`INSERT INTO ${this.schema}.awsdms_tables VALUES (${valuesOf(state)})`);
    }
    await target.query("COMMIT");
    this.position = position;
  }

  /** SQL that stores a table as it stands. */
  tableSql(table: TableState): string {
    return `UPDATE ${this.schema}.awsdms_tables SET (sql, name, state, loaded_rows, error_rows, truncated_values, changes, snapshot)
      = (${valuesOf(table)}) WHERE sql = ${literal(table.sql)}`;
  }

  /** SQL that stores how far the source's WAL has been applied. */
  positionSql(position: bigint): string {
    return `UPDATE ${this.schema}.awsdms_txn_state SET position = ${literal(lsnText(position))}`;
  }

  /** Records a change that could not be applied, without its values. */
  async recordException(target: pg.Client, table: string, what: string, error: string) {
    const [owner = "", name = ""] = table.includes(".") ? table.split(".") : ["public", table];
    await target.query(
      `INSERT INTO ${this.schema}.awsdms_apply_exceptions ("TASK_NAME", "TABLE_OWNER", "TABLE_NAME", "STATEMENT", "ERROR")
       VALUES ('redash_move', $1, $2, $3, $4)`,
      [owner, name, what, error],
    );
  }

  async drop(target: pg.Client): Promise<void> {
    await target.query(`DROP SCHEMA IF EXISTS ${this.schema} CASCADE`);
    this.tables.clear();
    this.position = undefined;
  }
}

const valuesOf = (it: TableState): string =>
  [
    literal(it.sql),
    literal(it.name),
    literal(it.state),
    it.loadedRows,
    it.errorRows,
    it.truncatedValues,
    it.changes,
    literal(it.snapshot ?? null),
  ].join(", ");

/** Whether a snapshot sees a transaction; ids are compared round the clock, as PostgreSQL does. */
export function isVisible(snapshot: string, xid: number): boolean {
  const [xmin = "", xmax = "", running = ""] = snapshot.split(":");
  const low = (id: string) => Number(BigInt(id) & 0xffffffffn);
  const precedes = (one: number, other: number) => ((one - other) | 0) < 0;
  if (precedes(xid, low(xmin))) return true;
  return precedes(xid, low(xmax)) && !(running !== "" && running.split(",").map(low).includes(xid));
}
