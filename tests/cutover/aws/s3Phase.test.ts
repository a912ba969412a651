import assert from "node:assert/strict";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { S3Phase } from "../../../cutover/adapters/aws/s3Phase";
import { systemClock } from "../../../cutover/engine/clock";
import type { Running } from "../../../cutover/engine/step";
import type { World } from "../../../cutover/ports";
import { type Act, planOf } from "../../../cutover/steps/acts";
import type { Phase } from "../../../redash/phase";
import { Moto } from "../../support/aws/moto";
import { BUCKET, bucketOf, motoBucket } from "../../support/aws/motoBucket";

const TIMES = { writeOutageBudgetMs: 60_000, drainDeadlineMs: 60_000, longDeadlineMs: 60_000 };

describe("the phase that the move records", function () {
  this.timeout(120_000);
  let moto: Moto;
  let client: S3Client;
  before(async () => {
    moto = await Moto.start();
  });
  after(() => moto.stop());
  beforeEach(async () => {
    await moto.reset();
    client = await motoBucket(moto);
  });
  afterEach(() => {
    client.destroy();
  });
  const record = () =>
    new S3Phase(bucketOf(client, systemClock), { ...systemClock, nowMs: () => 1_750_000_000_000 });
  const recorded = async () => {
    const { Body, ContentType } = await client.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: "phase.json" }),
    );
    return { type: ContentType, text: await Body!.transformToString() };
  };
  /** Plans ask nothing of a world while they are made. */
  const lastStep = (act: Act, phase?: S3Phase) => {
    const side = { name: "source", database: {}, workload: {}, queue: {} };
    const world = {
      source: side,
      target: { ...side, name: "target" },
      traffic: {},
      transport: { kind: "logical" },
      ...(phase && { phase }),
    } as unknown as World;
    return planOf(act, world, TIMES).steps.at(-1)!;
  };

  for (const [act, phase] of [
    ["cutover", "switched"],
    ["rollback", "replicating"],
    ["finish", "complete"],
  ] as const) {
    it(`is ${phase} as the last step of ${act}, where the program can read it`, async () => {
      const step = lastStep(act, record());
      assert.equal(step.id, "phase-recorded");
      assert.equal(step.title, `The program knows that the move is at \`${phase}\``);
      const running = { signal: AbortSignal.timeout(10_000) } as Running;
      assert.deepEqual(await step.apply(running), { phase });
      assert.deepEqual(await recorded(), {
        type: "application/json",
        text: `{"phase":"${phase}","atMs":1750000000000}`,
      });
    });
  }

  it("is recorded by no other act, and nowhere where there is no program", () => {
    for (const act of ["prepare", "replicate", "verify", "abort"] as const)
      assert.notEqual(lastStep(act, record()).id, "phase-recorded");
    for (const act of ["cutover", "rollback", "finish"] as const)
      assert.notEqual(lastStep(act).id, "phase-recorded");
  });

  const write = (phase: Phase) => record().record(phase, AbortSignal.timeout(20_000));

  it("is the last one that was recorded, also when it was throttled or the answers were lost", async () => {
    await write("switched");
    moto.failNext(/^PUT/, { code: "SlowDown", status: 503 });
    moto.failNext(/^PUT/, "answer-lost");
    await write("replicating");
    assert.match((await recorded()).text, /^\{"phase":"replicating"/);
    moto.failNext(/^PUT/, "silent");
    await write("switched");
    assert.match((await recorded()).text, /^\{"phase":"switched"/);
  });

  it("says what the role may not do", async () => {
    moto.failNext(/^PUT/, { code: "AccessDenied", status: 403 });
    await assert.rejects(
      write("switched"),
      /^.*s3:PutObject on redash-move\/phase\.json: AccessDenied: /,
    );
    await assert.rejects(recorded(), { name: "NoSuchKey" });
  });
});
