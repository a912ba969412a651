import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ask, known, UnknownFact } from "../../../cutover/preflight/fact";

const never = new AbortController().signal;
const hang = () => new Promise<number>(() => undefined);

describe("a fact", () => {
  it("is what the world answers", async () => {
    const fact = await ask(1000, never, () => Promise.resolve(7));
    assert.deepEqual(fact, { isKnown: true, value: 7 });
    assert.equal(known(fact), 7);
  });

  it("is unknown with the words of the error, also of those within it", async () => {
    const within = new Error("fetch failed", {
      cause: new AggregateError([new Error("no way to ::1"), new Error("no way to 127.0.0.1")]),
    });
    const fact = await ask(1000, never, () => Promise.reject(within));
    assert.deepEqual(fact, {
      isKnown: false,
      reason: "fetch failed: no way to ::1; no way to 127.0.0.1",
    });
    assert.throws(() => known(fact), UnknownFact);
  });

  it("does not repeat a cause that an error names itself", async () => {
    const cause = new Error("connect ECONNREFUSED");
    const fact = await ask(10_000, never, () =>
      Promise.reject(new Error("s3:GetObject on journal: Error: connect ECONNREFUSED", { cause })),
    );
    assert.deepEqual(fact, {
      isKnown: false,
      reason: "s3:GetObject on journal: Error: connect ECONNREFUSED",
    });
  });

  it("is unknown when its time is over, whether or not the work listens", async () => {
    let isTold = false;
    const fact = await ask(20, never, (signal) => {
      signal.addEventListener("abort", () => (isTold = true));
      return hang();
    });
    assert.deepEqual(fact, { isKnown: false, reason: "no answer within 0.02 s" });
    assert.ok(isTold);
  });

  it("is given up when somebody asks to stop", async () => {
    const controller = new AbortController();
    const asked = ask(10_000, controller.signal, hang);
    controller.abort(new Error("Ctrl-C"));
    await assert.rejects(asked, /^Error: Ctrl-C$/);
    await assert.rejects(ask(10_000, controller.signal, hang), /^Error: Ctrl-C$/);
  });
});
