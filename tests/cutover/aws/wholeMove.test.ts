import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { S3Lock } from "../../../cutover/adapters/aws/s3Lock";
import { systemClock, until } from "../../../cutover/engine/clock";
import { AwsMove, NOT_PLAYED, ON_SOURCE, ON_TARGET, RESERVE_MS } from "../../support/aws/awsMove";
import type { AwsWorld } from "../../support/aws/awsWorld";
import { BUCKET } from "../../support/aws/motoBucket";

const LOCK = `/${BUCKET}/lock.json`;
describe("the whole move on AWS", function () {
  this.timeout(300_000);
  let move: AwsMove;
  let world: AwsWorld;
  before(async () => {
    move = await AwsMove.start("logical");
    ({ world } = move);
  });
  after(() => move.remove());

  /** Kills the function when its journal says that a step has begun; its lease is over at once. */
  const killIn = (step: string) =>
    new Promise<void>((resolve) => {
      world.moto.whenDone(new RegExp(`"kind":"step-started".*"step":"${step}"`), async () => {
        const { process, ended } = world.lambda.last;
        process.kill("SIGKILL");
        await ended;
        world.moto.age(LOCK, 60_000);
        resolve();
      });
    });

  it("begins on a host that only SSM reaches: its keys are imported, its PostgreSQL lets the mover in", async () => {
    const { imported, prepared } = await move.beginOnHost();
    assert.match(
      imported.stdout,
      /^ {2}redash:sourceSecretsArn: arn:aws:secretsmanager:eu-west-1:123456789012:secret:redash\/source-/m,
    );
    assert.match(prepared.stdout, /^restart=no$/m);
    assert.match(prepared.stdout, /^ssl=on$/m);
  });

  it("shows every check of preflight, and that nothing but what is not played here stands in its way", async () => {
    const { stdout } = await move.ends(2, "preflight");
    assert.match(stdout, /^ {2}pass {5}source-reaches-target: it connects, and may replicate$/m);
    assert.match(stdout, /^ {2}pass {5}target-application-role: prepare makes redash$/m);
    assert.match(
      stdout,
      /^ {2}pass {5}secrets-readable: source, target, secretKey, databaseUrl, queueUrl$/m,
    );
    const wrong = [...stdout.matchAll(/^ {2}(?:fail|unknown) +([a-z0-9-]+):/gm)].map(
      ([, id = ""]) => id,
    );
    assert.deepEqual(
      wrong.filter((id) => !NOT_PLAYED.includes(id)),
      [],
    );
    assert.equal((await move.journal()).length, 0);
    assert.deepEqual(await move.state(), { ...ON_SOURCE, phase: undefined });
  });

  it("prepares the target with the checks that a person has accepted, and ends with 1 for them", async () => {
    await move.startUsers();
    const { stdout, stderr } = await move.ends(1, "prepare", "--accept", NOT_PLAYED.join(","));
    assert.match(stdout, /^warnings: prepare is done$/m);
    assert.match(stdout, /^warning: accepted by hand: rds-available: /m);
    assert.match(stdout, /^due: npm run move -- replicate, /m);
    assert.match(stderr, /prepare {3}target-schema-made [\d.]+ m?s$/m);
    assert.deepEqual(await move.state(), { ...ON_SOURCE, phase: undefined });
  });

  it("replicates in as many functions as it needs, and refuses a second one while the first is at work", async () => {
    const client = await world.administrator("target");
    // Keeps the copy from writing, but not the look at its size, by which progress is told.
    await client.query("BEGIN; LOCK TABLE events IN EXCLUSIVE MODE");
    const first = world.lambda.invocations.length;
    world.lambda.limitsMs.push(RESERVE_MS + 8000);
    let shown = "";
    const running = world.told(world.start("replicate"), (text) => (shown = text));
    const signal = AbortSignal.timeout(60_000);
    const waiting = { clock: systemClock, signal };
    await until(() => Promise.resolve(world.lambda.invocations.length === first + 2), waiting);
    const [paused, next] = world.lambda.invocations.slice(first);
    assert.equal(await paused?.ended, 0);
    const lock = new S3Lock(move.bucket, systemClock, "the test");
    await until(async () => (await lock.heldBy()) !== undefined, waiting);
    const refused = await move.ends(2, "replicate");
    assert.match(
      refused.stderr,
      new RegExp(
        `^refused: another run is at work: function request ${next?.requestId ?? ""}, heard of .* ago; if it was killed, the lock is free in `,
      ),
    );
    await client.query("COMMIT");
    await client.end();
    const { code, stdout, stderr } = await running;
    assert.equal(code, 0, stdout + stderr);
    assert.equal(shown, stderr);
    assert.match(stderr, /replicate tables-copied: \d+ of 21 tables, /);
    assert.match(stderr, /replicate paused$/m);
    assert.match(stderr, /replicate taken up where the run before was left$/m);
    assert.match(stdout, /^done: replicate is done\ndue: npm run move -- verify, /);
    assert.equal(
      (await move.journal()).filter((it) => it.kind === "run-ended" && it.outcome === "paused")
        .length,
      1,
    );
  });

  it("compares everything", async () => {
    const { stdout } = await move.ends(0, "verify");
    assert.match(stdout, /^done: verify is done\ndue: npm run move -- cutover, /);
  });

  it("turns users to the target: weights, tasks and phase are as the program declares them", async () => {
    const { stdout, stderr } = await move.ends(0, "cutover");
    assert.match(
      stdout,
      /^done: cutover is done\ndue: npm run move -- finish, or npm run move -- rollback$/m,
    );
    assert.match(stderr, /cutover {3}done, [\d.]+ m?s from fence to flip$/m);
    assert.deepEqual(await move.state(), { ...ON_TARGET, phase: "switched" });
    await move.usersWrite();
    const status = await move.ends(0, "status");
    assert.match(status.stdout, /^traffic goes to the target$/m);
    assert.match(status.stdout, /^due: npm run move -- finish, or npm run move -- rollback$/m);
  });

  it("turns them back with what they wrote meanwhile", async () => {
    await move.ends(0, "rollback");
    assert.deepEqual(await move.state(), { ...ON_SOURCE, phase: "replicating" });
    for (const service of ["scheduler", "worker", "server"])
      assert.equal(world.host.docker.container(service).status, "running", service);
    await move.usersWrite();
  });

  it("says so when the function dies before the window, and the same act goes on", async () => {
    const child = world.start("cutover");
    const running = world.told(child);
    await killIn("target-workers-warm");
    child.kill("SIGUSR2");
    const { code, stderr } = await running;
    assert.match(
      stderr,
      /\nbroken off: redash-move works no more and has not answered; its log says why \(CloudWatch\); the same act goes on where it was\nlook at it with: npm run move -- status\n$/,
    );
    assert.equal(code, 3);
    const { stdout } = await move.ends(0, "status");
    assert.match(stdout, /^cutover is at work, or was interrupted; last heard of 0 min ago$/m);
    await move.usersWrite();
  });

  it("undoes what a function has left that died while nobody could write, and cuts over in the end", async () => {
    const child = world.start("cutover");
    const running = world.told(child);
    await killIn("target-replication-turned");
    child.kill("SIGUSR2");
    assert.equal((await running).code, 3);
    const { stdout } = await move.ends(2, "cutover");
    assert.match(
      stdout,
      /^undone: the run before died while nobody could write; everything was undone$/m,
    );
    assert.deepEqual(await move.state(), { ...ON_SOURCE, phase: "replicating" });
    await move.usersWrite();
    await move.ends(0, "cutover");
    assert.deepEqual(await move.state(), { ...ON_TARGET, phase: "switched" });
  });

  it("has lost and doubled no write, and failed no read but one that a fence met in its middle", async () => {
    await move.assertNothingLost("target", 1000);
  });

  it("leaves nothing of itself: in neither database, and not on the host", async () => {
    const { stdout } = await move.ends(0, "finish");
    assert.equal(stdout, "done: finish is done\nthe move is complete\n");
    assert.deepEqual(await move.state(), { ...ON_TARGET, phase: "complete" });
    const undone = await world.source("undo", "--now");
    assert.equal(undone.stdout, "undone=everything\n", undone.stderr);
    const report = await move.ends(0, "report");
    assert.match(report.stdout, /^report: out\/move\.html, out\/move\.md, out\/move\.json$/m);
  });

  it("ends every function by itself, as Lambda wants it: none leaves anything behind", async () => {
    for (const { process, ended, log } of world.lambda.invocations) {
      assert.ok((await ended) === 0 || process.signalCode === "SIGKILL", log());
    }
    assert.equal(
      world.lambda.invocations.filter(({ process }) => process.signalCode === "SIGKILL").length,
      2,
    );
  });

  it("has told no secret: to no process, command, log, object or screen", () => {
    const { lambda, moto, ssm, host, printed, local } = world;
    const places: Readonly<Record<string, readonly string[]>> = {
      "the function's environment": Object.values(lambda.environment),
      "arguments of the function": lambda.invocations.flatMap(({ process }) => process.spawnargs),
      "logs of the function": lambda.invocations.map(({ log }) => log()),
      objects: moto.sentBy(/^PUT \//),
      "parameters of commands": ssm.parameters.flatMap((it) =>
        Object.values(it).flatMap((values) =>
          values.flatMap((value) => [value, Buffer.from(value, "base64").toString()]),
        ),
      ),
      "output of commands": ssm.outputs,
      "arguments on the host": host.docker.arguments,
      "the command line": printed,
      "logs of PostgreSQL": [local.servers.source, local.servers.target].map(({ directory }) =>
        readFileSync(join(directory, "postgres.log"), "utf8"),
      ),
    };
    for (const [place, texts] of Object.entries(places)) {
      assert.ok(texts.length > 0, place);
      for (const [name, secret] of Object.entries(world.passwords()))
        assert.equal(
          texts.some((text) => text.includes(secret)),
          false,
          `${name} in ${place}`,
        );
    }
  });
});
