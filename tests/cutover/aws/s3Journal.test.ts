import assert from "node:assert/strict";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { S3Journal } from "../../../cutover/adapters/aws/s3Journal";
import { systemClock } from "../../../cutover/engine/clock";
import type { Entry } from "../../../cutover/engine/journal";
import { Moto } from "../../support/aws/moto";
import { BUCKET, bucketOf, motoBucket } from "../../support/aws/motoBucket";

const entry = (step: string): Entry => ({ kind: "step-started", run: "r", step, atMs: 1 });
const key = (number: number) => `journal/00000000${number}.json`;

describe("the journal in S3", function () {
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
  const journal = () => new S3Journal(bucketOf(client, systemClock));
  const puts = () => moto.requests.filter((it) => it.startsWith("PUT"));

  it("is empty before anything was written", async () => {
    assert.deepEqual(await journal().read(), []);
  });

  it("is read by another process as it was written, in order, also when much is written at once, page by page", async () => {
    const mine = journal();
    const entries = Array.from({ length: 105 }, (_, index) => entry(`s${index}`));
    await Promise.all(entries.map((it) => mine.append(it)));
    assert.deepEqual(await mine.read(), entries);
    moto.requests.length = 0;
    const other = journal();
    assert.deepEqual(await other.read(), entries);
    assert.equal(moto.requests.filter((it) => it.includes("list-type=2")).length, 2);
    assert.equal(moto.requests.length, 107);
  });

  it("writes one JSON object an entry, under its number", async () => {
    await journal().append(entry("a"));
    const { Body, ContentType } = await client.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: "journal/000000001.json" }),
    );
    assert.equal(ContentType, "application/json");
    assert.equal(
      await Body!.transformToString(),
      '{"kind":"step-started","run":"r","step":"a","atMs":1}',
    );
  });

  it("writes what comes at once as one object, a line an entry", async () => {
    const mine = journal();
    await mine.append(entry("a"), entry("b"));
    await mine.append(entry("c"));
    assert.deepEqual(puts().length, 2);
    assert.deepEqual(await mine.read(), ["a", "b", "c"].map(entry));
    assert.deepEqual(await journal().read(), ["a", "b", "c"].map(entry));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key(1) }));
    assert.equal(
      await Body!.transformToString(),
      ["a", "b"].map((step) => JSON.stringify(entry(step))).join("\n"),
    );
  });

  it("fetches an entry once", async () => {
    const mine = journal();
    await mine.append(entry("a"));
    await mine.read();
    moto.requests.length = 0;
    await journal().append(entry("b"));
    moto.requests.length = 0;
    assert.deepEqual(await mine.read(), [entry("a"), entry("b")]);
    assert.deepEqual(
      moto.requests.map((it) => it.split("?")[0]),
      [`GET /${BUCKET}/`, `GET /${BUCKET}/${key(2)}`],
    );
  });

  it("goes on after the last entry of a process before, also if it was not read first", async () => {
    await journal().append(entry("a"));
    await journal().append(entry("b"));
    assert.deepEqual(await journal().read(), [entry("a"), entry("b")]);
  });

  it("lets one of two writers write a number, tells the other, and takes nothing more from it", async () => {
    const [frozen, other] = [journal(), journal()];
    await frozen.append(entry("a"));
    await other.append(entry("theirs"));
    assert.equal(frozen.lost.aborted, false);
    const message = `${BUCKET}/${key(2)} was written by another run, so this one has stopped; look at it with: npm run move -- status`;
    await assert.rejects(frozen.append(entry("mine")), { message });
    assert.equal(frozen.lost.aborted, true);
    assert.equal((frozen.lost.reason as Error).message, message);
    await frozen.read();
    await assert.rejects(frozen.append(entry("mine")), { message });
    assert.deepEqual(await journal().read(), [entry("a"), entry("theirs")]);
    assert.equal(other.lost.aborted, false);
  });

  it("knows an entry as its own whose first answer was lost", async () => {
    moto.failNext(/^PUT/, "answer-lost");
    const mine = journal();
    await mine.append(entry("a"));
    await mine.append(entry("b"));
    assert.equal(puts().length, 3);
    assert.equal(mine.lost.aborted, false);
    assert.deepEqual(await journal().read(), [entry("a"), entry("b")]);
  });

  it("goes on after an entry that was written, although every answer was lost", async () => {
    const mine = journal();
    await mine.append(entry("a"));
    moto.failNext(/^PUT/, "answer-lost");
    for (let tries = 0; tries < 4; tries++)
      moto.failNext(/^PUT/, { code: "SlowDown", status: 503 });
    await assert.rejects(mine.append(entry("b")), /SlowDown/);
    await mine.append(entry("c"));
    assert.equal(mine.lost.aborted, false);
    for (const it of [mine, journal()])
      assert.deepEqual(await it.read(), ["a", "b", "c"].map(entry));
  });

  it("writes nothing twice of what comes again with more, because no answer to it came", async () => {
    const mine = journal();
    await mine.append(entry("a"));
    const held = entry("b");
    moto.failNext(/^PUT/, "answer-lost");
    for (let retry = 0; retry < 4; retry++)
      moto.failNext(/^PUT/, { code: "SlowDown", status: 503 });
    await assert.rejects(mine.append(held));
    await mine.append(held, entry("c"));
    assert.deepEqual(await journal().read(), ["a", "b", "c"].map(entry));
    assert.deepEqual(await mine.read(), ["a", "b", "c"].map(entry));
  });

  it("is not lost when somebody else was about to write at the same moment and did not", async () => {
    moto.failNext(/^PUT/, { code: "ConditionalRequestConflict", status: 409 });
    const mine = journal();
    await mine.append(entry("a"));
    assert.equal(mine.lost.aborted, false);
    assert.deepEqual(await journal().read(), [entry("a")]);
  });

  it("writes again when it is throttled, or when there is no answer within two seconds", async () => {
    const mine = journal();
    await mine.append(entry("a"));
    moto.failNext(/^PUT/, { code: "SlowDown", status: 503 });
    await mine.append(entry("b"));
    moto.failNext(/^PUT/, "silent");
    const start = performance.now();
    await mine.append(entry("c"));
    assert.ok(performance.now() - start >= 1990);
    assert.deepEqual(await journal().read(), ["a", "b", "c"].map(entry));
  });

  it("says what the role may not do, and is not lost by it", async () => {
    const mine = journal();
    await mine.append(entry("a"));
    moto.failNext(/^PUT/, { code: "AccessDenied", status: 403 });
    await assert.rejects(mine.append(entry("b")), {
      message: `s3:PutObject on ${BUCKET}/${key(2)}: AccessDenied: as the test wants it; the role may not do it: run pulumi up, which gives it s3:PutObject, or ask who owns the key or the service control policy; run pulumi up, which makes the bucket`,
    });
    assert.equal(mine.lost.aborted, false);
    await mine.append(entry("b"));
    assert.deepEqual(await journal().read(), [entry("a"), entry("b")]);
  });

  it("does not take a journal it may not read for an empty one", async () => {
    await journal().append(entry("a"));
    moto.failNext(/^GET.*list-type/, { code: "AccessDenied", status: 403 });
    const mine = journal();
    await assert.rejects(
      mine.append(entry("b")),
      /s3:ListBucket on redash-move\/journal\/: AccessDenied: /,
    );
    assert.equal(puts().length, 1);
  });

  it("refuses a journal with a gap or with something else in it", async () => {
    const mine = journal();
    for (const step of ["a", "b", "c"]) await mine.append(entry(step));
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key(2) }));
    await assert.rejects(journal().read(), {
      message: `${BUCKET}/${key(2)} is missing, but ${key(3)} is there: somebody has removed an entry; restore it (the bucket keeps versions)`,
    });
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key(2), Body: "not JSON" }));
    await assert.rejects(journal().read(), {
      message: `${BUCKET}/${key(2)} is no journal entry`,
    });
  });
});
