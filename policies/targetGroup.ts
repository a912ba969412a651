import type { Stack } from "./stack";
import type { View } from "./view";

export const LISTENER = "aws:lb/listener:Listener";
export const LISTENER_RULE = "aws:lb/listenerRule:ListenerRule";
export const TARGET_GROUP = "aws:lb/targetGroup:TargetGroup";

interface Weight {
  /** The listener or rule, which is found fault with. */
  readonly view: View;
  readonly arn: unknown;
  readonly weight: unknown;
}

/** The weights of every forward action; a plain forward is all the weight. */
export function weights(stack: Stack): { readonly view: View; readonly list: readonly Weight[] }[] {
  return stack.of(LISTENER, LISTENER_RULE).flatMap((view) => {
    const actions = view
      .each(view.type === LISTENER ? "defaultActions" : "actions")
      .filter((it) => it.get("type") === "forward");
    return actions.map((action) => {
      const groups = action.each("forward.targetGroups");
      const plain = action.get("targetGroupArn");
      return {
        view,
        list:
          groups.length > 0 || plain === undefined
            ? groups.map((group) => ({ view, arn: group.get("arn"), weight: group.get("weight") }))
            : [{ view, arn: plain, weight: 100 }],
      };
    });
  });
}

/** Target groups by what stands behind them: a service of ECS, or instances. */
export function sideOf(group: View): "ecs" | "source" {
  return group.get("targetType") === "instance" || group.get("targetType") === undefined
    ? "source"
    : "ecs";
}

/** The side of a target group of the stack by its ARN, which holds its name; undefined for a group of somebody else. */
export function sideOfArn(stack: Stack, arn: string): "ecs" | "source" | undefined {
  const group = stack
    .of(TARGET_GROUP)
    .find(
      (it) =>
        it.get("arn") === arn ||
        new RegExp(`:targetgroup/${it.name.replace(/[^\w-]/g, "")}(?:-[0-9a-f]{7})?/`).test(arn),
    );
  return group === undefined ? undefined : sideOf(group);
}
