/**
 * Stands in for a task of AWS DMS: full load and ongoing changes by logical decoding, under the limits that DMS
 * documents (redash/dms.ts): no sequences, indexes, keys or defaults; LOBs in a second step and up to a size; no
 * tsvector; no truncation of tables. It makes nothing on the target but its control tables.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type pg from "pg";
import type { TableMappings, TaskSettings } from "../../../../redash/dms";
import type { TaskStatistics, TaskTable } from "../../../ports";
import { sleep, standIn } from "./standIn";
import { Apply } from "./taskApply";
import { TaskError } from "./taskError";
import { load } from "./taskLoad";
import { LobLimit } from "./taskLob";
import { connect, type Endpoint, isLost, withConnection, words } from "./taskSession";
import { createSlot, dropSlot } from "./taskSlot";
import { TaskState } from "./taskState";
import { WalStream } from "./taskStream";
import { capturedTables, type Table } from "./taskTable";

export interface TaskConfig {
  /** Roles that may replicate, and on the target set `session_replication_role`. */
  readonly source: Endpoint;
  readonly target: Endpoint;
  /** Name of its slot on the source. */
  readonly slot: string;
  readonly mappings: TableMappings;
  readonly settings: TaskSettings;
}

const RETRY_PAUSE_MS = 100;

class Task {
  private phase: TaskStatistics["state"] = "ready";
  private reason = "";
  private running: Promise<void> | undefined;
  private stopping = new AbortController();
  private readonly state: TaskState;
  private readonly limit: LobLimit;

  constructor(private readonly config: TaskConfig) {
    this.state = new TaskState(config.settings.ControlTablesSettings.ControlSchema);
    this.limit = new LobLimit(config.settings);
  }

  statistics(): TaskStatistics {
    return {
      state: this.phase,
      reason: this.reason,
      tables: [...this.state.tables.values()].map((table) => ({
        name: table.name,
        state: table.state,
        loadedRows: table.loadedRows,
        errorRows: table.errorRows,
        truncatedValues: table.truncatedValues,
        changes: table.changes,
      })),
    };
  }

  /** Starts the load, or goes on where it stopped, in the background; nothing if it runs. */
  start(): void {
    if (this.running !== undefined) return;
    this.stopping = new AbortController();
    const states = [...this.state.tables.values()].map(({ state }) => state);
    this.phase = states.includes("completed") && !isDue(states) ? "streaming" : "loading";
    this.reason = "";
    this.running = this.run(this.stopping.signal).finally(() => {
      this.running = undefined;
    });
  }

  /** Returns when nothing is applied any more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Leaves no slot on the source and no control table on the target. */
  async remove(): Promise<void> {
    await this.stop();
    const { source, slot } = this.config;
    await withConnection(source, "source", (client) => dropSlot(client, slot));
    await withConnection(this.config.target, "target", (client) => this.state.drop(client));
    this.phase = "ready";
    this.reason = "";
  }

  private async run(signal: AbortSignal): Promise<void> {
    try {
      await withConnection(this.config.target, "target", (client) => this.state.read(client));
      if (this.state.position === undefined) await this.begin();
      await this.loadAll(signal);
      this.phase = "streaming";
      while (!signal.aborted) await this.streamOrPause(signal);
      this.phase = "stopped";
    } catch (error) {
      if (signal.aborted && error === signal.reason) {
        this.phase = "stopped";
        return;
      }
      this.reason = words(error);
      if (error instanceof TaskError) await this.record(error);
      this.phase = "failed";
    }
  }

  /** The first start: the slot comes before the load, so that nothing falls between them. */
  private async begin(): Promise<void> {
    const { source, target, slot, mappings, settings } = this.config;
    const { tables, position } = await withConnection(source, "source", async (client) => {
      const selected = await capturedTables(client, mappings);
      if (selected.size === 0) throw new Error("the table mappings select no table of the source");
      const { TransactionConsistencyTimeout } = settings.FullLoadSettings;
      return {
        tables: selected,
        position: await createSlot(client, slot, TransactionConsistencyTimeout),
      };
    });
    await withConnection(target, "target", (client) =>
      this.state.create(client, tables.values(), position),
    );
  }

  /** Loads what is not loaded, several tables at a time. Whoever stops before the end finds the rows again. */
  private async loadAll(signal: AbortSignal): Promise<void> {
    const { source, target, mappings, settings } = this.config;
    const due = [...this.state.tables.values()].filter(({ state }) => isDue([state]));
    if (due.length === 0) return;
    this.phase = "loading";
    const tables = await withConnection(source, "source", (client) =>
      capturedTables(client, mappings),
    );
    const failed = new AbortController();
    const until = AbortSignal.any([signal, failed.signal]);
    const next = () => (until.aborted ? undefined : tables.get(due.shift()?.sql ?? ""));
    const worker = async () => {
      for (let table = next(); table !== undefined; table = next()) {
        const one = table;
        await withConnection(source, "source", (from) =>
          withConnection(target, "target", (to) => this.loadOne(from, to, one, until)),
        ).catch((error: unknown) => {
          // The others need not go on.
          failed.abort(error);
        });
      }
    };
    await Promise.all(
      Array.from({ length: settings.FullLoadSettings.MaxFullLoadSubTasks }, worker),
    );
    until.throwIfAborted();
  }

  private async loadOne(
    source: pg.Client,
    target: pg.Client,
    table: Table,
    signal: AbortSignal,
  ): Promise<void> {
    const { ErrorBehavior, FullLoadSettings } = this.config.settings;
    const state = this.state.tables.get(table.sql);
    if (state === undefined) return;
    state.state = "loading";
    try {
      const rows = FullLoadSettings.CommitRate;
      await load({ source, target }, table, state, this.limit, rows, signal);
      state.state = "completed";
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      state.state = "error";
      if (ErrorBehavior.TableErrorPolicy === "STOP_TASK") throw error;
      await this.record(error);
    } finally {
      await target.query(this.state.tableSql(state));
    }
  }

  /** Whoever cuts the task off gives it back its login some time. */
  private async streamOrPause(signal: AbortSignal): Promise<void> {
    try {
      await this.stream(signal);
    } catch (error) {
      if (!isLost(error)) throw error;
      await sleep(RETRY_PAUSE_MS);
    }
  }

  /** Applies changes until it is stopped. @throws an error of a lost connection, or TaskError */
  private async stream(signal: AbortSignal): Promise<void> {
    const { source, target, slot, mappings, settings } = this.config;
    const clients: pg.Client[] = [];
    let stream: WalStream | undefined;
    const opened = async (endpoint: Endpoint, purpose: "source" | "target") => {
      const client = await connect(endpoint, purpose);
      clients.push(client);
      return client;
    };
    const close = () => {
      void stream?.close();
    };
    try {
      const from = await opened(source, "source");
      const to = await opened(target, "target");
      await this.state.read(to);
      const apply = new Apply({
        source: from,
        target: to,
        tables: await capturedTables(from, mappings),
        state: this.state,
        limit: this.limit,
        policy: settings.ErrorBehavior.TableErrorPolicy,
      });
      stream = await WalStream.open(source, slot, this.state.position ?? 0n);
      signal.addEventListener("abort", close, { once: true });
      for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
        if (signal.aborted) return;
        const applied = await apply.receive(batch);
        if (applied !== undefined) stream.confirm(applied);
      }
    } finally {
      signal.removeEventListener("abort", close);
      await stream?.close();
      await Promise.all(clients.map((client) => client.end()));
    }
  }

  /** Tells the target too, where people look for it. */
  private async record({ table, what, message }: TaskError): Promise<void> {
    await withConnection(this.config.target, "target", (client) =>
      this.state.recordException(client, table, what, message),
    ).catch((error: unknown) => {
      this.reason += `; awsdms_apply_exceptions does not say so: ${words(error)}`;
    });
  }
}

/** Whether a table is left to be loaded. */
const isDue = (states: readonly TaskTable["state"][]): boolean =>
  states.includes("waiting") || states.includes("loading");

standIn<TaskConfig>(async (config, onStop) => {
  const task = new Task(config);
  const answer = async (request: string): Promise<object> => {
    switch (request) {
      case "PUT /started":
        task.start();
        return {};
      case "GET /statistics":
        return task.statistics();
      case "PUT /stopped":
        await task.stop();
        return {};
      case "PUT /removed":
        await task.remove();
        return {};
      default:
        throw new Error("no such path");
    }
  };
  const control = createServer((incoming, outgoing) => {
    answer(`${incoming.method ?? ""} ${incoming.url ?? ""}`).then(
      (body) => outgoing.end(JSON.stringify(body)),
      (error: unknown) => {
        outgoing.writeHead(500).end(words(error));
      },
    );
  });
  await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));
  onStop(async () => {
    await task.stop();
    control.closeAllConnections();
    await new Promise((resolve) => control.close(resolve));
  });
  return { controlPort: (control.address() as AddressInfo).port };
});
