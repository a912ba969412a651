import { getListener } from "@pulumi/aws/lb/getListener";
import { getListenerRule } from "@pulumi/aws/lb/getListenerRule";
import * as pulumi from "@pulumi/pulumi";
import { type MoveFacts, PHASES, phaseChangeProblem, type Phase } from "../redash/phase";
import { recordedPhase } from "./phaseRecord";

type Output = (name: string) => Promise<unknown>;

/**
 * Refuses a phase that does not follow from the last deployed one, or lags behind the move or ahead of it, at preview
 * as well as at update, before any resource is registered. The stack's own outputs tell the last deployed phase: empty
 * for a new stack, and after a failed update still the old one. How far the move has come since is told by what it has
 * recorded, and by the load balancer.
 * @throws pulumi.RunError with the command that sets the phase right
 */
export async function refuseIllegalPhaseChange({
  phase,
}: {
  readonly phase: Phase;
}): Promise<void> {
  const self = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const reference = new pulumi.StackReference(self);
  const output: Output = async (name): Promise<unknown> =>
    (await reference.getOutputDetails(name)).value;
  const problem = phaseChangeProblem(await moveFacts(output), phase);
  if (problem !== undefined)
    throw new pulumi.RunError(`redash:phase = ${phase} is refused: ${problem}`);
}

async function moveFacts(output: Output): Promise<MoveFacts> {
  const outputPhase = await output("phase");
  const deployed = PHASES.find((phase) => phase === outputPhase);
  // Of other phases the load balancer has nothing to tell, and the move has no bucket.
  if (deployed !== "replicating" && deployed !== "switched")
    return { deployed, recorded: undefined, trafficTo: undefined };
  const bucket = await output("journalBucket");
  return {
    deployed,
    recorded: typeof bucket === "string" ? await recordedPhase(bucket) : undefined,
    trafficTo: await trafficTo(output),
  };
}

/** Where the load balancer of the last update sends users at this moment. */
async function trafficTo(output: Output): Promise<MoveFacts["trafficTo"]> {
  const [listener, rule] = [await output("listenerArn"), await output("listenerRuleArn")];
  const actions =
    typeof rule === "string"
      ? ((await getListenerRule({ arn: rule })).actions ?? [])
      : typeof listener === "string"
        ? (await getListener({ arn: listener })).defaultActions
        : [];
  const arns = actions
    .flatMap(({ forwards = [] }) => forwards)
    .flatMap(({ targetGroups = [] }) => targetGroups)
    .flatMap(({ arn, weight }) => (weight > 0 ? [arn] : []));
  const has = (group: unknown) => typeof group === "string" && arns.includes(group);
  // Weight for both is a split brain; what counts is that users write to ECS's database.
  if (has(await output("ecsTargetGroupArn"))) return "ecs";
  return has(await output("sourceTargetGroupArn")) ? "source" : undefined;
}
