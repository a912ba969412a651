import assert from "node:assert/strict";
import type { S3Client } from "@aws-sdk/client-s3";
import { type Following, followJournal } from "../../../cutover/adapters/aws/followJournal";
import { S3Journal } from "../../../cutover/adapters/aws/s3Journal";
import { S3Lock } from "../../../cutover/adapters/aws/s3Lock";
import { S3Progress } from "../../../cutover/adapters/aws/s3Progress";
import { systemClock } from "../../../cutover/engine/clock";
import { runPlan } from "../../../cutover/engine/engine";
import type { Entry, Event } from "../../../cutover/engine/journal";
import { Moto } from "../../support/aws/moto";
import { bucketOf, motoBucket } from "../../support/aws/motoBucket";
import { eventually } from "../../support/cutover/eventually";
import { HandClock } from "../../support/cutover/handClock";

const started = (run: string): Entry => ({
  kind: "run-started",
  run,
  act: "replicate",
  steps: [],
  writeOutageBudgetMs: 0,
  resumed: false,
  atMs: 1,
});
const ended = (run: string): Entry => ({
  kind: "run-ended",
  run,
  act: "replicate",
  outcome: "done",
  reason: "replicate is done",
  atMs: 2,
});
const progress = (run: string, message: string): Event => ({
  kind: "progress",
  run,
  step: "copied",
  message,
});

describe("what is shown of a run that is carried out elsewhere", function () {
  this.timeout(120_000);
  let moto: Moto;
  let client: S3Client;
  let clock: HandClock;
  before(async () => {
    moto = await Moto.start();
  });
  after(() => moto.stop());
  beforeEach(async () => {
    await moto.reset();
    client = await motoBucket(moto);
    clock = new HandClock();
  });
  afterEach(() => {
    client.destroy();
  });
  const bucket = () => bucketOf(client, systemClock);
  const nothingFails = (error: unknown) => assert.fail(error as Error);
  const shown = (failed: (error: unknown) => void = nothingFails) =>
    new S3Progress(bucket(), clock, failed);
  const follow = (more: Partial<Following> = {}) =>
    followJournal({
      journal: new S3Journal(bucket()),
      progress: shown(),
      clock,
      from: 0,
      deadlineMs: 60_000,
      signal: new AbortController().signal,
      ...more,
    });
  const puts = () => moto.requests.filter((it) => it.startsWith("PUT")).length;

  it("is every entry and the progress in between, in order, and ends with the run", async () => {
    const journal = new S3Journal(bucket());
    const there = shown();
    const following = follow({ clock: systemClock });
    const next = async () => (await following.next()).value as Event | undefined;
    const step = { run: "one", step: "copied", atMs: 1 } as const;
    const done: Entry = {
      kind: "step-done",
      ...step,
      durationMs: 1,
      skipped: false,
      evidence: {},
    };
    await journal.append(started("one"));
    await journal.append({ kind: "step-started", ...step });
    assert.deepEqual(await next(), started("one"));
    assert.deepEqual(await next(), { kind: "step-started", ...step });
    there.show(progress("one", "1 of 2 rows"));
    assert.deepEqual(await next(), progress("one", "1 of 2 rows"));
    clock.move(1000);
    await eventually(() => clock.waiting === 0);
    there.show(progress("one", "2 of 2 rows"));
    await eventually(() => clock.waiting === 1);
    await journal.append(done);
    await journal.append(ended("one"));
    assert.deepEqual(await next(), done, "and no progress of what is done");
    assert.deepEqual(await next(), ended("one"));
    assert.equal(await next(), undefined);
    await there.end();
  });

  it("is what the engine tells whoever runs it here", async () => {
    const journal = new S3Journal(bucket());
    const there = new S3Progress(bucket(), systemClock, nothingFails);
    const local: Event[] = [];
    const running = runPlan(
      {
        act: "verify",
        writeOutageBudgetMs: 0,
        steps: [
          {
            id: "compared",
            title: "Everything is compared",
            deadlineMs: 10_000,
            estimateMs: 1,
            apply: async ({ progress: tell }) => {
              tell("half of it");
              await eventually(() => moto.requests.some((it) => it.includes("progress.json")));
              await new Promise((resolve) => setTimeout(resolve, 1500));
              return { rows: 2 };
            },
          },
        ],
      },
      {
        clock: systemClock,
        journal,
        lock: new S3Lock(bucket(), systemClock, "request 1"),
        run: "one",
        onEvent: (event) => {
          local.push(event);
          there.show(event);
        },
      },
    );
    const remote: Event[] = [];
    for await (const event of follow({ clock: systemClock })) remote.push(event);
    await running;
    await there.end();
    assert.deepEqual(
      remote.map((event) => ({ ...event, atMs: undefined })),
      local.map((event) => ({ ...event, atMs: undefined })),
    );
    assert.deepEqual(
      remote.map(({ kind }) => kind),
      ["run-started", "step-started", "progress", "step-done", "run-ended"],
    );
  });

  it("leaves out what was there before, and the progress of a run before", async () => {
    const journal = new S3Journal(bucket());
    for (const it of [started("old"), ended("old"), started("new"), ended("new")])
      await journal.append(it);
    const there = shown();
    there.show(progress("old", "all rows"));
    await eventually(() => puts() === 5);
    await there.end();
    const events: Event[] = [];
    for await (const event of follow({ from: 2 })) events.push(event);
    assert.deepEqual(events, [started("new"), ended("new")]);
  });

  it("ends with the reason why the run cannot come to its end, after a last look", async () => {
    const journal = new S3Journal(bucket());
    const controller = new AbortController();
    const events: Event[] = [];
    const following = (async () => {
      for await (const event of follow({ signal: controller.signal })) events.push(event);
    })();
    await eventually(() => clock.waiting === 1);
    await journal.append(started("one"));
    controller.abort(new Error("the function has failed"));
    await assert.rejects(following, { message: "the function has failed" });
    assert.deepEqual(events, [started("one")]);
  });

  it("ends when its time is over, and says what to do", async () => {
    const following = follow({ deadlineMs: 30_000 }).next();
    await eventually(() => clock.waiting === 1);
    clock.move(31_000);
    await assert.rejects(following, {
      message:
        "the end of the run was not heard of within 30.0 s; it may go on; look at it with: npm run move -- status",
    });
  });

  it("writes the latest progress at most once a second, and nothing but progress", async () => {
    const there = shown();
    there.show(started("one"));
    for (let index = 1; index <= 50; index++) there.show(progress("one", `${index} rows`));
    await eventually(() => puts() === 1 && clock.waiting === 1);
    there.show(progress("one", "51 rows"));
    there.show(progress("one", "52 rows"));
    clock.move(999);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(puts(), 1);
    clock.move(1);
    await eventually(() => puts() === 2 && clock.waiting === 1);
    assert.deepEqual(await there.read(), progress("one", "52 rows"));
    await there.end();
    assert.equal(clock.waiting, 0);
    there.show(progress("one", "too late"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(puts(), 2);
  });

  it("tells that progress cannot be written, and goes on with the next", async () => {
    const errors: string[] = [];
    const there = shown((error) => errors.push((error as Error).message));
    moto.failNext(/^PUT/, { code: "AccessDenied", status: 403 });
    there.show(progress("one", "1 row"));
    await eventually(() => errors.length === 1);
    assert.match(errors[0]!, /^s3:PutObject on redash-move\/progress\.json: AccessDenied: /);
    there.show(progress("one", "2 rows"));
    await eventually(() => clock.waiting === 1);
    assert.deepEqual(await there.read(), progress("one", "2 rows"));
    await there.end();
    assert.equal(errors.length, 1);
  });
});
