import { PHASE_TABLE } from "../../redash/phase";
import type { Values } from "../keys";
import { type Found, problem } from "./combination";

/** What a phase needs: the source, its keys, and what the move proves itself with. */
export function* migration(values: Values): Found {
  const { phase, mode } = values;
  const meaning = PHASE_TABLE[phase];
  if (meaning.secrets === "imported" && values.sourceSecretsArn === undefined) {
    yield problem(
      values,
      ["sourceSecretsArn", "phase"],
      `the secret with the source's own keys: phase ${phase} must decrypt what the source encrypted`,
    );
  }
  if (phase === "greenfield" && values.administratorEmail === undefined) {
    yield problem(
      values,
      ["administratorEmail", "phase"],
      "the first administrator of a greenfield stack",
    );
  }
  if (meaning.source) {
    const { sourceInstanceId: instance, sourceImageId: image } = values;
    if (instance === undefined && image === undefined) {
      yield problem(
        values,
        [mode === "rehearsal" ? "sourceImageId" : "sourceInstanceId", "phase", "mode"],
        `the host to move from, in phase ${phase}`,
      );
    }
    if (instance !== undefined && image !== undefined) {
      yield problem(
        values,
        ["sourceImageId", "sourceInstanceId"],
        "either a living source (sourceInstanceId) or one started from an image (sourceImageId)",
        "pulumi config rm redash:sourceImageId",
      );
    }
    if (image !== undefined && mode === "production") {
      yield problem(
        values,
        ["sourceImageId", "mode"],
        "an image only in a rehearsal: production moves its living host",
        "pulumi config rm redash:sourceImageId",
      );
    }
    if (image !== undefined && values.vpcId !== undefined && mode === "rehearsal") {
      yield problem(
        values,
        ["sourceImageId", "vpcId"],
        "a copy of the host only in a VPC of the stack's own: it would reach whatever lives in an existing one",
        "pulumi config rm redash:vpcId",
      );
    }
    if (instance !== undefined && values.vpcId === undefined) {
      yield problem(
        values,
        ["vpcId", "sourceInstanceId"],
        "the VPC of the source instance: a load balancer reaches instances of its own VPC only",
      );
    }
  }
  if (meaning.source && values.probeDataSourceId === undefined) {
    yield problem(
      values,
      ["probeDataSourceId", "phase"],
      "a data source on which SELECT 1 may run: only an executed query proves that both sides work",
    );
  }
  if (meaning.source && values.transport === "dms" && values.dmsLargestLobBytes === undefined) {
    yield problem(
      values,
      ["dmsLargestLobBytes", "transport", "phase"],
      "the largest value of the source, measured there (docs/settings.md): transport dms stops at a larger one",
    );
  }
}
