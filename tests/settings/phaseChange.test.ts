import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Phase } from "../../redash/phase";
import { soundConfig } from "../support/configs";
import { assertInvariants, runProgram } from "../support/program";

describe("the phase that a config asks for", function () {
  this.timeout(60_000);

  it("refuses a phase that does not follow, before it asks for any resource", async () => {
    const refused = (phase: Phase, previous: Phase | null) =>
      runProgram(soundConfig("production", phase), previous);
    await assert.rejects(refused("complete", "replicating"), {
      message:
        'redash:phase = complete is refused: a stack in phase replicating may be "replicating" or "switched", not "complete"; set it back with: pulumi config set redash:phase replicating',
    });
    await assert.rejects(
      refused("switched", null),
      /a new stack may be "greenfield" or "replicating", not "switched"/,
    );
    await assert.rejects(
      refused("replicating", "switched"),
      /may be "switched" or "complete", not "replicating"/,
    );
    await assert.rejects(refused("greenfield", "complete"), /may be "complete", not "greenfield"/);
  });

  const ECS = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/ecs/1";
  const SOURCE = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/source/1";
  const BUCKET = "redash-move-1234567";
  const forwards = (toEcs: number) => [
    {
      type: "forward",
      forwards: [
        {
          targetGroups: [
            { arn: ECS, weight: toEcs },
            { arn: SOURCE, weight: 100 - toEcs },
          ],
        },
      ],
    },
  ];
  /** What the load balancer says by its listener or a rule of it, and what the move has recorded in its bucket. */
  const again = (
    phase: Phase,
    deployed: Phase,
    world: { toEcs?: number; rule?: boolean; recorded?: string; refusal?: string },
  ) => {
    const { toEcs, rule = false, recorded, refusal } = world;
    const actions = toEcs === undefined ? [] : forwards(toEcs);
    const hasBucket = recorded !== undefined || refusal !== undefined;
    return runProgram(soundConfig("production", phase), deployed, {
      previousOutputs: {
        listenerArn: "arn:listener",
        ecsTargetGroupArn: ECS,
        sourceTargetGroupArn: SOURCE,
        ...(rule && { listenerRuleArn: "arn:rule" }),
        ...(hasBucket && { journalBucket: BUCKET }),
      },
      answers: {
        "aws:lb/getListener:getListener": { defaultActions: rule ? [] : actions },
        "aws:lb/getListenerRule:getListenerRule": { actions: rule ? actions : [] },
        "aws:s3/getObjects:getObjects": { keys: recorded === "" ? [] : ["phase.json"] },
        "aws:s3/getObject:getObject": { body: recorded },
      },
      ...(refusal !== undefined && {
        refusals: { "aws:s3/getObjects:getObjects": refusal },
      }),
    });
  };
  const record = (phase: string) => `{"phase":"${phase}","atMs":1750000000000}`;

  it("refuses to send users back to the database that is behind, although the deployed phase would allow it", async () => {
    for (const rule of [false, true]) {
      await assert.rejects(again("replicating", "replicating", { toEcs: 100, rule }), {
        message:
          "redash:phase = replicating is refused: users are on ECS, and an update would send them back to the database that is behind; follow the move with: pulumi config set redash:phase switched; only npm run move -- rollback turns them back",
      });
      await assert.rejects(
        again("switched", "switched", { toEcs: 0, rule }),
        /^Error: redash:phase = switched is refused: users are on the source, .*: pulumi config set redash:phase replicating$/,
      );
    }
  });

  it("refuses a config that lags behind what the move has recorded, and takes it when it follows", async () => {
    for (const [recorded, deployed, lagging] of [
      ["switched", "replicating", "replicating"],
      ["replicating", "switched", "switched"],
      ["complete", "switched", "switched"],
    ] as const) {
      const world = { recorded: record(recorded) };
      await assert.rejects(again(lagging, deployed, world), (error: Error) => {
        assert.ok(error.message.includes(`: pulumi config set redash:phase ${recorded}`));
        return true;
      });
      assertInvariants(await again(recorded, deployed, world));
    }
  });

  it("refuses a config that is ahead of the move", async () => {
    await assert.rejects(
      again("switched", "replicating", { recorded: "" }),
      /only npm run move -- cutover turns them; until then: pulumi config set redash:phase replicating$/,
    );
    await assert.rejects(
      again("complete", "switched", { recorded: record("switched"), toEcs: 100 }),
      /remove it first with: npm run move -- finish; until then: pulumi config set redash:phase switched$/,
    );
  });

  it("goes on where users are, although a flip is not recorded yet", async () => {
    assertInvariants(await again("replicating", "replicating", { toEcs: 0, recorded: "" }));
    assertInvariants(await again("replicating", "replicating", { toEcs: 0, rule: true }));
    assertInvariants(await again("switched", "replicating", { toEcs: 100, recorded: "" }));
    assertInvariants(
      await again("replicating", "switched", { toEcs: 0, recorded: record("switched") }),
    );
  });

  it("goes on with an update to complete that had removed the bucket when it failed", async () => {
    const refusal = `listing S3 Bucket (${BUCKET}) Objects: operation error S3: ListObjectsV2, https response error StatusCode: 404, NoSuchBucket: The specified bucket does not exist`;
    assertInvariants(await again("complete", "switched", { toEcs: 100, refusal }));
    await assert.rejects(again("replicating", "switched", { toEcs: 100, refusal }));
  });

  it("refuses everything if nobody can read how far the move has come", async () => {
    const readable = `how far the move has come cannot be read from s3://${BUCKET}/phase.json: `;
    const help =
      "; whoever runs Pulumi needs s3:ListBucket, s3:GetObject and s3:GetObjectVersion there, and kms:Decrypt with its key";
    for (const world of [
      { refusal: "AccessDenied: no identity-based policy allows the s3:ListBucket action" },
      { recorded: record("half-way") },
      { recorded: "no JSON" },
    ]) {
      await assert.rejects(again("replicating", "replicating", world), (error: Error) => {
        assert.ok(error.message.startsWith(readable), error.message);
        assert.ok(error.message.endsWith(help), error.message);
        return true;
      });
    }
  });
});
