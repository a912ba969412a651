import { z } from "zod";
import type { Clock } from "../../engine/clock";
import type { Event } from "../../engine/journal";
import type { S3Bucket } from "./s3Bucket";

const KEY = "progress.json";
const EVERY_MS = 1000;

const progressText = z.object({
  kind: z.literal("progress"),
  run: z.string(),
  step: z.string(),
  message: z.string(),
});
export type Progress = z.infer<typeof progressText>;

/**
 * How far a long step is, in one object that is overwritten: what the journal does not keep, for whoever watches from
 * elsewhere. The act goes on if it cannot be written; `failed` is told.
 */
export class S3Progress {
  private latest: Progress | undefined;
  private writing: Promise<void> | undefined;
  private readonly ended = new AbortController();

  constructor(
    private readonly bucket: S3Bucket,
    private readonly clock: Clock,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Takes every event; of those of progress the latest is written, at most one a second. */
  show = (event: Event): void => {
    if (event.kind !== "progress") return;
    const { run, step, message } = event;
    this.latest = { kind: "progress", run, step, message };
    this.writing ??= this.writeAll();
  };

  /** Returns when nothing is written any more: what a function leaves behind wakes up in its next invocation. */
  end = async (): Promise<void> => {
    this.ended.abort();
    await this.writing;
  };

  read = async (): Promise<Progress | undefined> => {
    const object = await this.bucket.get(KEY);
    return object && progressText.parse(JSON.parse(object.text));
  };

  private async writeAll(): Promise<void> {
    const { ended } = this;
    while (this.latest !== undefined && !ended.signal.aborted) {
      const text = JSON.stringify(this.latest);
      this.latest = undefined;
      try {
        await this.bucket.put(KEY, text, "none", ended.signal);
        await this.clock.sleep(EVERY_MS, ended.signal);
      } catch (error) {
        if (!this.ended.signal.aborted) this.failed(error);
      }
    }
    // In the same turn in which there was nothing left: what is shown from now on begins anew.
    this.writing = undefined;
  }
}
