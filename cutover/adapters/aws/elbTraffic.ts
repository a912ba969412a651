import {
  type Action,
  DescribeListenersCommand,
  DescribeRulesCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  ModifyListenerCommand,
  ModifyRuleCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Clock, until } from "../../engine/clock";
import type { SideName, Traffic } from "../../ports";
import { call } from "./call";
import type { AwsWorldDescription } from "./description";

/** Which listener, and which target group is which side. */
export interface ElbTrafficOptions {
  readonly traffic: AwsWorldDescription["traffic"];
  readonly source: Pick<AwsWorldDescription["source"], "targetGroupArn">;
  readonly target: Pick<AwsWorldDescription["target"], "targetGroupArn">;
}

/** Nobody can write while it is waited for: five tries must fit into the step's own limit of 20 s. */
const TRY_MS = 3000;
const READ_BACK_LIMIT_MS = 10_000;

/** A person must look before anything is changed: the program says what should be there. */
const COMPARE = "pulumi preview --refresh shows how it differs from the program";

/**
 * An application load balancer: the weights of both target groups in the listener's default action, or in a rule on a
 * listener that others share. It changes the weights and leaves everything else as it was read, so that the listener
 * is, field by field, as the program declares it in the next phase (components/targetGroups.ts).
 *
 * What a flip means for requests:
 * - It cuts none off. An application load balancer routes each request, not each connection, so what clients keep open
 *   stays open. Weights deregister no target: the deregistration delay does not begin, requests under way end where
 *   they are.
 * - The target gets everything at once. It has no slow start (AWS refuses it with `least_outstanding_requests`), so its
 *   servers must be warm: the step before the window asks `healthyTargets`, which counts at weight 0 too.
 * - AWS says nothing about when the last node of the load balancer knows. Until then some requests reach the side of
 *   before, which is read-only: they are served as in the window.
 * - Cookies do not hold users back: target group stickiness must be off, and a flip refuses if it is on.
 * - Nothing fails over by itself: if no target of the group with the weight is healthy, AWS asks all of that group.
 */
export function elbTraffic(
  elb: ElasticLoadBalancingV2Client,
  options: ElbTrafficOptions,
  clock: Clock,
): Traffic {
  const { listenerArn, listenerRuleArn } = options.traffic;
  const groups: Readonly<Record<SideName, string>> = {
    source: options.source.targetGroupArn,
    target: options.target.targetGroupArn,
  };
  const on = listenerRuleArn ?? listenerArn;
  const again = { on, isIdempotent: true, deadlineMs: TRY_MS, next: COMPARE } as const;

  const actions = async (signal: AbortSignal): Promise<Action[]> => {
    if (listenerRuleArn === undefined) {
      const { Listeners } = await call(
        { ...again, action: "elasticloadbalancing:DescribeListeners", signal },
        (abortSignal) =>
          elb.send(new DescribeListenersCommand({ ListenerArns: [listenerArn] }), { abortSignal }),
        clock,
      );
      return Listeners?.[0]?.DefaultActions ?? [];
    }
    const { Rules } = await call(
      { ...again, action: "elasticloadbalancing:DescribeRules", signal },
      (abortSignal) =>
        elb.send(new DescribeRulesCommand({ RuleArns: [listenerRuleArn] }), { abortSignal }),
      clock,
    );
    return Rules?.[0]?.Actions ?? [];
  };

  const write = async (wanted: Action[], signal: AbortSignal): Promise<void> => {
    if (listenerRuleArn === undefined)
      await call(
        { ...again, action: "elasticloadbalancing:ModifyListener", signal },
        (abortSignal) =>
          elb.send(
            new ModifyListenerCommand({ ListenerArn: listenerArn, DefaultActions: wanted }),
            { abortSignal },
          ),
        clock,
      );
    else
      await call(
        { ...again, action: "elasticloadbalancing:ModifyRule", signal },
        (abortSignal) =>
          elb.send(new ModifyRuleCommand({ RuleArn: listenerRuleArn, Actions: wanted }), {
            abortSignal,
          }),
        clock,
      );
  };

  return {
    goesTo: async (signal) => sideOf(await actions(signal), groups, on),

    flipTo: async (side, signal) => {
      const before = await actions(signal);
      sideOf(before, groups, on);
      // Also if it seems to be there already: what was read may be older than a flip whose answer was lost.
      await write(
        before.map((action) => rewritten(action, side, groups)),
        signal,
      );
      const end = clock.monotonicMs() + READ_BACK_LIMIT_MS;
      await until(
        async () => {
          const found = sideOf(await actions(signal), groups, on);
          if (found !== side && clock.monotonicMs() > end)
            throw new Error(
              `${on}: AWS has taken the weights, but ${READ_BACK_LIMIT_MS} ms later traffic still goes to the ${found}; npm run move -- status shows where it goes`,
            );
          return found === side;
        },
        { clock, signal },
        { first: 100, longest: 1000 },
      );
    },

    healthyTargets: async (side, signal) => {
      const { TargetHealthDescriptions } = await call(
        {
          ...again,
          action: "elasticloadbalancing:DescribeTargetHealth",
          on: groups[side],
          signal,
        },
        (abortSignal) =>
          elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: groups[side] }), {
            abortSignal,
          }),
        clock,
      );
      return (TargetHealthDescriptions ?? []).filter(
        ({ TargetHealth }) => TargetHealth?.State === "healthy",
      ).length;
    },
  };
}

/**
 * The side that has the weight.
 * @throws Error if the actions forward to anything but the two target groups, if both or none have weight, or if
 *   cookies hold users at one of them
 */
function sideOf(
  actions: readonly Action[],
  groups: Readonly<Record<SideName, string>>,
  on: string,
): SideName {
  const forward = actions.find(({ Type }) => Type === "forward");
  const { TargetGroups = [], TargetGroupStickinessConfig } = forward?.ForwardConfig ?? {};
  const found = TargetGroups.map(({ TargetGroupArn = "" }) => TargetGroupArn);
  const wanted = Object.values(groups);
  if (found.length !== wanted.length || wanted.some((arn) => !found.includes(arn)))
    throw new Error(
      `${on} does not forward to the two target groups of the move but to ${found.join(" and ") || "none"}; ${COMPARE}`,
    );
  if (TargetGroupStickinessConfig?.Enabled === true)
    throw new Error(
      `${on} keeps users at a target group by a cookie, which would hold them on the database that is left; ${COMPARE}`,
    );
  const weightOf = (side: SideName) =>
    TargetGroups.find(({ TargetGroupArn }) => TargetGroupArn === groups[side])?.Weight ?? 0;
  const [source, target] = [weightOf("source"), weightOf("target")];
  if (source > 0 === target > 0)
    throw new Error(
      `${on} gives the source weight ${source} and the target ${target}: exactly one may have weight, as they are two databases; ${COMPARE}`,
    );
  return source > 0 ? "source" : "target";
}

/** An action as it was read, with all weight on one side. */
function rewritten(
  action: Action,
  side: SideName,
  groups: Readonly<Record<SideName, string>>,
): Action {
  if (action.AuthenticateOidcConfig !== undefined)
    // AWS gives the client secret to nobody, and would ask for it again.
    return {
      ...action,
      AuthenticateOidcConfig: { ...action.AuthenticateOidcConfig, UseExistingClientSecret: true },
    };
  if (action.Type !== "forward") return action;
  return {
    ...action,
    ForwardConfig: {
      ...action.ForwardConfig,
      TargetGroups: (action.ForwardConfig?.TargetGroups ?? []).map((group) => ({
        ...group,
        Weight: group.TargetGroupArn === groups[side] ? 100 : 0,
      })),
    },
  };
}
