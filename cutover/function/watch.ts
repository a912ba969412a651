import type { Answer } from "../ask";
import type { AwsClients } from "../adapters/aws/clients";
import { composeStorage } from "../adapters/aws/composeStorage";
import type { AwsWorldDescription } from "../adapters/aws/description";
import { putDiskMetrics } from "../adapters/aws/diskMetrics";
import { HostCommand } from "../adapters/aws/hostCommand";
import type { Clock } from "../engine/clock";
import { bytes } from "../report/quantity";

/** The longest that a look may take: the next one follows (redash/sourceWatch.ts). */
const LOOK_MS = 240_000;

/**
 * Looks at the source's disk, and tells CloudWatch. It takes no lock and reads no secret, so that it may run beside an
 * act. What fails is written to the log and raises no error: figures that stay away have an alarm, and the one on the
 * function's errors means that an act has died.
 * @returns for whoever asks by hand; the schedule does not wait for it
 */
export async function watchSource(
  { source, stack }: AwsWorldDescription,
  { ssm, cloudWatch }: Pick<AwsClients, "ssm" | "cloudWatch">,
  clock: Clock,
): Promise<Answer> {
  const signal = AbortSignal.timeout(LOOK_MS);
  const host = new HostCommand({
    client: ssm,
    instanceId: source.instanceId,
    by: { documentName: source.documentName },
    clock,
  });
  try {
    const disk = await composeStorage(host, source)(signal);
    await putDiskMetrics(cloudWatch, stack, disk, clock, signal);
    const { freeBytes, totalBytes, walBytes, keptBytes } = disk;
    return {
      verdict: "done",
      text: `the source's disk: ${bytes(freeBytes)} of ${bytes(totalBytes)} free, ${bytes(walBytes)} of WAL, a slot keeps ${bytes(keptBytes)}`,
    };
  } catch (error) {
    const text = `the source's disk is not watched: ${(error as Error).message}`;
    console.error(text);
    return { verdict: "refused", text };
  }
}
