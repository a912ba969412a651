import assert from "node:assert/strict";
import { ECSClient, ListClustersCommand } from "@aws-sdk/client-ecs";
import { call, type Call } from "../../../cutover/adapters/aws/call";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { Moto } from "../../support/aws/moto";

describe("a call to AWS", function () {
  this.timeout(120_000);
  let moto: Moto;
  let ecs: ECSClient;
  before(async () => {
    moto = await Moto.start();
    ecs = new ECSClient(clientConfig(moto.options));
  });
  after(async () => {
    ecs.destroy();
    await moto.stop();
  });
  beforeEach(() => moto.reset());

  const pauses: number[] = [];
  const clock = {
    sleep: (milliseconds: number) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    },
  };
  const asked = (more: Partial<Call> = {}) =>
    call(
      {
        action: "ecs:DescribeServices",
        on: "redash-server",
        isIdempotent: true,
        signal: AbortSignal.timeout(30_000),
        ...more,
      },
      (abortSignal) => ecs.send(new ListClustersCommand({}), { abortSignal }),
      clock,
    );
  const times = (count: number, code: string, status: number) => {
    for (let index = 0; index < count; index++) moto.failNext(/ecs:ListClusters/, { code, status });
  };

  it("returns what AWS answers", async () => {
    assert.deepEqual((await asked()).clusterArns, []);
    assert.deepEqual(moto.requests, ["ecs:ListClusters"]);
  });

  it("is sent again when it was throttled, also if it is not idempotent, after pauses that vary and grow", async () => {
    pauses.length = 0;
    times(3, "ThrottlingException", 400);
    await asked({ isIdempotent: false });
    assert.equal(moto.requests.length, 4);
    assert.equal(pauses.length, 3);
    for (const [index, pause] of pauses.entries())
      assert.ok(pause >= 0 && pause <= 200 * 2 ** index);
  });

  it("gives up when it is throttled five times", async () => {
    times(5, "ThrottlingException", 400);
    await assert.rejects(asked(), {
      code: "ThrottlingException",
      message:
        "ecs:DescribeServices on redash-server: ThrottlingException: as the test wants it, 5 times; AWS asks for fewer requests; wait a minute and try again",
    });
  });

  it("is sent once if it is denied, and names the missing action", async () => {
    times(1, "AccessDeniedException", 400);
    await assert.rejects(asked(), {
      message:
        "ecs:DescribeServices on redash-server: AccessDeniedException: as the test wants it; the role may not do it: run pulumi up, which gives it ecs:DescribeServices, or ask who owns the key or the service control policy",
    });
    assert.equal(moto.requests.length, 1);
  });

  it("is sent again after a lost answer only if it is idempotent", async () => {
    moto.failNext(/./, "answer-lost");
    await asked();
    assert.equal(moto.requests.length, 2);
    moto.failNext(/./, "answer-lost");
    await assert.rejects(asked({ isIdempotent: false }), /nobody knows whether it was carried out/);
    assert.equal(moto.requests.length, 3);
  });

  it("waits for no answer longer than its limit", async () => {
    moto.failNext(/./, "silent");
    await assert.rejects(
      asked({ isIdempotent: false, deadlineMs: 100 }),
      /ecs:DescribeServices on redash-server: no answer within 100 ms; nobody knows/,
    );
  });

  it("ends at once when its step is told to end", async () => {
    moto.failNext(/./, "silent");
    const controller = new AbortController();
    const asking = asked({ signal: controller.signal });
    controller.abort(new Error("it was asked to stop"));
    await assert.rejects(asking, { message: "it was asked to stop" });
  });

  it("says what AWS refuses in its own words, and what to do", async () => {
    times(1, "ClusterNotFoundException", 400);
    await assert.rejects(asked({ next: "run pulumi up" }), {
      code: "ClusterNotFoundException",
      message:
        "ecs:DescribeServices on redash-server: ClusterNotFoundException: as the test wants it; run pulumi up",
    });
  });
});
