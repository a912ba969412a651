import type { Clock } from "../../engine/clock";
import type { Lock } from "../../engine/journal";
import { Refusal } from "../../engine/refusal";
import { duration } from "../../report/quantity";
import type { S3Bucket, StoredObject } from "./s3Bucket";
import { Lease, LEASE_MS, LOCK_KEY, readLock } from "./s3Lease";

/** What the clocks of S3 and of whoever takes over may differ by. The holder measures by its own clock alone. */
const CLOCKS_DIFFER_MS = 10_000;

/**
 * A lock with a lease. Every write has the condition that the object is the one that was read, so of all who want to
 * take it, or to take it over, exactly one wins. Given back it says so: nothing is ever deleted.
 *
 * No lease can hold back a process that was frozen and wakes after it has run out (Lambda freezes what an invocation
 * leaves behind: docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). What does is the journal, in
 * which its next number is taken by then (s3Journal.ts), and that whoever runs it ends the process when `lost` aborts.
 */
export class S3Lock implements Lock {
  private readonly losing = new AbortController();

  /** @param name who works, for whoever is refused, such as a request of the function */
  constructor(
    private readonly bucket: S3Bucket,
    private readonly clock: Clock,
    private readonly name: string,
  ) {}

  /**
   * Aborts when the lease has run out or was taken over. The process must end at once, and not even undo: the next one
   * takes up what it leaves, as after a crash.
   */
  get lost(): AbortSignal {
    return this.losing.signal;
  }

  acquire = async (): Promise<() => Promise<void>> => {
    this.lost.throwIfAborted();
    const found = await this.bucket.get(LOCK_KEY);
    const holder = this.holderOf(found);
    if (holder !== undefined) throw new Refusal(`another run is at work: ${holder}`);
    const lease = new Lease(this.bucket, this.clock, this.name, (reason) => {
      this.losing.abort(new Error(reason));
    });
    if (await lease.take(found)) return () => lease.giveBack();
    throw new Refusal(
      `another run took the lock at the same moment: ${(await this.heldBy()) ?? "it has ended since"}`,
    );
  };

  heldBy = async (): Promise<string | undefined> => this.holderOf(await this.bucket.get(LOCK_KEY));

  private holderOf(object: StoredObject | undefined): string | undefined {
    if (object === undefined) return undefined;
    const { holder } = readLock(this.bucket, object);
    const silentMs = Math.max(0, this.clock.nowMs() - object.modifiedMs);
    const leftMs = LEASE_MS + CLOCKS_DIFFER_MS - silentMs;
    if (holder === null || leftMs <= 0) return undefined;
    return `${holder}, heard of ${duration(silentMs)} ago; if it was killed, the lock is free in ${duration(leftMs)}`;
  }
}
