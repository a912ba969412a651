import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { S3Bucket } from "../../../cutover/adapters/aws/s3Bucket";
import { S3Journal } from "../../../cutover/adapters/aws/s3Journal";
import { systemClock } from "../../../cutover/engine/clock";
import { AwsWorld } from "../../support/aws/awsWorld";
import { BUCKET } from "../../support/aws/motoBucket";

/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:1";
const UNTOLD =
  "the source's host does not tell the certificate of its PostgreSQL: ssm:SendCommand on i-0123456789abcdef0: ";

describe("a move on AWS whose host SSM does not reach", function () {
  this.timeout(300_000);
  let world: AwsWorld;
  before(async () => {
    world = await AwsWorld.start("logical");
    await world.deploy(world.secrets.url);
    world.lambda.environment = { ...world.lambda.environment, AWS_ENDPOINT_URL_SSM: NOWHERE };
  });
  after(() => world.remove());

  const ends = async (code: number, ...args: string[]) => {
    const result = await world.move(...args);
    const all = `${args.join(" ")}: ${result.stdout}${result.stderr}${world.lambda.last.log()}`;
    assert.equal(result.code, code, all);
    return result;
  };
  const journal = () => new S3Journal(new S3Bucket(world.s3, BUCKET, systemClock));

  it("tells its status: what was done, where users are, what is due, and what does not answer", async () => {
    const run = { atMs: systemClock.nowMs(), run: "one", act: "prepare" } as const;
    const plan = { steps: [], writeOutageBudgetMs: 60_000, resumed: false };
    await journal().append({ ...run, ...plan, kind: "run-started" });
    await journal().append({
      ...run,
      kind: "run-ended",
      outcome: "done",
      reason: "prepare is done",
    });
    const { stdout } = await ends(0, "status");
    assert.match(stdout, /^prepare {4}done {10}0 min ago$/m);
    assert.match(stdout, /^traffic goes to the source$/m);
    assert.ok(
      stdout.includes(`\nthe source's database does not say how much WAL it keeps: ${UNTOLD}`),
      stdout,
    );
    assert.doesNotMatch(stdout, /^the target's database/m);
    assert.match(stdout, /^due: npm run move -- replicate, /m);
  });

  it("shows every check of preflight: those that need the source are unknown, for a reason that is told once", async () => {
    const { stdout } = await ends(2, "preflight");
    assert.ok(stdout.includes(`\n  unknown  clocks-agree: ${UNTOLD}`), stdout);
    assert.match(stdout, /^ {2}unknown {2}source-wal-level: as clocks-agree$/m);
    assert.match(stdout, /^ {2}unknown {2}source-disk: as schema-dump$/m);
    assert.match(stdout, /^ {2}pass {5}target-wal-level: wal_level is logical$/m);
    assert.match(stdout, /^ {2}pass {5}alb-weights: source 100, target 0$/m);
  });

  it("refuses an act before anything is changed", async () => {
    const entries = (await journal().read()).length;
    const { stderr } = await ends(2, "replicate");
    assert.ok(stderr.startsWith(`refused: ${UNTOLD}`), stderr);
    assert.equal((await journal().read()).length, entries);
  });
});
