import assert from "node:assert/strict";
import {
  type Action,
  DeregisterTargetsCommand,
  ElasticLoadBalancingV2Client,
  ModifyListenerCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { elbTraffic } from "../../../cutover/adapters/aws/elbTraffic";
import type { Clock } from "../../../cutover/engine/clock";
import {
  actionsOf,
  type LoadBalancer,
  makeListener,
  makeLoadBalancer,
  makeRule,
} from "../../support/aws/loadBalancer";
import { Moto } from "../../support/aws/moto";
import { quickClock } from "../../support/aws/quickClock";

const NOT_FOUND: Action = {
  Type: "fixed-response",
  FixedResponseConfig: { StatusCode: "404", ContentType: "text/plain", MessageBody: "nobody" },
};
const COMPARE = "pulumi preview --refresh shows how it differs from the program";

describe("traffic of an application load balancer", function () {
  this.timeout(120_000);
  let moto: Moto;
  let elb: ElasticLoadBalancingV2Client;
  let balancer: LoadBalancer;
  let clock: Clock;
  before(async () => {
    moto = await Moto.start();
    elb = new ElasticLoadBalancingV2Client(clientConfig(moto.options));
  });
  after(async () => {
    elb.destroy();
    await moto.stop();
  });
  beforeEach(async () => {
    await moto.reset();
    clock = quickClock();
    balancer = await makeLoadBalancer(moto, elb);
  });

  /** As the provider of the program writes it. */
  const forward = (source: number, target: number, more: Partial<Action> = {}): Action => ({
    Type: "forward",
    Order: 1,
    ForwardConfig: {
      TargetGroups: [
        { TargetGroupArn: balancer.groups.target, Weight: target },
        { TargetGroupArn: balancer.groups.source, Weight: source },
      ],
      TargetGroupStickinessConfig: { Enabled: false, DurationSeconds: 3600 },
    },
    ...more,
  });
  const signal = () => AbortSignal.timeout(60_000);
  const over = (traffic: { listenerArn: string; listenerRuleArn?: string }) => {
    const made = elbTraffic(
      elb,
      {
        traffic,
        source: { targetGroupArn: balancer.groups.source },
        target: { targetGroupArn: balancer.groups.target },
      },
      clock,
    );
    return {
      arn: traffic.listenerRuleArn ?? traffic.listenerArn,
      actions: () => actionsOf(elb, traffic),
      goesTo: () => made.goesTo(signal()),
      flipTo: (side: "source" | "target", its = signal()) => made.flipTo(side, its),
      healthyTargets: (side: "source" | "target") => made.healthyTargets(side, signal()),
    };
  };
  const listener = async (actions: Action[] = [forward(100, 0)]) =>
    over({ listenerArn: await makeListener(elb, balancer, actions) });
  const rule = async (actions: Action[] = [forward(100, 0)]) => {
    const listenerArn = await makeListener(elb, balancer, [NOT_FOUND]);
    return over({ listenerArn, listenerRuleArn: await makeRule(elb, listenerArn, actions) });
  };
  const since = async (work: () => Promise<unknown>) => {
    moto.requests.length = 0;
    await work();
    return [...moto.requests];
  };

  for (const [words, made, action, read] of [
    ["a listener's default action", listener, "ModifyListener", "DescribeListeners"],
    ["a rule of a listener", rule, "ModifyRule", "DescribeRules"],
  ] as const) {
    describe(`in ${words}`, () => {
      it("goes where the weight is", async () => {
        assert.equal(await (await made()).goesTo(), "source");
        await moto.reset();
        balancer = await makeLoadBalancer(moto, elb);
        assert.equal(await (await made([forward(0, 100)])).goesTo(), "target");
      });

      it("is flipped and flipped back by its weights alone, and reads back what it wrote", async () => {
        const traffic = await made();
        const requests = await since(() => traffic.flipTo("target"));
        assert.deepEqual(requests, [
          `elasticloadbalancing:${read}`,
          `elasticloadbalancing:${action}`,
          `elasticloadbalancing:${read}`,
        ]);
        assert.deepEqual(await traffic.actions(), [forward(0, 100)]);
        await traffic.flipTo("source");
        assert.deepEqual(await traffic.actions(), [forward(100, 0)]);
      });

      it("is written again although it seems to be there already", async () => {
        const traffic = await made();
        const requests = await since(() => traffic.flipTo("source"));
        assert.ok(requests.includes(`elasticloadbalancing:${action}`));
      });

      it("is flipped once more when the answer to the flip was lost", async () => {
        const traffic = await made();
        moto.failNext(new RegExp(action), "answer-lost");
        const requests = await since(() => traffic.flipTo("target"));
        assert.deepEqual(
          requests.filter((request) => request.endsWith(action)),
          [`elasticloadbalancing:${action}`, `elasticloadbalancing:${action}`],
        );
        assert.deepEqual(await traffic.actions(), [forward(0, 100)]);
      });

      it("is flipped once more when AWS asked for fewer requests", async () => {
        const traffic = await made();
        for (let index = 0; index < 2; index++)
          moto.failNext(new RegExp(action), { code: "Throttling", status: 400 });
        await traffic.flipTo("target");
        assert.deepEqual(await traffic.actions(), [forward(0, 100)]);
      });

      it("says which action is missing if it is denied, and stays where it was", async () => {
        const traffic = await made();
        moto.failNext(new RegExp(action), { code: "AccessDenied", status: 403 });
        await assert.rejects(traffic.flipTo("target"), {
          message: `elasticloadbalancing:${action} on ${traffic.arn}: AccessDenied: as the test wants it; the role may not do it: run pulumi up, which gives it elasticloadbalancing:${action}, or ask who owns the key or the service control policy; ${COMPARE}`,
        });
        assert.deepEqual(await traffic.actions(), [forward(100, 0)]);
      });

      it("waits three seconds for an answer that does not come, and asks again", async () => {
        const traffic = await made();
        moto.failNext(new RegExp(action), "silent");
        const start = performance.now();
        await traffic.flipTo("target");
        const tookMs = performance.now() - start;
        assert.ok(tookMs >= 2990 && tookMs < 6000, `${tookMs} ms`);
        assert.deepEqual(await traffic.actions(), [forward(0, 100)]);
      });

      it("ends at once when its step is told to end", async () => {
        const traffic = await made();
        moto.failNext(new RegExp(action), "silent");
        const controller = new AbortController();
        setTimeout(() => {
          controller.abort(new Error("it took longer than 20000 ms"));
        }, 300);
        await assert.rejects(traffic.flipTo("target", controller.signal), {
          message: "it took longer than 20000 ms",
        });
      });

      it("keeps what else is done with a request, the secret of a sign-in too", async () => {
        const signIn: Action = {
          Type: "authenticate-oidc",
          Order: 1,
          AuthenticateOidcConfig: {
            Issuer: "https://id.example.com",
            AuthorizationEndpoint: "https://id.example.com/authorize",
            TokenEndpoint: "https://id.example.com/token",
            UserInfoEndpoint: "https://id.example.com/user",
            ClientId: "redash",
          },
        };
        const traffic = await made([
          // Without its secret: AWS does not give it out, as moto would.
          signIn,
          forward(100, 0, { Order: 2 }),
        ]);
        await traffic.flipTo("target");
        assert.deepEqual(await traffic.actions(), [
          {
            ...signIn,
            AuthenticateOidcConfig: {
              ...signIn.AuthenticateOidcConfig,
              UseExistingClientSecret: true,
            },
          },
          forward(0, 100, { Order: 2 }),
        ]);
      });

      for (const [refused, actions, problem] of [
        [
          "both sides having weight",
          () => [forward(90, 10)],
          "gives the source weight 90 and the target 10: exactly one may have weight, as they are two databases",
        ],
        [
          "no side having weight",
          () => [forward(0, 0)],
          "gives the source weight 0 and the target 0: exactly one may have weight, as they are two databases",
        ],
        [
          "a cookie that holds users at one side",
          () => [
            forward(100, 0, {
              ForwardConfig: {
                ...forward(100, 0).ForwardConfig,
                TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 },
              },
            }),
          ],
          "keeps users at a target group by a cookie, which would hold them on the database that is left",
        ],
        [
          "an action that forwards nowhere",
          () => [NOT_FOUND],
          "does not forward to the two target groups of the move but to none",
        ],
      ] as const) {
        it(`refuses ${refused}, and changes nothing`, async () => {
          const traffic = await made(actions());
          const before = await traffic.actions();
          const message = `${traffic.arn} ${problem}; ${COMPARE}`;
          await assert.rejects(traffic.goesTo(), { message });
          await assert.rejects(traffic.flipTo("target"), { message });
          assert.deepEqual(await traffic.actions(), before);
          assert.ok(!moto.requests.includes(`elasticloadbalancing:${action}`));
        });
      }

      it("refuses a single target group, although it is one of the two", async () => {
        const traffic = await made([
          {
            Type: "forward",
            ForwardConfig: {
              TargetGroups: [{ TargetGroupArn: balancer.groups.source, Weight: 100 }],
            },
          },
        ]);
        await assert.rejects(traffic.goesTo(), {
          message: `${traffic.arn} does not forward to the two target groups of the move but to ${balancer.groups.source}; ${COMPARE}`,
        });
      });
    });
  }

  it("leaves the other rules and the default action of a shared listener alone", async () => {
    const listenerArn = await makeListener(elb, balancer, [NOT_FOUND]);
    const listenerRuleArn = await makeRule(elb, listenerArn, [forward(100, 0)]);
    await over({ listenerArn, listenerRuleArn }).flipTo("target");
    assert.deepEqual(await actionsOf(elb, { listenerArn }), [NOT_FOUND]);
  });

  it("fails if the weights are taken but are not there ten seconds later", async () => {
    const traffic = await listener();
    // Somebody else turns it back each time: as an update that runs at the same moment would.
    const write = elb.send.bind(elb);
    const back = [forward(100, 0)];
    elb.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName === "ModifyListenerCommand" && !isBack(args.input))
          await write(
            new ModifyListenerCommand({ ListenerArn: traffic.arn, DefaultActions: back }),
          );
        return answer;
      },
      { step: "initialize", name: "turnedBack" },
    );
    const isBack = (input: object) =>
      JSON.stringify((input as { DefaultActions: Action[] }).DefaultActions) ===
      JSON.stringify(back);
    const start = clock.monotonicMs();
    try {
      await assert.rejects(traffic.flipTo("target"), {
        message: `${traffic.arn}: AWS has taken the weights, but 10000 ms later traffic still goes to the source; npm run move -- status shows where it goes`,
      });
      const tookMs = clock.monotonicMs() - start;
      assert.ok(tookMs >= 10_000 && tookMs < 15_000, `${tookMs} ms`);
    } finally {
      elb.middlewareStack.remove("turnedBack");
    }
  });

  it("says that the listener is gone", async () => {
    const traffic = over({
      listenerArn: balancer.arn.replace(":loadbalancer/", ":listener/").concat("/0123456789abcdef"),
    });
    await assert.rejects(traffic.goesTo(), {
      code: "ListenerNotFoundException",
      message: `elasticloadbalancing:DescribeListeners on ${traffic.arn}: ListenerNotFoundException: The specified listener does not exist.; ${COMPARE}`,
    });
  });

  it("counts the targets of a side that are healthy", async () => {
    const traffic = await listener();
    assert.equal(await traffic.healthyTargets("source"), 1);
    assert.equal(await traffic.healthyTargets("target"), 1);
    await elb.send(
      new DeregisterTargetsCommand({
        TargetGroupArn: balancer.groups.target,
        Targets: [{ Id: "10.0.0.20" }],
      }),
    );
    assert.equal(await traffic.healthyTargets("source"), 1);
    assert.equal(await traffic.healthyTargets("target"), 0);
  });

  it("asks for the health of targets again when AWS asked for fewer requests", async () => {
    const traffic = await listener();
    moto.failNext(/DescribeTargetHealth/, { code: "Throttling", status: 400 });
    assert.equal(await traffic.healthyTargets("target"), 1);
  });
});
