import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "mocha";
import { paperWorld } from "../../../cutover/paperWorld";
import { TRANSPORTS } from "../../../cutover/ports";
import { Pause, stepText } from "../../../cutover/rehearsal/pause";
import { type Act, ACTS, planOf } from "../../../cutover/steps/acts";

const TIMES = { writeOutageBudgetMs: 1000, drainDeadlineMs: 1000, longDeadlineMs: 1000 };
const plan = (act: Act) => planOf(act, paperWorld("logical"), TIMES);
const textOf = (act: Act, id: string) => {
  const it = plan(act);
  return stepText(
    it,
    it.steps.find((step) => step.id === id)!,
  ).split("\n");
};

describe("the pause before a step of a rehearsal", () => {
  it("says what will happen, what to watch, and how to go back", () => {
    assert.deepEqual(textOf("cutover", "source-fenced"), [
      "cutover, step 14 of 27: source-fenced (from here on users cannot write)",
      "  what happens    The application can read but not write on the source",
      "  what to watch   people who save something: it fails from here on; reading goes on",
      "  how to go back  Ctrl-C undoes this act, last step first",
    ]);
  });

  it("says when users cannot write, and when there is another way back, or none", () => {
    assert.equal(
      textOf("cutover", "target-sequences-set")[0],
      "cutover, step 17 of 27: target-sequences-set (users cannot write)",
    );
    assert.equal(
      textOf("rollback", "traffic-to-source")[0],
      "rollback, step 19 of 28: traffic-to-source (the flip: with it users can write again)",
    );
    assert.equal(
      textOf("cutover", "target-proven")[3],
      "  how to go back  after this act: npm run move -- rollback, which loses no write; Ctrl-C does not end it any more",
    );
    assert.equal(
      textOf("finish", "target-replication-removed")[3],
      "  how to go back  Ctrl-C undoes this act, last step first; after this step there is no way back",
    );
    assert.equal(
      textOf("finish", "nothing-left")[3],
      "  how to go back  none: what is removed does not come back, and this act is to be ended",
    );
  });

  it("has something to watch for every step", () => {
    const blind = TRANSPORTS.flatMap((kind) =>
      ACTS.flatMap((act) => planOf(act, paperWorld(kind), TIMES).steps),
    ).filter(({ watch }) => watch === undefined);
    assert.deepEqual(
      blind.map(({ id }) => id),
      [],
    );
  });

  const started = () => {
    const [input, written, stop] = [new PassThrough(), [] as string[], new AbortController()];
    const pause = new Pause(input, (text) => written.push(text), stop.signal);
    const it = plan("prepare");
    return { input, written, stop, pause, before: () => pause.before(it, it.steps[0]!) };
  };
  const isOver = (promise: Promise<void>) =>
    Promise.race([
      promise.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 20, false)),
    ]);

  it("goes on with a line, one for each step", async () => {
    const { input, written, pause, before } = started();
    const first = before();
    assert.equal(await isOver(first), false);
    input.write("\n");
    assert.equal(await isOver(first), true);
    assert.equal(await isOver(before()), false);
    assert.equal(written.length, 2);
    assert.match(
      written[0]!,
      /^\nprepare, step 1 of 5: target-queue-suspended\n.*Enter goes on …\n$/s,
    );
    assert.equal(pause.stopped.aborted, false);
    pause.end();
  });

  it("waits for nobody once it was asked to stop", async () => {
    const { stop, written, pause, before } = started();
    const first = before();
    stop.abort();
    assert.equal(await isOver(first), true);
    assert.equal(await isOver(before()), true);
    assert.equal(written.length, 1);
    pause.end();
  });

  it("takes the rehearsal back when nobody is there any more", async () => {
    const { input, pause, before } = started();
    const first = before();
    input.end();
    assert.equal(await isOver(first), true);
    assert.equal(pause.stopped.aborted, true);
    assert.equal((pause.stopped.reason as Error).message, "nobody is there to go on");
  });
});
