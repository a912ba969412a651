import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { ChildProcess } from "node:child_process";
import { systemClock, until } from "../../../cutover/engine/clock";
import { AwsMove, NOT_PLAYED, ON_SOURCE, RESERVE_MS } from "../../support/aws/awsMove";
import type { AwsWorld } from "../../support/aws/awsWorld";

describe("the function of the move, in an environment that is used again, with an operator at the keyboard", function () {
  this.timeout(300_000);
  let move: AwsMove;
  let world: AwsWorld;
  before(async () => {
    move = await AwsMove.start("logical");
    ({ world } = move);
    world.lambda.isWarm = true;
    await move.beginOnHost();
  });
  after(() => move.remove());

  const waiting = () => ({ clock: systemClock, signal: AbortSignal.timeout(200_000) });
  /** Holds the copy of a table up, as a session that somebody has left open does, until it is let go, or undone. */
  const heldUp = async () => {
    const client = await world.administrator("target");
    await client.query("BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE");
    letGo = () => client.end();
    // By name: one of an act that was stopped before it had anything to undo may be waiting still.
    world.moto.whenDone(/"kind":"undo-started"/, () => letGo());
  };
  let letGo: () => Promise<void>;
  const processes = () => new Set(world.lambda.invocations.map(({ process }) => process)).size;
  /** Presses Ctrl-C when the copy has begun, and waits until the command line has said so. */
  const interrupted = async (child: ChildProcess, text: () => string) => {
    await new Promise<void>((resolve) => {
      world.moto.whenDone(/"kind":"step-started".*"step":"tables-copied"/, () => {
        resolve();
        return Promise.resolve();
      });
    });
    child.kill("SIGINT");
    await says(child, text, "\nSIGINT: ");
  };
  /** Waits until a command line has written something. @throws Error with what it has written if it ends instead */
  const says = (child: ChildProcess, text: () => string, words: string) =>
    whileItRuns(child, text, () => text().includes(words));
  const whileItRuns = (child: ChildProcess, text: () => string, holds: () => boolean) =>
    until(() => {
      if (!holds() && child.exitCode !== null) throw new Error(`it ended: ${text()}`);
      return Promise.resolve(holds());
    }, waiting());

  it("answers a request after one that could not connect, and after one that was none", async () => {
    world.moto.failNext(/secretsmanager:GetSecretValue/, {
      code: "ResourceNotFoundException",
      status: 400,
    });
    const { stderr } = await move.ends(2, "prepare");
    assert.match(
      stderr,
      /^refused: the .* is not known: secretsmanager:GetSecretValue on .*: ResourceNotFoundException: /,
    );
    world.lambda.invoke({ act: "cutover" });
    assert.equal(await world.lambda.last.ended, 1);
    const { stdout } = await move.ends(0, "status");
    assert.equal(stdout, "traffic goes to the source\ndue: npm run move -- prepare\n");
  });

  it("undoes a step of an act whose operator presses Ctrl-C, who ends with the exit code of that", async () => {
    await move.ends(1, "prepare", "--accept", NOT_PLAYED.join(","));
    await heldUp();
    const child = world.start("replicate");
    let shown = "";
    const running = world.told(child, (text) => (shown = text));
    await interrupted(child, () => shown);
    const { code, stdout, stderr } = await running;
    await letGo();
    assert.match(stderr, /replicate tables-copied undone$/m);
    assert.match(
      stdout,
      /^undone: tables-copied failed: it was asked to stop; everything was undone\ndue: npm run move -- replicate, /,
    );
    assert.equal(code, 2);
    assert.equal(await world.lambda.last.ended, 0);
    assert.deepEqual(await move.state(), { ...ON_SOURCE, phase: undefined });
  });

  it("stops also if Ctrl-C came while it was called", async () => {
    await heldUp();
    const child = world.start("replicate");
    let shown = "";
    const running = world.told(child, (text) => (shown = text));
    world.lambda.whenInvoked = async () => {
      child.kill("SIGINT");
      await says(child, () => shown, "\nSIGINT: ");
    };
    const { code } = await running;
    world.lambda.whenInvoked = () => Promise.resolve();
    await letGo();
    assert.equal(code, 2);
    assert.equal((await move.journal()).at(-1)?.kind, "run-ended");
  });

  it("is left at once by a second Ctrl-C, which says how to follow, and undoes its step alone", async () => {
    await heldUp();
    const child = world.start("replicate");
    let shown = "";
    const running = world.told(child, (text) => (shown = text));
    const asked = world.moto.requests.length;
    await interrupted(child, () => shown);
    await until(
      () =>
        Promise.resolve(
          world.moto.requests.slice(asked).some((it) => /^PUT .*\/stop\.json/.test(it)),
        ),
      waiting(),
    );
    // Until its answer is there, too.
    await systemClock.sleep(500);
    child.kill("SIGINT");
    const { code, stderr } = await running;
    assert.equal(code, 3);
    assert.match(
      stderr,
      /\nleft: redash-move finishes or undoes the step at hand by itself\nlook at it with: npm run move -- status\n$/,
    );
    assert.equal(await world.lambda.last.ended, 0);
    await letGo();
    const { stdout } = await move.ends(0, "status");
    assert.match(stdout, /^replicate {2}undone .*$/m);
    assert.match(stdout, /^due: npm run move -- replicate, /m);
  });

  it("goes on in a second environment where the first one was paused, and both serve the acts that follow", async () => {
    await heldUp();
    const first = world.lambda.invocations.length;
    world.lambda.limitsMs.push(RESERVE_MS + 8000);
    const child = world.start("replicate");
    let shown = "";
    const running = world.told(child, (text) => (shown = text));
    await whileItRuns(
      child,
      () => shown,
      () => world.lambda.invocations.length === first + 2,
    );
    await letGo();
    const { code, stdout, stderr } = await running;
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, /replicate taken up where the run before was left$/m);
    for (let time = 0; time < 2; time++) await move.ends(0, "verify");
    assert.equal(processes(), 2);
    assert.equal(
      world.lambda.invocations.at(-2)?.process,
      world.lambda.invocations[first]?.process,
    );
  });

  it("leaves no connection behind when it has answered, which would wake up in the next invocation", () => {
    assert.equal(world.lambda.left.length, world.lambda.invocations.length);
    // A step that was told to end leaves the timer of its grace, which does nothing (engine/limited.ts).
    assert.deepEqual(
      world.lambda.left.flat().filter((it) => it !== "Timeout"),
      [],
    );
  });
});
