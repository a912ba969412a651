import {
  type CloudWatchClient,
  PutMetricDataCommand,
  type StandardUnit,
} from "@aws-sdk/client-cloudwatch";
import { DISK_METRICS, METRIC_NAMESPACE } from "../../../redash/sourceWatch";
import type { Clock } from "../../engine/clock";
import { call } from "./call";
import type { ComposeStorage } from "./composeStorage";

/**
 * Tells CloudWatch of the source's disk, for the alarms on it (components/migrationAlarms.ts).
 * @param stack by whose name its alarms find the figures
 * @throws CallFailed
 */
export async function putDiskMetrics(
  cloudWatch: CloudWatchClient,
  stack: string,
  { freeBytes, totalBytes, walBytes, keptBytes }: ComposeStorage,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const figure = (MetricName: string, Unit: StandardUnit, Value: number) => ({
    MetricName,
    Unit,
    Value,
    Timestamp: new Date(clock.nowMs()),
    Dimensions: [{ Name: "Stack", Value: stack }],
  });
  const request = new PutMetricDataCommand({
    Namespace: METRIC_NAMESPACE,
    MetricData: [
      figure(DISK_METRICS.free, "Bytes", freeBytes),
      figure(DISK_METRICS.freePercent, "Percent", (100 * freeBytes) / totalBytes),
      figure(DISK_METRICS.wal, "Bytes", walBytes),
      figure(DISK_METRICS.walKept, "Bytes", keptBytes),
    ],
  });
  await call(
    // Figures that come twice are the same figures: no alarm adds them up.
    { action: "cloudwatch:PutMetricData", on: METRIC_NAMESPACE, isIdempotent: true, signal },
    (abortSignal) => cloudWatch.send(request, { abortSignal }),
    clock,
  );
}
