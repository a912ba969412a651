import { type Check, fail, pass, warn, type Judgement } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import type { AwsFacts } from "../facts/facts";
import { QUOTAS } from "../facts/quotas";
import type { QuotaUse } from "../facts/rds";

const VCPU_UNITS = 1024;
/** Interfaces of tasks that a deployment starts before the old ones go. */
const INTERFACES = 20;

const room = (
  { used, most }: QuotaUse,
  needed: number,
  unit: string,
  verdict: typeof warn,
  fix: string,
): Judgement => {
  const found = `${used} of ${most} ${unit} are used`;
  return most - used >= needed ? pass(found) : verdict(`${found}, ${needed} more are needed`, fix);
};
const raise = ([service, code]: readonly [string, string]) =>
  `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value …`;

/** What the account may have in this region. */
export const quotaChecks: readonly Check<AwsFacts>[] = [
  {
    id: "quota-fargate",
    title: "The account may run all of Redash's tasks twice",
    why: "A deployment starts the new ones before the old ones go; above the quota they wait for ever.",
    judge: ({ services, fargateVcpus, description }) => {
      const vcpus = known(services).reduce((sum, { name, cpuUnits }) => {
        return sum + (cpuUnits / VCPU_UNITS) * (description.target.wantedTasks[name] ?? 0);
      }, 0);
      const most = known(fargateVcpus);
      const found = `${2 * vcpus} of ${most} vCPUs of Fargate`;
      return 2 * vcpus <= most ? pass(found) : fail(found, raise(QUOTAS.fargateVcpus));
    },
  },
  {
    id: "quota-rds-storage",
    title: "The account may have as much storage of RDS as the database may need",
    why: "A disk that cannot grow any more is full sooner than its own limit says.",
    judge: ({ rds, rdsStorage }) => {
      const { allocatedGib, maxGib = allocatedGib } = known(rds);
      return room(
        known(rdsStorage),
        maxGib - allocatedGib,
        "GiB",
        warn,
        raise(["rds", "L-7ADDB58A"]),
      );
    },
  },
  {
    id: "quota-network-interfaces",
    title: "The account may have more network interfaces",
    why: "Every task and the function of the move have one; without it they do not start.",
    judge: ({ interfaces }) =>
      room(known(interfaces), INTERFACES, "interfaces", fail, raise(QUOTAS.networkInterfaces)),
  },
  {
    id: "quota-interface-endpoints",
    title: "The VPC may have one more interface endpoint",
    why: "An endpoint that has to be made anew is made beside the old one.",
    judge: ({ endpoints }) =>
      room(known(endpoints), 1, "endpoints", warn, raise(QUOTAS.interfaceEndpoints)),
  },
  {
    id: "quota-dms-instances",
    title: "The account may have one more replication instance",
    why: "If the instance is lost, no other one could be made for the load anew.",
    transport: "dms",
    judge: ({ dmsInstances }) =>
      room(
        known(dmsInstances),
        1,
        "instances",
        warn,
        "delete one that nobody needs, or ask AWS for more",
      ),
  },
];
