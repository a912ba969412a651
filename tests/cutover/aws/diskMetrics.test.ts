import assert from "node:assert/strict";
import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { putDiskMetrics } from "../../../cutover/adapters/aws/diskMetrics";
import { DISK_METRICS } from "../../../redash/sourceWatch";
import { Moto } from "../../support/aws/moto";
import { quickClock } from "../../support/aws/quickClock";

const DISK = {
  freeBytes: 10_737_418_240,
  totalBytes: 42_949_672_960,
  walBytes: 1_073_741_824,
  keptBytes: 536_870_912,
};
const FIGURES = {
  [DISK_METRICS.free]: [10_737_418_240],
  [DISK_METRICS.freePercent]: [25],
  [DISK_METRICS.wal]: [1_073_741_824],
  [DISK_METRICS.walKept]: [536_870_912],
};

describe("what CloudWatch is told of the source's disk", function () {
  this.timeout(120_000);
  let moto: Moto;
  let client: CloudWatchClient;
  before(async () => {
    moto = await Moto.start();
    client = new CloudWatchClient(clientConfig(moto.options));
  });
  after(async () => {
    client.destroy();
    await moto.stop();
  });
  beforeEach(() => moto.reset());

  const put = (signal = AbortSignal.timeout(60_000)) =>
    putDiskMetrics(client, "prod", DISK, quickClock(), signal);
  const sent = () => moto.requests.filter((it) => /PutMetricData/.test(it)).length;
  /** What an alarm with these dimensions finds in the last five minutes. */
  const told = async (Stack = "prod") => {
    const now = Date.now();
    const { MetricDataResults } = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - 600_000),
        EndTime: new Date(now + 600_000),
        MetricDataQueries: Object.values(DISK_METRICS).map((MetricName) => ({
          Id: MetricName.toLowerCase(),
          Label: MetricName,
          MetricStat: {
            Metric: {
              Namespace: "Redash/Move",
              MetricName,
              Dimensions: [{ Name: "Stack", Value: Stack }],
            },
            Period: 1200,
            Stat: "Maximum",
          },
        })),
      }),
    );
    return Object.fromEntries<number[] | undefined>(
      (MetricDataResults ?? []).map(({ Label = "", Values }) => [Label, Values]),
    );
  };

  it("is what is free, also as a part of all, and what WAL takes, by the name of the stack", async () => {
    await put();
    assert.deepEqual(await told(), FIGURES);
    const nothing = Object.fromEntries(Object.keys(FIGURES).map((name) => [name, []]));
    assert.deepEqual(await told("staging"), nothing);
  });

  it("is said again when it was throttled, and when the answer was lost, and is the same", async () => {
    moto.failNext(/PutMetricData/, { code: "Throttling", status: 400 });
    moto.failNext(/PutMetricData/, "answer-lost");
    await put();
    assert.equal(sent(), 3);
    assert.deepEqual(await told(), FIGURES);
  });

  it("is said again when there was no answer", async () => {
    moto.failNext(/PutMetricData/, "silent");
    await put();
    assert.equal(sent(), 2);
    assert.deepEqual(await told(), FIGURES);
  });

  it("is nothing without the permission, which the error names", async () => {
    moto.failNext(/PutMetricData/, { code: "AccessDenied", status: 403 });
    await assert.rejects(put(), {
      message:
        "cloudwatch:PutMetricData on Redash/Move: AccessDenied: as the test wants it; the role may not do it: run pulumi up, which gives it cloudwatch:PutMetricData, or ask who owns the key or the service control policy",
    });
    assert.equal(sent(), 1);
  });

  it("is not waited for when the look has to end", async () => {
    moto.failNext(/PutMetricData/, "silent");
    const look = new AbortController();
    const putting = put(look.signal);
    look.abort(new Error("it took too long"));
    await assert.rejects(putting, { message: "it took too long" });
  });
});
