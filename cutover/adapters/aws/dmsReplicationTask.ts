import {
  type DatabaseMigrationServiceClient,
  DescribeReplicationTasksCommand,
  DescribeTableStatisticsCommand,
  type ReplicationTask as Task,
  StartReplicationTaskCommand,
  type StartReplicationTaskTypeValue,
  StopReplicationTaskCommand,
  type TableStatistics,
} from "@aws-sdk/client-database-migration-service";
import type pg from "pg";
import type { MoveAction } from "../../../redash/moveActions";
import { type Database, withClient } from "../../database/database";
import { dmsSlots, dropDmsObjects } from "../../database/dmsTraces";
import { dropSlot } from "../../database/replication";
import { type Clock, until } from "../../engine/clock";
import type { ReplicationTask, TaskStatistics, TaskTable } from "../../ports";
import { call, CallFailed } from "./call";
import type { AwsWorldDescription } from "./description";

export interface DmsReplicationTaskOptions {
  readonly client: DatabaseMigrationServiceClient;
  readonly task: Pick<NonNullable<AwsWorldDescription["task"]>, "arn" | "sourceRole">;
  readonly source: Database;
  readonly target: Database;
  readonly clock: Clock;
}

/** DMS starts and stops within minutes. */
const LOOKS_MS = { first: 1000, longest: 10_000 };
/** The most that DMS gives at a time. */
const TABLES_PER_PAGE = 500;

/**
 * A task of AWS DMS, which the program has made and keeps: it is started and stopped here, never deleted.
 * States and stop reasons: https://docs.aws.amazon.com/dms/latest/APIReference/API_ReplicationTask.html
 */
export class DmsReplicationTask implements ReplicationTask {
  readonly sourceRole: string;

  constructor(private readonly options: DmsReplicationTaskOptions) {
    this.sourceRole = options.task.sourceRole;
  }

  async sourceSlot(source: pg.Client): Promise<string> {
    const [slot, ...more] = await dmsSlots(source);
    if (slot === undefined)
      throw new Error(
        "the task has no slot on the source: it was never started, or its slot was dropped",
      );
    if (more.length > 0)
      throw new Error(
        `several slots on the source could be the task's: ${[slot, ...more].join(", ")}; drop those of other tasks`,
      );
    return slot;
  }

  /** @throws Error with DMS's reason if it does not run in the end; CallFailed */
  async start(signal: AbortSignal): Promise<void> {
    let isAsked = false;
    await until(
      async () => {
        const task = await this.look(signal);
        if (task.Status === "running") return true;
        if (isBusy(task)) return false;
        if (isAsked) throw new Error(`${this.name} did not start: ${reasonOf(task)}`);
        await this.ask(
          "dms:StartReplicationTask",
          task,
          signal,
          await this.kindOfStart(task, signal),
        );
        isAsked = true;
        return false;
      },
      { clock: this.options.clock, signal },
      LOOKS_MS,
    );
  }

  /**
   * AWS does not report truncated values: with DataTruncationErrorPolicy STOP_TASK and failTasksOnLobTruncation
   * (redash/dms.ts) the task fails at the first one, with its reason.
   */
  async statistics(signal: AbortSignal): Promise<TaskStatistics> {
    const task = await this.look(signal);
    const tables = task.Status === "ready" ? [] : await this.tables(signal);
    const state = stateOf(task, tables);
    return { state, reason: state === "failed" ? reasonOf(task) : "", tables };
  }

  /** @throws CallFailed */
  async stop(signal: AbortSignal): Promise<void> {
    let isAsked = false;
    await until(
      async () => {
        const task = await this.look(signal);
        if (task.Status !== "running") return !isBusy(task);
        if (!isAsked) await this.ask("dms:StopReplicationTask", task, signal);
        isAsked = true;
        return false;
      },
      { clock: this.options.clock, signal },
      LOOKS_MS,
    );
  }

  async remove(signal: AbortSignal): Promise<void> {
    await this.stop(signal);
    const { source, target, clock } = this.options;
    await withClient(source, signal, async (client) => {
      for (const slot of await dmsSlots(client)) await dropSlot(client, slot, { clock, signal });
    });
    await withClient(target, signal, dropDmsObjects);
  }

  private get name(): string {
    return `replication task ${this.options.task.arn}`;
  }

  private async look(signal: AbortSignal): Promise<Task> {
    const { client, task, clock } = this.options;
    const { ReplicationTasks: [found] = [] } = await call(
      {
        action: "dms:DescribeReplicationTasks",
        on: this.name,
        isIdempotent: true,
        signal,
        next: "run pulumi up, which makes the task",
      },
      (abortSignal) =>
        client.send(
          new DescribeReplicationTasksCommand({
            Filters: [{ Name: "replication-task-arn", Values: [task.arn] }],
            WithoutSettings: true,
          }),
          { abortSignal },
        ),
      clock,
    );
    if (found === undefined)
      throw new Error(`${this.name} is not there; run pulumi up, which makes it`);
    return found;
  }

  /** A dropped slot is no place to go on from: then everything is loaded anew, into tables that the move has emptied. */
  private async kindOfStart(
    task: Task,
    signal: AbortSignal,
  ): Promise<StartReplicationTaskTypeValue> {
    if (task.Status === "ready") return "start-replication";
    const slots = await withClient(this.options.source, signal, dmsSlots);
    return slots.length > 0 ? "resume-processing" : "reload-target";
  }

  /** Two requests do no more than one: DMS refuses what a task's state does not allow. */
  private async ask(
    action: MoveAction & `dms:${"Start" | "Stop"}ReplicationTask`,
    before: Task,
    signal: AbortSignal,
    kind?: StartReplicationTaskTypeValue,
  ): Promise<void> {
    const { client, task, clock } = this.options;
    const ReplicationTaskArn = task.arn;
    try {
      await call<unknown>(
        { action, on: this.name, isIdempotent: true, signal },
        (abortSignal) =>
          kind === undefined
            ? client.send(new StopReplicationTaskCommand({ ReplicationTaskArn }), { abortSignal })
            : client.send(
                new StartReplicationTaskCommand({
                  ReplicationTaskArn,
                  StartReplicationTaskType: kind,
                }),
                { abortSignal },
              ),
        clock,
      );
    } catch (error) {
      // It may have been carried out, and only its answer was lost.
      const isRefused = error instanceof CallFailed && error.code === "InvalidResourceStateFault";
      if (!isRefused || (await this.look(signal)).Status === before.Status) throw error;
    }
  }

  private async tables(signal: AbortSignal): Promise<TaskTable[]> {
    const { client, task, clock } = this.options;
    const all: TableStatistics[] = [];
    let marker: string | undefined;
    do {
      const page = await call(
        { action: "dms:DescribeTableStatistics", on: this.name, isIdempotent: true, signal },
        (abortSignal) =>
          client.send(
            new DescribeTableStatisticsCommand({
              ReplicationTaskArn: task.arn,
              MaxRecords: TABLES_PER_PAGE,
              Marker: marker,
            }),
            { abortSignal },
          ),
        clock,
      );
      all.push(...(page.TableStatistics ?? []));
      marker = page.Marker;
    } while (marker !== undefined && marker !== "");
    return all.map(tableOf);
  }
}

/** States that pass by themselves. */
const isBusy = ({ Status = "" }: Task) =>
  ["creating", "modifying", "moving", "testing", "starting", "stopping"].includes(Status);

/** Why it does not run, in DMS's words. */
const reasonOf = ({ Status = "", StopReason = "", LastFailureMessage = "" }: Task) =>
  [`it is ${Status}`, StopReason, LastFailureMessage]
    .filter((it) => it !== "")
    .join("; ")
    .slice(0, 500);

/** Stop reasons of a task that nobody has stopped. */
const WENT_WRONG = /ERROR|LOW_MEMORY|LOW_DISK|LICENSE/;

function stateOf(task: Task, tables: readonly TaskTable[]): TaskStatistics["state"] {
  switch (task.Status) {
    case "running":
      return isLoaded(task, tables) ? "streaming" : "loading";
    case "starting":
      return "loading";
    case "stopped":
    case "stopping":
      return WENT_WRONG.test(task.StopReason ?? "") ? "failed" : "stopped";
    case "creating":
    case "modifying":
    case "moving":
    case "ready":
    case "testing":
      return "ready";
    default:
      return "failed";
  }
}

function isLoaded(
  { ReplicationTaskStats: stats = {} }: Task,
  tables: readonly TaskTable[],
): boolean {
  const { FullLoadFinishDate: finished, FreshStartDate: started } = stats;
  // A task that is loaded anew shows the end of the load before for a moment.
  const isOfBefore = finished !== undefined && started !== undefined && finished < started;
  return (
    stats.FullLoadProgressPercent === 100 &&
    !isOfBefore &&
    tables.length > 0 &&
    tables.every(({ state }) => state === "completed")
  );
}

const TABLE_STATES: Readonly<Record<string, TaskTable["state"]>> = {
  "Before load": "waiting",
  "Full load": "loading",
  "Table is being reloaded": "loading",
  "Table completed": "completed",
};

/** https://docs.aws.amazon.com/dms/latest/APIReference/API_TableStatistics.html */
const tableOf = ({
  SchemaName = "",
  TableName = "",
  TableState = "",
  ...it
}: TableStatistics): TaskTable => ({
  name: SchemaName === "public" ? TableName : `${SchemaName}.${TableName}`,
  state: TABLE_STATES[TableState] ?? "error",
  loadedRows: it.FullLoadRows ?? 0,
  // A row that DMS finds different after all its tries was not applied as it should be.
  errorRows: (it.FullLoadErrorRows ?? 0) + (it.ValidationFailedRecords ?? 0),
  truncatedValues: 0,
  changes: (it.AppliedInserts ?? 0) + (it.AppliedUpdates ?? 0) + (it.AppliedDeletes ?? 0),
});
