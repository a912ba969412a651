import {
  type Action,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsWorldDescription } from "../../description";
import { found, type Read } from "./read";

/** What the listener, or its rule, does with a request for Redash. */
export interface ForwardFacts {
  /** Kinds of its actions, such as `forward`. */
  readonly kinds: readonly string[];
  /** ARN of a target group → its weight. */
  readonly weights: Readonly<Record<string, number>>;
  readonly isSticky: boolean;
}

export interface TargetGroupFacts {
  readonly healthy: readonly string[];
  /** Such as `10.0.1.7 is unhealthy (Target.Timeout)`. */
  readonly unhealthy: readonly string[];
  readonly deregistrationDelaySeconds: number;
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html */
export async function forwardFacts(
  read: Read,
  client: ElasticLoadBalancingV2Client,
  { listenerArn, listenerRuleArn }: AwsWorldDescription["traffic"],
): Promise<ForwardFacts> {
  const actions =
    listenerRuleArn === undefined
      ? found(
          (
            await read("elasticloadbalancing:DescribeListeners", listenerArn, (abortSignal) =>
              client.send(new DescribeListenersCommand({ ListenerArns: [listenerArn] }), {
                abortSignal,
              }),
            )
          ).Listeners?.[0],
          `listener ${listenerArn}`,
        ).DefaultActions
      : found(
          (
            await read("elasticloadbalancing:DescribeRules", listenerRuleArn, (abortSignal) =>
              client.send(new DescribeRulesCommand({ RuleArns: [listenerRuleArn] }), {
                abortSignal,
              }),
            )
          ).Rules?.[0],
          `listener rule ${listenerRuleArn}`,
        ).Actions;
  return forwardOf(actions ?? []);
}

/**
 * Name of the load balancer itself, as DNS knows it.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancer.html
 */
export async function balancerName(
  read: Read,
  client: ElasticLoadBalancingV2Client,
  listenerArn: string,
): Promise<string> {
  const { Listeners } = await read(
    "elasticloadbalancing:DescribeListeners",
    listenerArn,
    (abortSignal) =>
      client.send(new DescribeListenersCommand({ ListenerArns: [listenerArn] }), { abortSignal }),
  );
  const arn = found(Listeners?.[0]?.LoadBalancerArn, `listener ${listenerArn}`);
  const { LoadBalancers } = await read(
    "elasticloadbalancing:DescribeLoadBalancers",
    arn,
    (abortSignal) =>
      client.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }), { abortSignal }),
  );
  return found(LoadBalancers?.[0]?.DNSName, `load balancer ${arn}`);
}

function forwardOf(actions: readonly Action[]): ForwardFacts {
  const forward = actions.find(({ Type }) => Type === "forward");
  const { TargetGroups, TargetGroupStickinessConfig } = forward?.ForwardConfig ?? {};
  const groups = TargetGroups ?? [{ TargetGroupArn: forward?.TargetGroupArn, Weight: 1 }];
  return {
    kinds: actions.map(({ Type = "" }) => Type),
    weights: Object.fromEntries(
      groups.flatMap(({ TargetGroupArn, Weight = 0 }) =>
        TargetGroupArn === undefined ? [] : [[TargetGroupArn, Weight]],
      ),
    ),
    isSticky: TargetGroupStickinessConfig?.Enabled ?? false,
  };
}

export async function targetGroupFacts(
  read: Read,
  client: ElasticLoadBalancingV2Client,
  arn: string,
): Promise<TargetGroupFacts> {
  const { TargetHealthDescriptions: targets = [] } = await read(
    "elasticloadbalancing:DescribeTargetHealth",
    arn,
    (abortSignal) =>
      client.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn }), { abortSignal }),
  );
  const { Attributes = [] } = await read(
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    arn,
    (abortSignal) =>
      client.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: arn }), {
        abortSignal,
      }),
  );
  const isHealthy = (it: (typeof targets)[number]) => it.TargetHealth?.State === "healthy";
  const idOf = (it: (typeof targets)[number]) => it.Target?.Id ?? "";
  return {
    healthy: targets.filter(isHealthy).map(idOf),
    unhealthy: targets
      // One that is being taken out is no fault.
      .filter((it) => !isHealthy(it) && it.TargetHealth?.State !== "draining")
      .map((it) => {
        const { State = "unknown", Reason } = it.TargetHealth ?? {};
        return `${idOf(it)} is ${State}${Reason === undefined ? "" : ` (${Reason})`}`;
      }),
    deregistrationDelaySeconds: Number(
      Attributes.find(({ Key }) => Key === "deregistration_delay.timeout_seconds")?.Value ?? 300,
    ),
  };
}
