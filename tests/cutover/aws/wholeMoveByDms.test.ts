import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { dmsObjects, dmsSlots } from "../../../cutover/database/dmsTraces";
import { isCarried } from "../../../redash/dms";
import { AwsMove, NOT_PLAYED, ON_SOURCE, ON_TARGET } from "../../support/aws/awsMove";
import type { AwsWorld } from "../../support/aws/awsWorld";

const NOT_PLAYED_HERE = [...NOT_PLAYED, "reaches-dms"];

/** Kills, secrets, refused and paused functions are in wholeMove.test.ts: they are the same by both transports. */
describe("the whole move on AWS by a task of DMS", function () {
  this.timeout(300_000);
  let move: AwsMove;
  let world: AwsWorld;
  before(async () => {
    move = await AwsMove.start("dms");
    ({ world } = move);
  });
  after(() => move.remove());

  /** What DMS has in both databases, and the kinds of starts that it was asked for. */
  const dms = async () => {
    const [source, target] = await Promise.all([
      world.administrator("source"),
      world.administrator("target"),
    ]);
    const found = {
      slots: await dmsSlots(source),
      objects: await dmsObjects(target),
      starts: world.moto
        .bodiesOf("dms:StartReplicationTask")
        .map((it) => it["StartReplicationTaskType"]),
    };
    await Promise.all([source.end(), target.end()]);
    return found;
  };
  const accepted = ["--accept", NOT_PLAYED_HERE.join(",")];

  it("begins on a host whose PostgreSQL lets the mover and the task in", async () => {
    const { prepared } = await move.beginOnHost();
    assert.match(prepared.stdout, /^ssl=on$/m);
  });

  it("shows what DMS says of instance, connections and task, and nothing else stands in its way", async () => {
    const { stdout } = await move.ends(2, "preflight");
    const found = [...stdout.matchAll(/^ {2}(\w+) +([a-z0-9-]+):/gm)];
    const ids = [
      "instance-available",
      "instance-version",
      "instance-unchanged",
      "reaches-source",
      "reaches-target",
      "mappings",
      "settings",
      "lob-size",
      "assessment",
    ].map((it) => `dms-${it}`);
    assert.deepEqual(
      found
        .filter(([, , id = ""]) => id.startsWith("dms-"))
        .map(([, verdict, id]) => [id, verdict]),
      ids.map((id) => [id, "pass"]),
    );
    assert.deepEqual(
      found
        .filter(([, verdict = ""]) => ["fail", "unknown"].includes(verdict))
        .flatMap(([, , id = ""]) => (NOT_PLAYED_HERE.includes(id) ? [] : [id])),
      [],
    );
    assert.deepEqual(await dms(), { slots: [], objects: [], starts: [] });
  });

  it("loads by the task what is the task's, and carries the rest", async () => {
    await move.startUsers();
    await move.ends(1, "prepare", ...accepted);
    const { stderr } = await move.ends(0, "replicate");
    assert.match(stderr, /replicate tables-loaded /);
    const { slots, objects, starts } = await dms();
    assert.equal(slots.length, 1);
    assert.deepEqual(objects, ["SCHEMA awsdms"]);
    assert.deepEqual(starts, ["start-replication"]);
    const target = await world.administrator("target");
    const { rows } = await target.query<{ name: string }>(
      "SELECT name FROM awsdms.awsdms_tables WHERE state = 'completed' AND loaded_rows > 0",
    );
    await target.end();
    assert.ok(rows.some(({ name }) => name === "query_results"));
    assert.deepEqual(
      rows.filter(({ name }) => isCarried(name)),
      [],
    );
  });

  it("leaves nothing of DMS when it is given up, and has everything loaded anew by the same task", async () => {
    await move.ends(0, "abort");
    assert.deepEqual(await dms(), { slots: [], objects: [], starts: ["start-replication"] });
    await move.ends(1, "prepare", ...accepted);
    await move.ends(0, "replicate");
    assert.deepEqual((await dms()).starts, ["start-replication", "reload-target"]);
    await move.ends(0, "verify");
  });

  it("turns users to the target, cuts the task off, and leaves nothing of it in either database", async () => {
    const { stderr } = await move.ends(0, "cutover");
    assert.match(stderr, /cutover {3}done, [\d.]+ m?s from fence to flip$/m);
    assert.deepEqual(await move.state(), { ...ON_TARGET, phase: "switched" });
    const { slots, objects } = await dms();
    assert.deepEqual([slots, objects], [[], []]);
    assert.equal(world.moto.bodiesOf("dms:StopReplicationTask").length, 2);
    await move.usersWrite();
  });

  it("turns them back without the task, with what they wrote meanwhile", async () => {
    await move.ends(0, "rollback");
    assert.deepEqual(await move.state(), { ...ON_SOURCE, phase: "replicating" });
    await move.usersWrite();
    assert.equal((await dms()).starts.length, 2);
  });

  it("has lost and doubled no write, and failed no read but one that a fence met in its middle", () =>
    move.assertNothingLost("source", 500));
});
