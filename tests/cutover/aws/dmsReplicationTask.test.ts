import assert from "node:assert/strict";
import { DatabaseMigrationServiceClient } from "@aws-sdk/client-database-migration-service";
import { after, before, beforeEach, describe, it } from "mocha";
import pg from "pg";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { DmsReplicationTask } from "../../../cutover/adapters/aws/dmsReplicationTask";
import { oneRow } from "../../../cutover/database/database";
import { dmsSlots } from "../../../cutover/database/dmsTraces";
import { type Clock, systemClock } from "../../../cutover/engine/clock";
import { assertSound } from "../../../cutover/steps/task";
import { createTask, tablesAnswer, taskAnswer } from "../../support/aws/dms";
import { Moto } from "../../support/aws/moto";
import { type TwoServers, twoServers } from "../../support/cutover/twoServers";

const LOOK = "dms:DescribeReplicationTasks";
const START = "dms:StartReplicationTask";
const STOP = "dms:StopReplicationTask";
const OTHER_SLOT = "ngu3khaaeefpdnzl_00000001_c87212b0_558d_41ec_a890_a1011049913b";
/** Waits as long as it must for others to get a turn. */
const clock: Clock = {
  ...systemClock,
  sleep: (milliseconds, signal) => systemClock.sleep(Math.min(milliseconds, 2), signal),
};

describe("a replication task of AWS DMS", function () {
  this.timeout(120_000);
  let moto: Moto;
  let servers: TwoServers;
  let client: DatabaseMigrationServiceClient;
  let source: pg.Client;
  let target: pg.Client;
  let task: DmsReplicationTask;
  let slot: string;
  let arn: string;
  before(async () => {
    [moto, servers] = await Promise.all([Moto.start(), twoServers()]);
    client = new DatabaseMigrationServiceClient(clientConfig(moto.options));
    source = await servers.administrator("source");
    // DMS writes there as the role of the move, so that is whose its tables are.
    target = new pg.Client(servers.world.target.database.connection);
    await target.connect();
    const { oid } = await oneRow<{ oid: string }>(
      source,
      "SELECT lpad(oid::text, 8, '0') AS oid FROM pg_database WHERE datname = current_database()",
    );
    slot = `ngu3khaaeefpdnzl_${oid}_c87212b0_558d_41ec_a890_a1011049913b`;
  });
  after(async () => {
    client.destroy();
    await target.end();
    await Promise.all([moto.stop(), servers.remove()]);
  });
  beforeEach(async () => {
    await moto.reset();
    await source.query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    arn = await createTask(client);
    moto.requests.length = 0;
    task = new DmsReplicationTask({
      client,
      task: { arn, sourceRole: "redash_dms" },
      source: servers.world.source.database,
      target: servers.world.target.database,
      clock,
    });
  });

  const signal = () => AbortSignal.timeout(5000);
  const makeSlot = (name: string) =>
    source.query("SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [name]);
  const throttled = { code: "ThrottlingException", status: 400 };
  const denied = { code: "AccessDeniedException", status: 400 };

  describe("starts", () => {
    it("with the load if it never ran, and returns when it runs", async () => {
      await task.start(signal());
      assert.deepEqual(moto.requests, [LOOK, START, LOOK]);
      assert.deepEqual(moto.bodiesOf(START), [
        { ReplicationTaskArn: arn, StartReplicationTaskType: "start-replication" },
      ]);
    });

    it("where it stopped, if its slot is there", async () => {
      await makeSlot(slot);
      await task.start(signal());
      await task.stop(signal());
      await task.start(signal());
      assert.deepEqual(
        moto.bodiesOf(START).map((it) => it["StartReplicationTaskType"]),
        ["start-replication", "resume-processing"],
      );
    });

    it("with the load again, if its slot was dropped", async () => {
      await task.start(signal());
      await task.remove(signal());
      await task.start(signal());
      assert.deepEqual(
        moto.bodiesOf(START).map((it) => it["StartReplicationTaskType"]),
        ["start-replication", "reload-target"],
      );
    });

    it("not a second time while it runs", async () => {
      await task.start(signal());
      moto.requests.length = 0;
      await task.start(signal());
      assert.deepEqual(moto.requests, [LOOK]);
    });

    it("when what passes by itself is over", async () => {
      moto.answerNext(/Describe/, taskAnswer({ Status: "testing" }));
      moto.answerNext(/Describe/, taskAnswer({ Status: "modifying" }));
      await task.start(signal());
      assert.deepEqual(moto.requests, [LOOK, LOOK, LOOK, START, LOOK]);
    });

    it("once, also if it was throttled or its answer was lost", async () => {
      moto.failNext(/Start/, throttled);
      moto.failNext(/Start/, "answer-lost");
      moto.failNext(/Start/, { code: "InvalidResourceStateFault", status: 400 });
      await task.start(signal());
      assert.deepEqual(moto.requests, [LOOK, START, START, START, LOOK, LOOK]);
    });

    it("and says why DMS refuses", async () => {
      moto.failNext(/Start/, { code: "InvalidResourceStateFault", status: 400 });
      await assert.rejects(task.start(signal()), {
        code: "InvalidResourceStateFault",
        message: `dms:StartReplicationTask on replication task ${arn}: InvalidResourceStateFault: as the test wants it`,
      });
    });

    it("and says why it stopped again", async () => {
      moto.answerNext(/Describe/, taskAnswer({ Status: "ready" }));
      moto.answerNext(/Describe/, taskAnswer({ Status: "starting" }));
      moto.answerNext(
        /Describe/,
        taskAnswer({
          Status: "failed",
          StopReason: "Stop Reason FATAL_ERROR",
          LastFailureMessage: "Last Error Failed to connect to the source",
        }),
      );
      await assert.rejects(task.start(signal()), {
        message: `replication task ${arn} did not start: it is failed; Stop Reason FATAL_ERROR; Last Error Failed to connect to the source`,
      });
    });

    it("not if the role may not, and names what is missing", async () => {
      moto.failNext(/Start/, denied);
      await assert.rejects(
        task.start(signal()),
        /run pulumi up, which gives it dms:StartReplicationTask/,
      );
    });
  });

  describe("stops", () => {
    it("and waits until it has stopped; again does nothing", async () => {
      await task.start(signal());
      moto.requests.length = 0;
      await task.stop(signal());
      await task.stop(signal());
      assert.deepEqual(moto.requests, [LOOK, STOP, LOOK, LOOK]);
    });

    it("is asked once, however long it takes", async () => {
      moto.answerNext(/Describe/, taskAnswer({ Status: "running" }));
      for (const Status of ["running", "stopping", "stopping"])
        moto.answerNext(/Describe/, taskAnswer({ Status }));
      moto.answerNext(/Stop/, {});
      moto.answerNext(/Describe/, taskAnswer({ Status: "stopped" }));
      await task.stop(signal());
      assert.deepEqual(moto.requests, [LOOK, STOP, LOOK, LOOK, LOOK, LOOK]);
    });

    it("not if it never ran", async () => {
      await task.stop(signal());
      assert.deepEqual(moto.requests, [LOOK]);
    });

    it("ends when its step is told to end", async () => {
      for (let look = 0; look < 1000; look++)
        moto.answerNext(/Describe/, taskAnswer({ Status: "stopping" }));
      await assert.rejects(task.stop(AbortSignal.timeout(300)), { name: "TimeoutError" });
    });
  });

  it("leaves no slot on the source and no table of DMS on the target, also in a second try", async () => {
    await makeSlot(slot);
    await makeSlot(OTHER_SLOT);
    await target.query(`
      CREATE SCHEMA awsdms; CREATE TABLE awsdms.awsdms_status (id int);
      CREATE TABLE public.awsdms_validation_failures_v1 (id int); CREATE TABLE public.queries (id int)`);
    await task.start(signal());
    moto.failNext(/Stop/, denied);
    await assert.rejects(task.remove(signal()), /AccessDeniedException/);
    assert.deepEqual(await dmsSlots(source), [slot]);
    await task.remove(signal());
    await task.remove(signal());
    const { rows: slots } = await source.query("SELECT slot_name FROM pg_replication_slots");
    assert.deepEqual(slots, [{ slot_name: OTHER_SLOT }]);
    const { rows: tables } = await target.query(
      "SELECT schemaname, tablename FROM pg_tables WHERE tablename LIKE 'awsdms%' OR tablename = 'queries'",
    );
    assert.deepEqual(tables, [{ schemaname: "public", tablename: "queries" }]);
  });

  describe("its slot", () => {
    it("is found among others", async () => {
      await makeSlot("redash_move_changes");
      await makeSlot(OTHER_SLOT);
      await makeSlot(slot);
      assert.equal(await task.sourceSlot(source), slot);
    });

    it("is none that could be another task's", async () => {
      await assert.rejects(task.sourceSlot(source), {
        message:
          "the task has no slot on the source: it was never started, or its slot was dropped",
      });
      const second = slot.replace("ngu3", "2kpc");
      await makeSlot(slot);
      await makeSlot(second);
      await assert.rejects(task.sourceSlot(source), {
        message: `several slots on the source could be the task's: ${second}, ${slot}; drop those of other tasks`,
      });
    });
  });

  describe("tells", () => {
    const loaded = { FullLoadProgressPercent: 100, FreshStartDate: 100, FullLoadFinishDate: 200 };
    const users = { SchemaName: "public", TableName: "users", TableState: "Table completed" };
    const told = (
      status: Parameters<typeof taskAnswer>[0],
      tables: Parameters<typeof tablesAnswer>[0],
    ) => {
      moto.answerNext(/Describe/, taskAnswer(status));
      moto.answerNext(/Statistics/, tablesAnswer(tables));
      return task.statistics(signal());
    };

    it("that it was never started", async () => {
      assert.deepEqual(await task.statistics(signal()), { state: "ready", reason: "", tables: [] });
      assert.deepEqual(moto.requests, [LOOK]);
    });

    it("of every table on every page, by the names of the move", async () => {
      moto.answerNext(/Describe/, taskAnswer({ Status: "running", ReplicationTaskStats: loaded }));
      moto.failNext(/Statistics/, throttled);
      moto.answerNext(
        /Statistics/,
        tablesAnswer(
          [{ ...users, FullLoadRows: 12, AppliedInserts: 3, AppliedUpdates: 2, AppliedDeletes: 1 }],
          "next",
        ),
      );
      moto.answerNext(
        /Statistics/,
        tablesAnswer([
          { SchemaName: "redash_move", TableName: "marker", TableState: "Table completed" },
        ]),
      );
      const none = { loadedRows: 0, errorRows: 0, truncatedValues: 0, changes: 0 };
      assert.deepEqual(await task.statistics(signal()), {
        state: "streaming",
        reason: "",
        tables: [
          { ...none, name: "users", state: "completed", loadedRows: 12, changes: 6 },
          { ...none, name: "redash_move.marker", state: "completed" },
        ],
      });
      assert.deepEqual(
        moto.bodiesOf("dms:DescribeTableStatistics").map((it) => it["Marker"]),
        [undefined, undefined, "next"],
      );
    });

    it("that it loads, until every table is there, and of a load anew until that one is over", async () => {
      const running = { Status: "running", ReplicationTaskStats: loaded };
      const states = async (...all: Parameters<typeof told>) => (await told(...all)).state;
      assert.equal(await states({ Status: "starting" }, []), "loading");
      assert.equal(await states({ Status: "running" }, [users]), "loading");
      assert.equal(
        await states(running, [users, { ...users, TableState: "Full load" }]),
        "loading",
      );
      assert.equal(
        await states(running, [users, { ...users, TableState: "Before load" }]),
        "loading",
      );
      assert.equal(await states(running, []), "loading");
      const anew = { ...loaded, FreshStartDate: 300 };
      assert.equal(await states({ ...running, ReplicationTaskStats: anew }, [users]), "loading");
      assert.equal(await states(running, [users]), "streaming");
    });

    it("a stop that somebody wanted from one that nobody did", async () => {
      const normal = await told({ Status: "stopped", StopReason: "Stop Reason NORMAL" }, [users]);
      assert.equal(normal.state, "stopped");
      assert.doesNotThrow(() => {
        assertSound(normal);
      });
      for (const [Status, StopReason] of [
        ["stopped", "Stop Reason FATAL_ERROR"],
        ["stopped", "Stop Reason RECOVERABLE_ERROR"],
        ["stopping", "Stop Reason STOPPED_DUE_TO_LOW_DISK"],
        ["failed", "Stop Reason FATAL_ERROR"],
        ["failed-move", ""],
        ["deleting", ""],
      ] as const) {
        const { state, reason } = await told(
          { Status, StopReason, LastFailureMessage: "a value was cut off" },
          [users],
        );
        assert.equal(state, "failed", Status);
        assert.match(reason, /a value was cut off$/);
      }
    });

    it("rows and tables that went wrong, which no move accepts", async () => {
      const found = await told({ Status: "running", ReplicationTaskStats: loaded }, [
        { ...users, FullLoadErrorRows: 2, ValidationFailedRecords: 1 },
        { ...users, TableName: "events", TableState: "Table error" },
        { ...users, TableName: "alerts", TableState: "Table cancelled" },
      ]);
      assert.throws(
        () => {
          assertSound(found);
        },
        {
          message:
            "the replication task is not sound: 3 rows of users in error, events is suspended, alerts is suspended",
        },
      );
    });

    it("what is missing if it is gone, or may not be read, or does not answer", async () => {
      moto.answerNext(/Describe/, { ReplicationTasks: [] });
      await assert.rejects(task.statistics(signal()), {
        message: `replication task ${arn} is not there; run pulumi up, which makes it`,
      });
      moto.failNext(/Describe/, denied);
      await assert.rejects(task.statistics(signal()), /gives it dms:DescribeReplicationTasks/);
      moto.failNext(/Describe/, "silent");
      await assert.rejects(task.statistics(AbortSignal.timeout(200)), { name: "TimeoutError" });
    });
  });
});
