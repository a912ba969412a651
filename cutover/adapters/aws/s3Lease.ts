import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../engine/clock";
import type { S3Bucket, StoredObject } from "./s3Bucket";

export const LOCK_KEY = "lock.json";
/** A holder that is not heard of for so long has lost the lock. */
export const LEASE_MS = 30_000;
const RENEW_EVERY_MS = 5000;

const lockText = z.object({
  /** Who works, for people; null: nobody does. */
  holder: z.string().nullable(),
  /** Of one lease. */
  id: z.string(),
  /** Counts, so that every text has an ETag of its own. */
  renewal: z.int(),
});

/** @throws Error if somebody else has written the object */
export function readLock(bucket: S3Bucket, { text }: Pick<StoredObject, "text">) {
  try {
    return lockText.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(
      `${bucket.name}/${LOCK_KEY} is not what a lock looks like; if no run is at work, remove it`,
      { cause: error },
    );
  }
}

/** The time for which a process has the lock, made longer until it is given back. */
export class Lease {
  private readonly id = randomUUID();
  private readonly ended = new AbortController();
  private etag: string | undefined;
  private renewal = 0;
  private renewing = Promise.resolve();
  private cancelEnd = (): void => undefined;
  private isLost = false;
  private failure = "";

  /**
   * @param holder who works, for whoever is refused
   * @param lost called once, with why, when it has run out or was taken over
   */
  constructor(
    private readonly bucket: S3Bucket,
    private readonly clock: Clock,
    private readonly holder: string,
    private readonly lost: (reason: string) => void,
  ) {}

  /**
   * @param found the object that was read, free or run out; undefined: there was none
   * @returns whether it is ours; not if somebody else wrote since
   */
  async take(found: StoredObject | undefined): Promise<boolean> {
    this.etag = found?.etag;
    if (!(await this.write(this.holder))) return false;
    this.renewing = this.renew();
    return true;
  }

  /** Nothing if it is lost: then it is somebody else's. */
  async giveBack(): Promise<void> {
    this.ended.abort();
    // One that is under way changes the ETag.
    await this.renewing;
    if (!this.isLost && !(await this.write(null))) this.lose("another run took it over");
    this.cancelEnd();
  }

  private async renew(): Promise<void> {
    const { signal } = this.ended;
    for (;;) {
      await this.clock.sleep(RENEW_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        if (!(await this.write(this.holder))) this.lose("another run took it over");
      } catch (error) {
        // S3 may answer again before the time is over; if not, its end says why.
        this.failure = `: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }

  /** @returns whether the lock is ours afterwards; whatever bears our id is */
  private async write(holder: string | null): Promise<boolean> {
    const sentMs = this.clock.monotonicMs();
    const text = JSON.stringify({ holder, id: this.id, renewal: this.renewal++ });
    const condition = this.etag === undefined ? "absent" : { etag: this.etag };
    const now = await this.bucket.put(LOCK_KEY, text, condition);
    // One that is answered when the time is over makes nothing longer.
    if (this.isLost || now === undefined || readLock(this.bucket, now).id !== this.id) return false;
    this.etag = now.etag;
    if (now.text === text) this.endAt(sentMs + LEASE_MS);
    return true;
  }

  /** From before the request was sent: S3 dates the object later, so whoever takes over waits longer than we work. */
  private endAt(monotonicMs: number): void {
    this.cancelEnd();
    this.cancelEnd = this.clock.after(monotonicMs - this.clock.monotonicMs(), () => {
      this.lose(`it could not be renewed for ${LEASE_MS / 1000} s${this.failure}`);
    });
  }

  private lose(why: string): void {
    if (this.isLost) return;
    this.isLost = true;
    this.ended.abort();
    this.cancelEnd();
    this.lost(`the lock ${this.bucket.name}/${LOCK_KEY} is lost: ${why}`);
  }
}
