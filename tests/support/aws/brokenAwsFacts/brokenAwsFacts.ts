import type { BrokenAwsCase } from "./brokenAwsCase";
import { DMS_CASES } from "./dms";
import { ECS_CASES } from "./ecs";
import { ELASTI_CACHE_CASES } from "./elastiCache";
import { MOVE_ITSELF_CASES } from "./moveItself";
import { NETWORK_CASES } from "./network";
import { QUOTAS_CASES } from "./quotas";
import { RDS_CASES } from "./rds";
import { SOURCE_HOST_CASES } from "./sourceHost";
import { TRAFFIC_CASES } from "./traffic";

/** What one check finds, and no other one. */
export const BROKEN_AWS: readonly BrokenAwsCase[] = [
  ...RDS_CASES,
  ...ELASTI_CACHE_CASES,
  ...ECS_CASES,
  ...TRAFFIC_CASES,
  ...SOURCE_HOST_CASES,
  ...NETWORK_CASES,
  ...QUOTAS_CASES,
  ...MOVE_ITSELF_CASES,
  ...DMS_CASES,
];
