import { type BrokenCase, unknown } from "./brokenCase";
import { DATA_CASES } from "./data";
import { QUEUE_CASES } from "./queue";
import { RUN_CASES } from "./run";
import { SCHEMA_CASES } from "./schema";
import { SERVER_CASES } from "./server";
import { SOURCE_CASES } from "./source";
import { TARGET_CASES } from "./target";
import { WORKLOAD_CASES } from "./workload";

/** What one check finds, and no other one. */
export const BROKEN: readonly BrokenCase[] = [
  ...SERVER_CASES,
  ...SOURCE_CASES,
  ...TARGET_CASES,
  ...SCHEMA_CASES,
  ...DATA_CASES,
  ...QUEUE_CASES,
  ...WORKLOAD_CASES,
  ...RUN_CASES,
];

/** What one check finds, and what hides from others what they need. */
export const BLINDING: readonly BrokenCase[] = (["source", "target"] as const).flatMap(
  (side): BrokenCase[] => [
    [
      `${side}-reachable`,
      "fail",
      (facts) => (facts[side].server = unknown("connect ECONNREFUSED 10.0.0.5:5432")),
      "connect ECONNREFUSED 10.0.0.5:5432",
      "let this machine reach it: address, port, firewall or security group, pg_hba.conf, password",
    ],
    [
      `${side}-queue-reachable`,
      "fail",
      (facts) => (facts[side].queue = unknown("WRONGPASS invalid username-password pair")),
      "WRONGPASS invalid username-password pair",
      "let this machine reach it: address, port, security group, TLS (rediss://), password",
    ],
  ],
);
