import assert from "node:assert/strict";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import {
  type Action,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { clientConfig } from "../../../cutover/adapters/aws/clients";
import { ecsWorkload } from "../../../cutover/adapters/aws/ecsWorkload";
import { elbTraffic } from "../../../cutover/adapters/aws/elbTraffic";
import type { RecordedResource, Recording } from "../../../preview/recorder";
import { Fargate } from "../../support/aws/fargate";
import {
  actionsOf,
  type LoadBalancer,
  makeListener,
  makeLoadBalancer,
  makeRule,
} from "../../support/aws/loadBalancer";
import { Moto } from "../../support/aws/moto";
import { quickClock } from "../../support/aws/quickClock";
import { soundConfig } from "../../support/configs";
import { ofType, runProgram } from "../../support/program";

/** What the program declares in a phase, before and after the switch. */
type Pair = Readonly<Record<"replicating" | "switched", Recording>>;
const EXISTING_LISTENER = {
  "redash:existingListenerArn":
    "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2",
  "redash:existingListenerRulePriority": "100",
  "redash:existingLoadBalancerSecurityGroupId": "sg-0a1b2c3d4e5f60719",
};

const recorded = async (changes: Readonly<Record<string, string>>): Promise<Pair> => ({
  replicating: await runProgram(soundConfig("production", "replicating", changes)),
  switched: await runProgram(soundConfig("production", "switched", changes)),
});

/** The forward action of the program's inputs. */
interface Declared {
  readonly type: string;
  readonly forward: {
    readonly targetGroups: readonly { readonly arn: string; readonly weight: number }[];
    readonly stickiness: { readonly enabled: boolean; readonly duration: number };
  };
}

/** What the provider sends for it (terraform-provider-aws, internal/service/elbv2/listener.go, expandListenerAction). */
const sent = ({ type, forward }: Declared, index: number): Action => ({
  Type: type as "forward",
  Order: index + 1,
  ForwardConfig: {
    TargetGroups: forward.targetGroups.map(({ arn, weight }) => ({
      TargetGroupArn: arn,
      Weight: weight,
    })),
    TargetGroupStickinessConfig: {
      Enabled: forward.stickiness.enabled,
      DurationSeconds: forward.stickiness.duration,
    },
  },
});

/** Everything of a resource but one input. */
const but = ({ inputs, urn, ignoreChanges, ...rest }: RecordedResource, input: string) => ({
  urn,
  ignoreChanges,
  type: rest.type,
  inputs: { ...inputs, [input]: "written by the move" },
});

describe("what the move writes to AWS, and what the program declares in the next phase", function () {
  this.timeout(120_000);
  let moto: Moto;
  let fargate: Fargate;
  let own: Pair;
  let existing: Pair;
  before(async () => {
    own = await recorded({});
    existing = await recorded(EXISTING_LISTENER);
    moto = await Moto.start();
    fargate = await Fargate.start(moto);
  });
  after(async () => {
    await fargate.stop();
    await moto.stop();
  });
  beforeEach(() => moto.reset());
  const signal = () => AbortSignal.timeout(60_000);

  describe("the load balancer's actions", () => {
    /** The actions that the program declares, with moto's target groups. */
    const declared = (recording: Recording, input: string, balancer: LoadBalancer) => {
      const resources = [...ofType(recording, "Listener"), ...ofType(recording, "ListenerRule")];
      const [resource] = resources.filter(({ name }) => name !== "redash-http");
      const { ecsTargetGroupArn, sourceTargetGroupArn } = recording.outputs;
      const text = JSON.stringify(resource!.inputs[input])
        .replaceAll(String(ecsTargetGroupArn), balancer.groups.target)
        .replaceAll(String(sourceTargetGroupArn), balancer.groups.source);
      return (JSON.parse(text) as Declared[]).map(sent);
    };

    for (const [words, recordings, input] of [
      ["of a listener of our own", () => own, "defaultActions"],
      ["of a rule on an existing listener", () => existing, "actions"],
    ] as const) {
      it(`${words} are the same, field by field, after a flip and after a flip back`, async () => {
        const pair = recordings();
        const elb = new ElasticLoadBalancingV2Client(clientConfig(moto.options));
        const balancer = await makeLoadBalancer(moto, elb);
        const before = declared(pair.replicating, input, balancer);
        const after = declared(pair.switched, input, balancer);
        assert.notDeepEqual(before, after);
        const listenerArn = await makeListener(elb, balancer, before);
        const traffic =
          input === "actions"
            ? { listenerArn, listenerRuleArn: await makeRule(elb, listenerArn, before) }
            : { listenerArn };
        const { flipTo, goesTo } = elbTraffic(
          elb,
          {
            traffic,
            source: { targetGroupArn: balancer.groups.source },
            target: { targetGroupArn: balancer.groups.target },
          },
          quickClock(),
        );
        assert.equal(await goesTo(signal()), "source");
        await flipTo("target", signal());
        assert.deepEqual(await actionsOf(elb, traffic), after);
        await flipTo("source", signal());
        assert.deepEqual(await actionsOf(elb, traffic), before);
        elb.destroy();
      });

      it(`${words} are all that the switch changes in it, and the program ignores none of it`, () => {
        const pair = recordings();
        const type = input === "actions" ? "ListenerRule" : "Listener";
        const of = (recording: Recording) =>
          ofType(recording, type)
            .filter(({ name }) => name !== "redash-http")
            .map((resource) => but(resource, input));
        assert.deepEqual(of(pair.replicating), of(pair.switched));
        assert.deepEqual(of(pair.switched)[0]!.ignoreChanges, []);
      });
    }
  });

  describe("the desired counts of ECS services", () => {
    const named = (recording: Recording, resource: RecordedResource): string => {
      const { serverServiceName, schedulerServiceName, workerServiceNames } = recording.outputs;
      const workers = Object.values(workerServiceNames as Record<string, string>);
      const names = [String(serverServiceName), String(schedulerServiceName), ...workers];
      const found = names.filter((name) => name.startsWith(`${resource.name}-`));
      assert.equal(found.length, 1, resource.name);
      return found[0]!;
    };
    const counts = (recording: Recording): Record<string, number> =>
      Object.fromEntries(
        ofType(recording, "Service").map((service) => [
          named(recording, service),
          Number(service.inputs["desiredCount"]),
        ]),
      );

    it("are the same for every service after the acts that start and stop them", async () => {
      const pair = own;
      const [before, after] = [counts(pair.replicating), counts(pair.switched)];
      assert.notDeepEqual(before, after);
      const { clusterName, serverServiceName, schedulerServiceName, workerServiceNames } =
        pair.replicating.outputs;
      const cluster = String(clusterName);
      const ecs = new ECSClient(clientConfig(fargate.options));
      await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
      await ecs.send(
        new RegisterTaskDefinitionCommand({
          family: "redash",
          containerDefinitions: [{ name: "server", image: "redash/redash:25.8.0", memory: 1024 }],
        }),
      );
      for (const [serviceName, desiredCount] of Object.entries(before))
        await ecs.send(
          new CreateServiceCommand({
            cluster,
            serviceName,
            desiredCount,
            taskDefinition: "redash",
          }),
        );
      const workload = ecsWorkload(
        ecs,
        {
          cluster,
          services: {
            servers: [String(serverServiceName)],
            scheduler: [String(schedulerServiceName)],
            workers: Object.values(workerServiceNames as Record<string, string>),
          },
          wantedTasks: after,
        },
        quickClock(),
      );
      const written = async () => {
        const { services = [] } = await ecs.send(
          new DescribeServicesCommand({ cluster, services: Object.keys(before) }),
        );
        return Object.fromEntries(
          services.map(({ serviceName = "", desiredCount }) => [serviceName, desiredCount]),
        );
      };
      assert.deepEqual(await written(), before);
      await workload.start("workers", signal());
      await workload.start("scheduler", signal());
      assert.deepEqual(await written(), after);
      await workload.stop("scheduler", signal());
      await workload.stop("workers", signal());
      await workload.start("workers", signal());
      assert.deepEqual(await written(), before);
      ecs.destroy();
    });

    it("are all that the switch changes in services, and the program ignores none of them", () => {
      const pair = own;
      const of = (recording: Recording) =>
        ofType(recording, "Service").map((service) => but(service, "desiredCount"));
      assert.deepEqual(of(pair.replicating), of(pair.switched));
      for (const { ignoreChanges } of of(pair.switched)) assert.deepEqual(ignoreChanges, []);
    });

    it("are changed by nobody else: there is no scalable target while the move lasts", () => {
      for (const { resources } of Object.values(own))
        assert.deepEqual(
          resources.filter(({ type }) => /appautoscaling/i.test(type)).map(({ urn }) => urn),
          [],
        );
    });
  });
});
