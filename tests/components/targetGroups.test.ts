import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { RedashIngressArgs } from "../../components/RedashIngress";
import type { Recording } from "../../preview/recorder";
import {
  EXISTING_LISTENER,
  forward,
  INGRESS_ARGS,
  LISTENER,
  recordIngress,
  SOURCE,
} from "../support/ingress";
import { inventory, only } from "../support/recordings";

/** The forward actions of all listeners and rules. */
function forwards(recording: Recording): unknown[] {
  return recording.resources.flatMap(({ inputs }) =>
    [inputs["defaultActions"], inputs["actions"]]
      .flatMap((actions) => (actions ?? []) as { type: string }[])
      .filter(({ type }) => type === "forward"),
  );
}

const HEALTH_CHECK = {
  enabled: true,
  path: "/ping",
  protocol: "HTTP",
  port: "traffic-port",
  matcher: "200",
  interval: 15,
  timeout: 5,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
};

describe("the target groups", () => {
  it("check /ping and let requests end", async () => {
    const recording = await recordIngress({ ...INGRESS_ARGS, source: SOURCE });
    const common = {
      vpcId: "vpc-1",
      protocol: "HTTP",
      loadBalancingAlgorithmType: "least_outstanding_requests",
      deregistrationDelay: 60,
      healthCheck: HEALTH_CHECK,
    };
    assert.deepEqual(only(recording, "TargetGroup", "redash-ecs").inputs, {
      ...common,
      targetType: "ip",
      port: 5000,
    });
    assert.deepEqual(only(recording, "TargetGroup", "redash-source").inputs, {
      ...common,
      targetType: "instance",
      port: 80,
    });
    assert.deepEqual(only(recording, "TargetGroupAttachment", "redash-source").inputs, {
      targetGroupArn: recording.outputs.sourceTargetGroupArn,
      targetId: "i-0source",
      port: 80,
    });
  });

  it("are one without a source", async () => {
    const recording = await recordIngress(INGRESS_ARGS);
    assert.equal(recording.outputs.sourceTargetGroupArn, undefined);
    assert.ok(!inventory(recording).some((line) => line.includes("source")));
  });
});

describe("traffic", () => {
  const phases: [
    phase: string,
    args: Partial<RedashIngressArgs>,
    weights: [ecs: number, source?: number],
  ][] = [
    ["greenfield", { trafficTo: "ecs" }, [100]],
    ["replicating", { trafficTo: "source", source: SOURCE }, [0, 100]],
    ["switched", { trafficTo: "ecs", source: SOURCE }, [100, 0]],
    ["complete", { trafficTo: "ecs" }, [100]],
  ];
  for (const [phase, args, [ecs, source]] of phases) {
    for (const [where, place] of [
      ["on a listener of our own", {}],
      ["on an existing listener", EXISTING_LISTENER],
    ] as const) {
      it(`in phase ${phase} ${where} goes to one target group, without cookies`, async () => {
        const recording = await recordIngress({ ...INGRESS_ARGS, ...place, ...args });
        const { ecsTargetGroupArn, sourceTargetGroupArn } = recording.outputs;
        const expected =
          source === undefined
            ? forward([ecsTargetGroupArn, ecs])
            : forward([ecsTargetGroupArn, ecs], [sourceTargetGroupArn, source]);
        assert.deepEqual(forwards(recording), [expected]);
      });
    }
  }

  it("is all that the switch changes", async () => {
    const resources = async (trafficTo: "ecs" | "source") =>
      (await recordIngress({ ...INGRESS_ARGS, source: SOURCE, trafficTo })).resources.map(
        ({ urn, inputs }) => ({ urn, inputs }),
      );
    const sort = (list: { urn: string }[]) => list.sort((a, b) => a.urn.localeCompare(b.urn));
    const [before, after] = [sort(await resources("source")), sort(await resources("ecs"))];
    const changed = before.filter((one, index) => !isDeepStrictEqual(one, after[index]));
    assert.equal(before.length, after.length);
    assert.deepEqual(
      changed.map(({ urn }) => urn.split("::").at(-1)),
      ["redash-https"],
    );
  });

  it("has exactly one target group with weight, whatever the arguments", async () => {
    const args = fc
      .record(
        {
          scheme: fc.constantFrom("internal" as const, "internet-facing" as const),
          hostedZoneId: fc.constant("Z0ZONE"),
          httpRedirect: fc.boolean(),
          protect: fc.boolean(),
          existingListener: fc.record({
            arn: fc.constant(LISTENER),
            rulePriority: fc.integer({ min: 1, max: 50000 }),
          }),
          source: fc.record({
            instanceId: fc.constant("i-0source"),
            port: fc.integer({ min: 1, max: 65535 }),
          }),
          trafficTo: fc.constantFrom("ecs" as const, "source" as const),
          serverPort: fc.integer({ min: 1, max: 65535 }),
        },
        { requiredKeys: [] },
      )
      .filter(({ trafficTo, source }) => trafficTo !== "source" || source !== undefined);
    await fc.assert(
      fc.asyncProperty(args, async (changes) => {
        const recording = await recordIngress({ ...INGRESS_ARGS, ...changes });
        const actions = forwards(recording) as ReturnType<typeof forward>[];
        assert.equal(actions.length, 1);
        const weights = actions[0]!.forward.targetGroups.filter(({ weight }) => weight > 0);
        const { ecsTargetGroupArn, sourceTargetGroupArn } = recording.outputs;
        const arn = changes.trafficTo === "source" ? sourceTargetGroupArn : ecsTargetGroupArn;
        assert.deepEqual(weights, [{ arn, weight: 100 }]);
      }),
      { numRuns: 25 },
    );
  });
});
