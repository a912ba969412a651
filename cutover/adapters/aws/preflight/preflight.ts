import { type Check, judgedAll } from "../../../preflight/check";
import type { World } from "../../../ports";
import { dmsChecks } from "./checks/dms";
import { ecsChecks } from "./checks/ecs";
import { elastiCacheChecks } from "./checks/elastiCache";
import { moveItselfChecks } from "./checks/moveItself";
import { networkChecks } from "./checks/network";
import { quotaChecks } from "./checks/quotas";
import { rdsChecks } from "./checks/rds";
import { sourceHostChecks } from "./checks/sourceHost";
import { trafficChecks } from "./checks/traffic";
import { type AwsFacts, type AwsPreflightOptions, gatherAwsFacts } from "./facts/facts";

/** What must be so on AWS besides, in the order of the runbook. */
export const awsPreflightChecks: readonly Check<AwsFacts>[] = [
  ...moveItselfChecks,
  ...sourceHostChecks,
  ...rdsChecks,
  ...elastiCacheChecks,
  ...ecsChecks,
  ...trafficChecks,
  ...networkChecks,
  ...quotaChecks,
  ...dmsChecks,
];

/** `checks` of a world on AWS. */
export const awsChecks =
  (options: AwsPreflightOptions): NonNullable<World["checks"]> =>
  async (move, signal) =>
    judgedAll(awsPreflightChecks, await gatherAwsFacts(options, move, signal), move.transport);
