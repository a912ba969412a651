import assert from "node:assert/strict";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { S3Bucket } from "../../../cutover/adapters/aws/s3Bucket";
import { S3Lock } from "../../../cutover/adapters/aws/s3Lock";
import { systemClock } from "../../../cutover/engine/clock";
import { Refusal } from "../../../cutover/engine/refusal";
import { Moto } from "../../support/aws/moto";
import { BUCKET, bucketOf, motoBucket } from "../../support/aws/motoBucket";
import { eventually } from "../../support/cutover/eventually";
import { HandClock } from "../../support/cutover/handClock";

describe("the lock in S3", function () {
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
  /** The pauses of `call` pass at once, those of the lease when the test says so. */
  const lock = (name: string) => new S3Lock(bucketOf(client, systemClock), clock, name);
  const content = async () => {
    const request = new GetObjectCommand({ Bucket: BUCKET, Key: "lock.json" });
    const { Body } = await client.send(request);
    return JSON.parse(await Body!.transformToString()) as Record<string, unknown>;
  };
  const puts = () => moto.requests.filter((it) => it.startsWith("PUT")).length;
  /** Moves the clock on by five seconds, and waits until the lease has asked S3 so often. */
  const renewed = async (times: number) => {
    const before = puts();
    clock.move(5000);
    await eventually(() => puts() === before + times && clock.waiting === 2);
  };

  it("lets one in at a time, and names who is in and when it would be free", async () => {
    const [one, other] = [lock("request 1"), lock("request 2")];
    assert.equal(await one.heldBy(), undefined);
    const release = await one.acquire();
    clock.move(3000);
    await assert.rejects(other.acquire(), (error: Error) => {
      assert.ok(error instanceof Refusal);
      const [, heardS, freeS] =
        /^another run is at work: request 1, heard of (\d+\.\d) s ago; if it was killed, the lock is free in (\d+\.\d) s$/.exec(
          error.message,
        ) ?? [];
      assert.ok(Number(heardS) >= 3, error.message);
      assert.ok(Math.abs(Number(heardS) + Number(freeS) - 40) < 0.2, error.message);
      return true;
    });
    await release();
    assert.equal(await other.heldBy(), undefined);
    assert.equal((await content())["holder"], null);
    const again = await other.acquire();
    assert.match((await one.heldBy())!, /^request 2, heard of /);
    await again();
    assert.equal(clock.waiting, 0);
    assert.equal(one.lost.aborted, false);
  });

  it("lets one in of two that come at the same moment", async () => {
    let release: (() => Promise<void>) | undefined;
    const fast = lock("fast");
    // Between what the slow one reads and what it writes, the fast one comes.
    const pausing = {
      ...systemClock,
      sleep: async () => {
        release = await fast.acquire();
      },
    };
    const slow = new S3Lock(new S3Bucket(client, BUCKET, pausing), clock, "slow");
    moto.failNext(/^PUT/, { code: "SlowDown", status: 503 });
    await assert.rejects(slow.acquire(), (error: Error) => {
      assert.ok(error instanceof Refusal);
      assert.match(error.message, /^another run took the lock at the same moment: fast, heard of /);
      return true;
    });
    assert.equal(slow.lost.aborted, false);
    assert.equal(fast.lost.aborted, false);
    await release!();
  });

  it("keeps its holder for as long as it is renewed", async () => {
    const one = lock("one");
    const release = await one.acquire();
    for (let index = 0; index < 10; index++) await renewed(1);
    assert.equal(one.lost.aborted, false);
    assert.equal((await content())["renewal"], 10);
    await release();
  });

  it("is taken over when its holder was not heard of for 40 seconds, and its holder is told when it wakes", async () => {
    const frozen = lock("frozen");
    const release = await frozen.acquire();
    // Its process does not run: no timer of this clock belongs to it from here on.
    const later = new HandClock();
    later.move(35_000);
    const next = new S3Lock(bucketOf(client, systemClock), later, "next");
    await assert.rejects(next.acquire(), /another run is at work: frozen/);
    later.move(6000);
    const nextRelease = await next.acquire();
    assert.equal((await content())["holder"], "next");
    clock.move(5000);
    await eventually(() => frozen.lost.aborted);
    assert.equal(
      (frozen.lost.reason as Error).message,
      `the lock ${BUCKET}/lock.json is lost: another run took it over`,
    );
    await release();
    assert.equal((await content())["holder"], "next");
    assert.equal(next.lost.aborted, false);
    await assert.rejects(frozen.acquire(), /is lost: another run took it over$/);
    await nextRelease();
  });

  it("tells its holder at the latest after 30 seconds that it cannot be renewed, and why", async () => {
    const one = lock("one");
    const release = await one.acquire();
    for (let index = 0; index < 5; index++) {
      moto.failNext(/^PUT/, { code: "AccessDenied", status: 403 });
      await renewed(1);
      assert.equal(one.lost.aborted, false);
    }
    clock.move(5000);
    assert.equal(one.lost.aborted, true);
    assert.match(
      (one.lost.reason as Error).message,
      /^the lock redash-move\/lock\.json is lost: it could not be renewed for 30 s: s3:PutObject on redash-move\/lock\.json: AccessDenied: /,
    );
    await release();
    assert.equal((await content())["holder"], "one", "it may be somebody else's by now");
  });

  it("goes on when renewing was throttled, or its answer was lost, or another request was in the way", async () => {
    const one = lock("one");
    const release = await one.acquire();
    moto.failNext(/^PUT/, { code: "SlowDown", status: 503 });
    await renewed(2);
    moto.failNext(/^PUT/, "answer-lost");
    await renewed(2);
    moto.failNext(/^PUT/, { code: "ConditionalRequestConflict", status: 409 });
    await renewed(1);
    moto.failNext(/^PUT/, "silent");
    await renewed(2);
    for (let index = 0; index < 4; index++) await renewed(1);
    assert.equal(one.lost.aborted, false);
    await release();
    assert.equal((await content())["holder"], null);
  });

  it("is taken and given back although the answers are lost", async () => {
    const one = lock("one");
    moto.failNext(/^PUT/, "answer-lost");
    const release = await one.acquire();
    assert.equal((await content())["holder"], "one");
    moto.failNext(/^PUT/, "answer-lost");
    await release();
    assert.equal((await content())["holder"], null);
    assert.equal(one.lost.aborted, false);
    assert.equal(clock.waiting, 0);
  });

  it("says that it could not be taken when the role may not write, and leaves nothing running", async () => {
    moto.failNext(/^PUT/, { code: "AccessDenied", status: 403 });
    await assert.rejects(
      lock("one").acquire(),
      /s3:PutObject on redash-move\/lock\.json: AccessDenied/,
    );
    assert.equal(clock.waiting, 0);
    assert.equal(await lock("other").heldBy(), undefined);
  });

  it("does not take what is no lock for a free one", async () => {
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: "lock.json", Body: "{}" }));
    await assert.rejects(lock("one").acquire(), {
      message: `${BUCKET}/lock.json is not what a lock looks like; if no run is at work, remove it`,
    });
  });
});
