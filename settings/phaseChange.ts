import { getListener } from "@pulumi/aws/lb/getListener";
import { getListenerRule } from "@pulumi/aws/lb/getListenerRule";
import * as pulumi from "@pulumi/pulumi";
import { PHASES, phaseChangeProblem, type Phase } from "../redash/phase";

/**
 * Refuses a phase that does not follow from the last deployed one, at preview as well as at update, before any
 * resource is registered. The stack's own outputs tell that phase: empty for a new stack, and after a failed
 * update still the old one. An update that failed after the load balancer was switched, or a cutover that is not
 * recorded yet, leaves "replicating" behind although users write to RDS: so the load balancer is asked, too.
 * @throws pulumi.RunError with what is allowed and how to set the phase back
 */
export async function refuseIllegalPhaseChange(settings: {
  readonly phase: Phase;
  readonly rollback: boolean;
}): Promise<void> {
  const self = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const reference = new pulumi.StackReference(self);
  const output = async (name: string): Promise<unknown> =>
    (await reference.getOutputDetails(name)).value;
  const deployed = await output("phase");
  const recorded = PHASES.find((phase) => phase === deployed);
  const isSwitchedBack =
    recorded === "replicating" && settings.phase === "replicating" && (await goesToEcs(output));
  const previous = isSwitchedBack ? "switched" : recorded;
  const problem = phaseChangeProblem(previous, settings.phase, settings.rollback);
  if (problem !== undefined) {
    throw new pulumi.RunError(`redash:phase = ${settings.phase} is refused: ${problem}`);
  }
}

/** Whether the load balancer of the last update sends traffic to ECS at this moment. */
async function goesToEcs(output: (name: string) => Promise<unknown>): Promise<boolean> {
  const [listener, rule, ecs] = [
    await output("listenerArn"),
    await output("listenerRuleArn"),
    await output("ecsTargetGroupArn"),
  ];
  if (typeof ecs !== "string") return false;
  const actions =
    typeof rule === "string"
      ? ((await getListenerRule({ arn: rule })).actions ?? [])
      : typeof listener === "string"
        ? (await getListener({ arn: listener })).defaultActions
        : [];
  return actions
    .flatMap(({ forwards = [] }) => forwards)
    .flatMap(({ targetGroups = [] }) => targetGroups)
    .some(({ arn, weight }) => arn === ecs && weight > 0);
}
