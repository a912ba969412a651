import type { Phase } from "../../../redash/phase";
import type { Clock } from "../../engine/clock";
import type { PhaseRecord } from "../../ports";
import type { S3Bucket } from "./s3Bucket";

/** How far the move has come, where the program reads it before it changes anything (settings/phaseRecord.ts). */
export class S3Phase implements PhaseRecord {
  constructor(
    private readonly bucket: S3Bucket,
    private readonly clock: Clock,
  ) {}

  record = async (phase: Phase, signal: AbortSignal): Promise<void> => {
    const text = JSON.stringify({ phase, atMs: this.clock.nowMs() });
    await this.bucket.put("phase.json", text, "none", signal);
  };
}
