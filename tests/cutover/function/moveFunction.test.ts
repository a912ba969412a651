import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "mocha";
import type { Answer } from "../../../cutover/ask";
import { systemClock } from "../../../cutover/engine/clock";
import { Refusal } from "../../../cutover/engine/refusal";
import { MoveFunction, type MoveFunctionOptions } from "../../../cutover/function/moveFunction";
import type { MoveRequest } from "../../../cutover/function/request";
import type { Performed } from "../../../cutover/move";

type Connected = Awaited<ReturnType<MoveFunctionOptions["connect"]>>;
type Run = Parameters<Connected["perform"]>[1];

const DONE: Performed = { verdict: "done", text: "replicate is done" };
const A_QUARTER_MS = 900_000;

/** A function whose move does what a test says, and what it left behind. */
function setup(
  perform: (run: Run) => Promise<Performed> = () => Promise.resolve(DONE),
  more: Partial<MoveFunctionOptions> = {},
) {
  const answers = new Map<string, Answer>();
  const again: MoveRequest[] = [];
  const performed: { act: string; run: Run; sourceGone: boolean }[] = [];
  const looks: boolean[] = [];
  const closed: boolean[] = [];
  const it = new MoveFunction({
    clock: systemClock,
    connect: ({ sourceGone, isLook }) => {
      looks.push(isLook);
      return Promise.resolve({
        perform: (act, run) => {
          performed.push({ act, run, sourceGone });
          return perform(run);
        },
        plan: (act) => Promise.resolve(`the plan of ${act}`),
        preflight: () => Promise.resolve({ outcome: "ready", results: [] }),
        status: () => Promise.resolve("nothing has happened"),
        close: () => {
          closed.push(true);
          return Promise.resolve();
        },
      });
    },
    show: () => undefined,
    isStopAsked: () => Promise.resolve(false),
    answer: (id, answer) => {
      answers.set(id, answer);
      return Promise.resolve();
    },
    again: (request) => {
      again.push(request);
      return Promise.resolve();
    },
    reserveMs: 180_000,
    ...more,
  });
  return { it, answers, again, performed, looks, closed };
}
const requested = (
  ask: MoveRequest["ask"] = {
    kind: "perform",
    act: "replicate",
    resume: false,
    sourceGone: false,
    accept: [],
  },
  more: Partial<MoveRequest> = {},
): MoveRequest => ({ id: randomUUID(), askedAtMs: Date.now(), chunk: 0, ask, ...more });
/** Runs until somebody asks it to end, and says who did. */
const untilAsked = ({ stop, pause }: Run): Promise<Performed> =>
  new Promise((resolve) => {
    const end = (verdict: Performed["verdict"]) => () => {
      resolve({ verdict, text: verdict });
    };
    stop.addEventListener("abort", end("undone"));
    pause?.addEventListener("abort", end("paused"));
  });

describe("the function of the move", () => {
  it("performs an act, keeps its answer under the request, and closes what it opened", async () => {
    const { it: its, answers, performed, closed } = setup();
    const request = requested({
      kind: "perform",
      act: "finish",
      resume: true,
      sourceGone: true,
      accept: [],
    });
    assert.deepEqual(await its.serve(request, () => A_QUARTER_MS), DONE);
    assert.deepEqual([...answers], [[request.id, DONE]]);
    assert.deepEqual(
      performed.map(({ act, run, sourceGone }) => [act, run.resume, sourceGone]),
      [["finish", true, true]],
    );
    assert.deepEqual(closed, [true]);
  });

  it("answers what changes nothing, for which it need not reach everything", async () => {
    const { it: its, looks } = setup();
    const asked = async (ask: MoveRequest["ask"]) =>
      (await its.serve(requested(ask), () => A_QUARTER_MS)).text;
    assert.equal(await asked({ kind: "status" }), "nothing has happened");
    assert.equal(await asked({ kind: "plan", act: "cutover" }), "the plan of cutover");
    assert.match(await asked({ kind: "preflight" }), /^ready: 0 checks/m);
    await its.serve(requested(), () => A_QUARTER_MS);
    assert.deepEqual(looks, [true, true, true, false]);
  });

  it("leaves an act for another function when its time is nearly over, and answers only when it is done", async () => {
    const { it: its, answers, again } = setup(untilAsked);
    const request = requested();
    assert.equal((await its.serve(request, () => 180_050)).verdict, "paused");
    assert.equal(answers.size, 0);
    const [next] = again;
    assert.deepEqual(next, { ...request, chunk: 1, ask: { ...request.ask, resume: true } });
    const { it: other, answers: last } = setup();
    await other.serve(next, () => A_QUARTER_MS);
    assert.deepEqual([...last], [[request.id, DONE]]);
  });

  it("says that nobody goes on when no other function can be called", async () => {
    const { it: its, answers } = setup(untilAsked, {
      again: () => Promise.reject(new Error("throttled")),
    });
    const request = requested();
    await its.serve(request, () => 180_050);
    assert.deepEqual(answers.get(request.id), {
      verdict: "paused",
      text: "paused\nno other function goes on: throttled",
    });
  });

  it("finishes or undoes the step at hand when somebody asks for the end of the request", async () => {
    const asked: string[] = [];
    const { it: its } = setup(untilAsked, {
      isStopAsked: (id) => {
        asked.push(id);
        return Promise.resolve(true);
      },
    });
    const request = requested();
    assert.equal((await its.serve(request, () => A_QUARTER_MS)).verdict, "undone");
    assert.deepEqual(asked, [request.id]);
  });

  it("does not carry out what was held up, but goes on with what another function has left", async () => {
    const { it: its, performed } = setup();
    const late = { askedAtMs: Date.now() - 121_000 };
    const refused = await its.serve(requested(undefined, late), () => A_QUARTER_MS);
    assert.deepEqual(refused, {
      verdict: "refused",
      text: "the request was held up for 121 s and is not carried out; ask again",
    });
    assert.deepEqual(performed, []);
    const on = await its.serve(requested(undefined, { ...late, chunk: 3 }), () => A_QUARTER_MS);
    assert.equal(on.verdict, "done");
  });

  it("tells a refusal from what broke off in the middle", async () => {
    for (const [error, verdict] of [
      [new Refusal("another act is due"), "refused"],
      [new Error("connection lost"), "broken-off"],
    ] as const) {
      const { it: its, answers, closed } = setup(() => Promise.reject(error));
      const request = requested();
      await its.serve(request, () => A_QUARTER_MS);
      assert.deepEqual(answers.get(request.id), { verdict, text: error.message });
      assert.deepEqual(closed, [true]);
    }
  });

  it("has changed nothing when it cannot connect", async () => {
    const { it: its } = setup(undefined, {
      connect: () => Promise.reject(new Error("the secret is not there")),
    });
    assert.deepEqual(await its.serve(requested(), () => A_QUARTER_MS), {
      verdict: "refused",
      text: "the secret is not there",
    });
  });

  it("refuses what is no request", async () => {
    const { it: its, performed } = setup();
    for (const event of [
      {},
      { act: "cutover" },
      requested({ kind: "perform", act: "drop" } as unknown as MoveRequest["ask"]),
    ])
      await assert.rejects(its.serve(event, () => A_QUARTER_MS));
    assert.deepEqual(performed, []);
  });
});
