import * as pulumi from "@pulumi/pulumi";
import { PHASES, phaseChangeProblem, type Phase } from "../redash/phase";

/**
 * Refuses a phase that does not follow from the last deployed one, at preview as well as at update, before any
 * resource is registered. The stack's own outputs tell that phase: empty for a new stack, and after a failed
 * update still the old one.
 * @throws pulumi.RunError with what is allowed and how to set the phase back
 */
export async function refuseIllegalPhaseChange(settings: {
  readonly phase: Phase;
  readonly rollback: boolean;
}): Promise<void> {
  const self = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const deployed = await new pulumi.StackReference(self).getOutputDetails("phase");
  const previous = PHASES.find((phase) => phase === deployed.value);
  const problem = phaseChangeProblem(previous, settings.phase, settings.rollback);
  if (problem !== undefined) {
    throw new pulumi.RunError(`redash:phase = ${settings.phase} is refused: ${problem}`);
  }
}
