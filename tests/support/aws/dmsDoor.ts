import { randomBytes } from "node:crypto";
import type { TaskConfig } from "../../../cutover/adapters/local/standIn/task";
import { type StandIn, startStandIn } from "../../../cutover/adapters/local/standInProcess";
import type { LocalWorld } from "../../../cutover/adapters/local/world";
import { oneRow } from "../../../cutover/database/database";
import type { TaskStatistics, TaskTable } from "../../../cutover/ports";
import { lobMaxSizeKib, tableMappings, taskSettings } from "../../../redash/dms";
import { makeDms, tablesAnswer, taskAnswer } from "./dms";
import { type Door, openDoor } from "./door";
import type { Moto } from "./moto";
import type { Certificate } from "./tls";

/**
 * A task between both databases, each behind TLS; its role on the source is made by `npm run source -- prepare`.
 * @returns besides the door what the program knows of it
 */
export async function startDms(moto: Moto, local: LocalWorld, { certificate }: Certificate) {
  const { source, target } = local.description;
  const login = {
    username: "redash_dms",
    password: randomBytes(24).toString("hex"),
    host: "127.0.0.1",
    port: source.database.port,
  };
  const { username: user, ...reached } = login;
  const administrator = await local.administrator("source");
  const { oid, largest } = await oneRow<{ oid: string; largest: number }>(
    administrator,
    `SELECT lpad(oid::text, 8, '0') AS oid, (SELECT max(octet_length(data)) FROM query_results) AS largest
       FROM pg_database WHERE datname = current_database()`,
  );
  await administrator.end();
  const documents = {
    mappings: tableMappings(),
    settings: taskSettings({ lobMaxSizeKib: lobMaxSizeKib(largest) }),
  };
  const door = await DmsDoor.start(moto, {
    ...documents,
    source: {
      ...reached,
      user,
      database: source.database.database,
      ssl: { rejectUnauthorized: false },
    },
    target: { ...target.database, host: "localhost", ssl: { ca: certificate } },
    // As DMS names its slots (cutover/database/dmsTraces.ts).
    slot: `ngu3khaaeefpdnzl_${oid}_c87212b0_558d_41ec_a890_a1011049913b`,
  });
  const task = { ...(await makeDms(moto, documents)), sourceRole: user };
  return { door, login, task };
}

/**
 * DMS in moto, whose one task moves rows in truth: by the rehearsal's stand-in. What is made, its documents and tests of
 * connections are moto's. Recorded shapes are what the stand-in does (API_ReplicationTask, API_DescribeTableStatistics)
 * and what moto does not know: assessments and quotas (API_DescribeReplicationTaskAssessmentRuns,
 * API_DescribeAccountAttributes).
 */
export class DmsDoor {
  /** Whether the task was asked to stop and applies its last changes. */
  private isStopping = false;
  /** Seconds since the epoch. */
  private startedAt: number | undefined;
  private loadedAt: number | undefined;
  private door!: Door;

  private constructor(private readonly task: StandIn<{ controlPort: number }>) {}

  static async start(moto: Moto, config: TaskConfig): Promise<DmsDoor> {
    const task = await startStandIn<{ controlPort: number }>("task", config);
    const dms = new DmsDoor(task);
    dms.door = await openDoor(async (incoming, body, answer) => {
      // Through moto's door first: it counts requests, and refuses what a task's state does not allow.
      const came = await fetch(moto.options.endpoint, {
        method: "POST",
        headers: incoming.headers as Record<string, string>,
        body,
      });
      const operation = String(incoming.headers["x-amz-target"]).split(".").at(-1) ?? "";
      const text = await came.text();
      const shape = await dms.shape(operation, came.ok, body, text);
      answer.writeHead(shape === undefined ? came.status : 200, {
        "content-type": "application/x-amz-json-1.1",
      });
      answer.end(shape === undefined ? text : JSON.stringify(shape));
    });
    return dms;
  }

  get endpoint(): string {
    return this.door.endpoint;
  }

  async stop(): Promise<void> {
    await this.door.stop();
    await this.task.stop();
  }

  /** What is answered instead of moto's answer, if anything. */
  private async shape(
    operation: string,
    isTaken: boolean,
    body: string,
    text: string,
  ): Promise<object | undefined> {
    switch (operation) {
      case "StartReplicationTask":
        if (isTaken) await this.begin(body);
        return undefined;
      case "StopReplicationTask":
        if (isTaken) this.end();
        return undefined;
      case "DescribeReplicationTasks":
        return isTaken ? this.described(text) : undefined;
      case "DescribeTableStatistics":
        return tablesAnswer((await this.statistics()).tables.map(tableShape));
      case "DescribeReplicationTaskAssessmentRuns":
        return {
          ReplicationTaskAssessmentRuns: [
            {
              Status: "passed",
              ReplicationTaskAssessmentRunCreationDate: 1_767_225_600,
              ResultStatistic: { Passed: 20, Failed: 0, Warning: 0 },
            },
          ],
        };
      case "DescribeAccountAttributes":
        return {
          AccountQuotas: [{ AccountQuotaName: "ReplicationInstances", Used: 1, Max: 60 }],
        };
      default:
        return undefined;
    }
  }

  private async begin(body: string): Promise<void> {
    const { StartReplicationTaskType } = JSON.parse(body) as { StartReplicationTaskType: string };
    if (StartReplicationTaskType === "reload-target") await this.ask("PUT", "removed");
    if (StartReplicationTaskType !== "resume-processing") {
      this.startedAt = Date.now() / 1000;
      this.loadedAt = undefined;
    }
    await this.ask("PUT", "started");
  }

  /** DMS answers at once, and is `stopping` until it applies nothing any more. */
  private end(): void {
    this.isStopping = true;
    void this.ask("PUT", "stopped").finally(() => {
      this.isStopping = false;
    });
  }

  private async described(text: string): Promise<object> {
    const { ReplicationTasks: [made] = [] } = JSON.parse(text) as { ReplicationTasks?: object[] };
    const { state, reason, tables } = await this.statistics();
    if (state === "streaming") this.loadedAt ??= Date.now() / 1000;
    const loaded = tables.filter((it) => it.state === "completed").length;
    const answer = taskAnswer({
      Status: this.isStopping ? "stopping" : STATUS[state],
      ...(state === "stopped" && { StopReason: "Stop Reason USER_REQUEST" }),
      ...(state === "failed" && { LastFailureMessage: reason }),
      ReplicationTaskStats: {
        FullLoadProgressPercent:
          this.loadedAt === undefined ? Math.floor((99 * loaded) / tables.length) : 100,
        ...(this.startedAt !== undefined && { FreshStartDate: this.startedAt }),
        ...(this.loadedAt !== undefined && { FullLoadFinishDate: this.loadedAt }),
      },
    });
    return { ReplicationTasks: answer.ReplicationTasks.map((it) => ({ ...made, ...it })) };
  }

  private statistics = async () =>
    (await this.ask("GET", "statistics")).json() as Promise<TaskStatistics>;

  /** @throws Error with the stand-in's words if it does not do it */
  private async ask(method: string, what: string): Promise<Response> {
    const { controlPort } = this.task.ready;
    const answer = await fetch(`http://127.0.0.1:${controlPort}/${what}`, { method });
    if (!answer.ok) throw new Error(await answer.text());
    return answer;
  }
}

const STATUS: Readonly<Record<TaskStatistics["state"], string>> = {
  ready: "ready",
  loading: "running",
  streaming: "running",
  stopped: "stopped",
  failed: "failed",
};
const TABLE_STATE: Readonly<Record<TaskTable["state"], string>> = {
  waiting: "Before load",
  loading: "Full load",
  completed: "Table completed",
  error: "Table error",
};

/** Changes are told apart by DMS, not by the stand-in. A value that was cut off is in no statistics: it fails the task. */
const tableShape = ({ name, state, loadedRows, errorRows, changes }: TaskTable) => {
  const [schema, table] = name.includes(".") ? name.split(".") : ["public", name];
  return {
    SchemaName: schema!,
    TableName: table!,
    TableState: TABLE_STATE[state],
    FullLoadRows: loadedRows,
    FullLoadErrorRows: errorRows,
    AppliedUpdates: changes,
  };
};
