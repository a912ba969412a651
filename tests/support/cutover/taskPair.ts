import assert from "node:assert/strict";
import pg from "pg";
import type { TaskConfig } from "../../../cutover/adapters/local/standIn/task";
import { type PostgresServer, startPostgres } from "../../../cutover/adapters/local/postgresServer";
import { type StandIn, startStandIn } from "../../../cutover/adapters/local/standInProcess";
import { awaitArrival, createMarkerTable } from "../../../cutover/database/marker";
import { systemClock, until } from "../../../cutover/engine/clock";
import type { SideName, TaskStatistics } from "../../../cutover/ports";
import { tableMappings, taskSettings } from "../../../redash/dms";

const ROLE = "dms";
/** Only a machine that loses its power would miss it; databases are made in a fraction of the time. */
const UNSAFE = { fsync: "off" };
export const PASSWORD = "the password of the task's role";
/** A table with a LOB. */
export const NOTES =
  "CREATE TABLE notes (id int PRIMARY KEY, title varchar(20) NOT NULL, body text)";

/** A source (13) and a target (17) with a role for tasks. */
export class TaskServers {
  private readonly pairs: TaskPair[] = [];
  private made = 0;

  private constructor(private readonly servers: Readonly<Record<SideName, PostgresServer>>) {}

  static async start(): Promise<TaskServers> {
    const [source, target] = await Promise.all([
      startPostgres({ major: 13, settings: { ...UNSAFE, wal_level: "logical" } }),
      startPostgres({ major: 17, settings: UNSAFE }),
    ]);
    const servers = new TaskServers({ source, target });
    for (const side of ["source", "target"] as const) {
      const client = await servers.connect(side);
      await client.query(
        `CREATE ROLE ${ROLE} SUPERUSER LOGIN PASSWORD ${pg.escapeLiteral(PASSWORD)}`,
      );
      await client.end();
    }
    return servers;
  }

  async connect(side: SideName, database = "postgres"): Promise<pg.Client> {
    const client = new pg.Client({ ...this.servers[side].connection, database });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  /**
   * A database on each side, both with the statements; and a task between them, not started, which is there until
   * `removePairs`.
   */
  async pair(
    sql: string | ((client: pg.Client) => Promise<void>),
    change: Partial<TaskConfig> = {},
  ) {
    const name = `pair ${++this.made}`;
    const clients: pg.Client[] = [];
    for (const side of ["source", "target"] as const) {
      const administrator = await this.connect(side);
      await administrator.query(`CREATE DATABASE "${name}"`);
      await administrator.end();
      const client = await this.connect(side, name);
      if (typeof sql === "string") await client.query(sql);
      else await sql(client);
      await createMarkerTable(client);
      clients.push(client);
    }
    const end = (side: SideName) => ({
      host: "127.0.0.1",
      port: this.servers[side].port,
      database: name,
      user: ROLE,
      password: PASSWORD,
    });
    const [source, target] = clients as [pg.Client, pg.Client];
    const config: TaskConfig = {
      source: end("source"),
      target: end("target"),
      slot: "redash_move_dms",
      mappings: tableMappings(),
      settings: taskSettings({ lobMaxSizeKib: 64 }),
      ...change,
    };
    const pair = new TaskPair(source, target, config, await startTask(config));
    this.pairs.push(pair);
    return pair;
  }

  /** Ends the tasks of all pairs, and leaves no slot on the source; the databases stay. */
  async removePairs(): Promise<void> {
    for (const pair of this.pairs.splice(0)) {
      // What a task that has failed cannot remove is removed here.
      await pair.put("removed").catch(() => undefined);
      await pair.source.query(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots",
      );
      await pair.end();
    }
  }

  async remove(): Promise<void> {
    await Promise.all(Object.values(this.servers).map((server) => server.remove()));
  }
}

const waiting = () => ({ clock: systemClock, signal: AbortSignal.timeout(30_000) });
const startTask = (config: TaskConfig) => startStandIn<{ controlPort: number }>("task", config);

export class TaskPair {
  constructor(
    readonly source: pg.Client,
    readonly target: pg.Client,
    private readonly config: TaskConfig,
    private task: StandIn<{ controlPort: number }>,
  ) {}

  async put(what: "started" | "stopped" | "removed"): Promise<void> {
    const answer = await this.ask("PUT", what);
    if (!answer.ok) throw new Error(await answer.text());
  }

  ask(method: string, what: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.task.ready.controlPort}/${what}`, { method });
  }

  async statistics(): Promise<TaskStatistics> {
    return (await (await this.ask("GET", "statistics")).json()) as TaskStatistics;
  }

  /** @throws Error with the task's reason if it fails instead */
  async reaches(state: TaskStatistics["state"]): Promise<TaskStatistics> {
    let last = await this.statistics();
    await this.until(async () => {
      last = await this.statistics();
      if (last.state === "failed" && state !== "failed") throw new Error(last.reason);
      return last.state === state;
    });
    return last;
  }

  /** Starts the task, and waits until it streams. */
  async streams(): Promise<void> {
    await this.put("started");
    await this.reaches("streaming");
  }

  /** Waits until all that was committed on the source has arrived. */
  arrived(): Promise<void> {
    return awaitArrival(this.source, this.target, waiting());
  }

  until(holds: () => Promise<boolean>): Promise<void> {
    return until(holds, waiting(), { first: 2, longest: 20 });
  }

  /** Kills the task without a word, and starts another one in its place. */
  async killAndStart(): Promise<void> {
    await this.task.kill();
    this.task = await startTask(this.config);
    await this.put("started");
  }

  async rows(side: SideName, sql: string): Promise<unknown[]> {
    const { rows } = await this[side].query<unknown[]>({ text: sql, rowMode: "array" });
    return rows;
  }

  async bothHave(sql: string, rows: unknown[]): Promise<void> {
    assert.deepEqual(await this.rows("source", sql), rows);
    assert.deepEqual(await this.rows("target", sql), rows);
  }

  /** Changes that the task could not apply, as DMS writes them down on the target. */
  exceptions(): Promise<unknown[]> {
    return this.rows(
      "target",
      `SELECT "TABLE_OWNER", "TABLE_NAME", "STATEMENT", "ERROR" FROM awsdms.awsdms_apply_exceptions`,
    );
  }

  /** Ends the task; its slot and databases stay. */
  async end(): Promise<void> {
    await this.task.kill();
    await Promise.all([this.source.end(), this.target.end()]);
  }
}
