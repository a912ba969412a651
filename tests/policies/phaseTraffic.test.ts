import { describe } from "mocha";
import { describePolicy, type Given, UNKNOWN } from "./support/cases";
import { phaseCases } from "./support/phaseCases";

const ECS = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/redash-ecs-0a1b2c3/1";
const SOURCE = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/redash-source-0a1b2c3/2";
const group = (name: string, targetType: string): Given => ({
  type: "aws:lb/targetGroup:TargetGroup",
  name,
  props: { targetType },
});
const GROUPS = [group("redash-ecs", "ip"), group("redash-source", "instance")];
const forward = (targetGroups: unknown, more: Record<string, unknown> = {}) => ({
  type: "forward",
  forward: { targetGroups, ...more },
});
const listener = (...defaultActions: unknown[]): Given => ({
  type: "aws:lb/listener:Listener",
  name: "https",
  props: { defaultActions },
});
const rule = (...actions: unknown[]): Given => ({
  type: "aws:lb/listenerRule:ListenerRule",
  name: "rule",
  props: { actions },
});
const to = (ecs: unknown, source: unknown) =>
  forward([
    { arn: ECS, weight: ecs },
    { arn: SOURCE, weight: source },
  ]);
const weight = (found: string) => [`forward is weights ${found}`];

describe("policies of traffic in the phases", () => {
  describePolicy(
    "phase-one-target-has-weight",
    phaseCases({
      "accepts all for ECS": { given: listener(to(100, 0)) },
      "accepts all for the source": { given: listener(to(0, 100)) },
      "accepts one group alone": { given: listener(forward([{ arn: ECS, weight: 1 }])) },
      "accepts a plain forward": { given: listener({ type: "forward", targetGroupArn: ECS }) },
      "accepts a redirect": { given: listener({ type: "redirect" }) },
      "refuses a canary": { given: listener(to(90, 10)), finds: weight("90 and 10") },
      "refuses a canary in a rule": { given: rule(to(999, 1)), finds: weight("999 and 1") },
      "refuses a canary of aws.alb, which makes the same by another type": {
        given: { ...listener(to(90, 10)), type: "aws:alb/listener:Listener" },
        finds: weight("90 and 10"),
      },
      "refuses a canary in a rule of aws.alb": {
        given: { ...rule(to(90, 10)), type: "aws:alb/listenerRule:ListenerRule" },
        finds: weight("90 and 10"),
      },
      "refuses no weight at all": { given: listener(to(0, 0)), finds: weight("0 and 0") },
      "refuses a weight that is not known": {
        given: listener(to(UNKNOWN, 0)),
        finds: weight("? and 0"),
      },
      "refuses a weight that is left out": {
        given: listener(to(100, undefined)),
        finds: weight("100 and undefined"),
      },
      "refuses a forward to nobody": { given: listener(forward([])), finds: weight("of no group") },
      "refuses stickiness, by which old cookies keep people": {
        given: listener(forward([{ arn: ECS, weight: 100 }], { stickiness: { enabled: true } })),
        finds: ["defaultActions.0.forward.stickiness.enabled is true"],
      },
      "refuses actions that are not known": {
        given: { type: "aws:lb/listener:Listener", props: { defaultActions: UNKNOWN } },
        finds: ["defaultActions is not known before the update"],
      },
    }),
  );

  const other = ["forward is weight on the other side"];
  describePolicy(
    "phase-traffic-goes-to-the-right-side",
    phaseCases({
      "accepts the source while replicating": {
        given: [...GROUPS, listener(to(0, 100))],
        phase: "replicating",
      },
      "accepts ECS after the switch": {
        given: [...GROUPS, listener(to(100, 0))],
        phase: "switched",
      },
      "accepts ECS in the end": {
        given: [GROUPS[0]!, listener(forward([{ arn: ECS, weight: 100 }]))],
        phase: "complete",
      },
      "accepts ECS in a new home": {
        given: [GROUPS[0]!, rule({ type: "forward", targetGroupArn: ECS })],
        phase: "greenfield",
      },
      "refuses ECS while replicating": {
        given: [...GROUPS, listener(to(100, 0))],
        phase: "replicating",
        finds: other,
      },
      "refuses the source after the switch": {
        given: [...GROUPS, listener(to(0, 100))],
        phase: "switched",
        finds: other,
      },
      "refuses the source in the end": {
        given: [...GROUPS, listener(to(0, 100))],
        phase: "complete",
        finds: other,
      },
      "refuses the source after the switch, whatever made listener and groups": {
        given: [...GROUPS, listener(to(0, 100))].map((it) => ({
          ...it,
          type: it.type.replace("aws:lb/", "aws:alb/"),
        })),
        phase: "switched",
        finds: other,
      },
      "refuses a group of somebody else": {
        given: [
          ...GROUPS,
          listener(
            forward([
              { arn: "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/theirs/1", weight: 100 },
            ]),
          ),
        ],
        phase: "switched",
        finds: other,
      },
      "waits for an ARN that is not known": {
        given: [...GROUPS, listener(forward([{ arn: UNKNOWN, weight: 100 }]))],
        phase: "switched",
        finds: ["undecided:  is an object"],
      },
      "does not judge a stack without phases": { given: [...GROUPS, listener(to(0, 100))] },
    }),
  );
});
