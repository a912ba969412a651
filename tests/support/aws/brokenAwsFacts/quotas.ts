import { known } from "../../../../cutover/preflight/fact";
import type { BrokenAwsCase } from "./brokenAwsCase";

const raise = (service: string, code: string) =>
  `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value …`;

export const QUOTAS_CASES: readonly BrokenAwsCase[] = [
  [
    "quota-fargate",
    "fail",
    (facts) => (facts.fargateVcpus = { isKnown: true, value: 6 }),
    "12 of 6 vCPUs of Fargate",
    raise("fargate", "L-3032A538"),
  ],
  [
    "quota-rds-storage",
    "warn",
    ({ rdsStorage }) => (known(rdsStorage).most = 300),
    "200 of 300 GiB are used, 400 more are needed",
    raise("rds", "L-7ADDB58A"),
  ],
  [
    "quota-network-interfaces",
    "fail",
    ({ interfaces }) => (known(interfaces).used = 4990),
    "4990 of 5000 interfaces are used, 20 more are needed",
    raise("vpc", "L-DF5E4CA3"),
  ],
  [
    "quota-interface-endpoints",
    "warn",
    ({ endpoints }) => (known(endpoints).used = 50),
    "50 of 50 endpoints are used, 1 more are needed",
    raise("vpc", "L-29B6F2EB"),
  ],
  [
    "quota-dms-instances",
    "warn",
    ({ dmsInstances }) => (known(dmsInstances).used = 60),
    "60 of 60 instances are used, 1 more are needed",
    "delete one that nobody needs, or ask AWS for more",
  ],
];
