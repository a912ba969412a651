import { type Check, fail, pass, warn } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import { listed } from "../../../../preflight/wording";
import type { AwsFacts } from "../facts/facts";
import { hostOf, type Service, SERVICES } from "../facts/reach";

/** What the move does by each service. */
const USES: Readonly<Record<Service, string>> = {
  ssm: "Redash on the source could not be stopped, nor started again.",
  secretsmanager: "No database could be reached: passwords are read there.",
  s3: "Nothing could be journalled, so nothing is done.",
  ecs: "Redash's tasks could not be started.",
  elasticloadbalancing: "Users could not be turned over, nor back.",
  dms: "The replication task could not be started, nor stopped.",
  monitoring: "The alarms on the source's disk would hear nothing of it.",
};
/** Tasks of a deployment that start before the old ones go, and some more. */
const FREE_ADDRESSES = 20;

/** The network of Redash's tasks, and of the function in which the move runs. */
export const networkChecks: readonly Check<AwsFacts>[] = [
  ...SERVICES.map((service): Check<AwsFacts> => ({
    id: `reaches-${service}`,
    title: `The move reaches ${service} from within the VPC`,
    why: USES[service],
    ...(service === "dms" ? { transport: "dms" as const } : {}),
    judge: ({ reached, description }) => {
      const fact = reached[service];
      return fact.isKnown
        ? pass(hostOf(service, description.region))
        : fail(
            fact.reason,
            `give its subnets NAT, or an endpoint of ${service} in the VPC whose security group lets the function in`,
          );
    },
  })),
  {
    id: "tasks-zones",
    title: "Redash's tasks are spread over two zones",
    why: "A zone that fails would take all of Redash with it.",
    judge: ({ network, description }) => {
      const { zones } = known(network);
      if (zones.length >= 2) return pass(zones.join(", "));
      return (description.mode === "production" ? fail : warn)(
        `only ${listed(zones)}`,
        "give redash:privateSubnetIds of two zones or more",
      );
    },
  },
  {
    id: "tasks-addresses",
    title: "The tasks' subnets have addresses left",
    why: "A task without an address does not start, and a deployment starts the new ones first.",
    judge: ({ network }) => {
      const { freeAddresses } = known(network);
      const found = `${freeAddresses} in the fullest subnet`;
      return freeAddresses >= FREE_ADDRESSES
        ? pass(found)
        : fail(`${found}, ${FREE_ADDRESSES} are needed`, "give the tasks larger subnets");
    },
  },
  {
    id: "tasks-way-out",
    title: "Redash's tasks reach data sources by addresses that are known",
    why: "Owners of data sources let in addresses: queries fail after the switch until they have these.",
    judge: ({ network }) => {
      const { natGateways } = known(network);
      if (natGateways.length === 0)
        return warn(
          "no NAT gateway is on their routes",
          "find out by which addresses these subnets reach the outside, and give them to the owners of data sources",
        );
      const broken = natGateways.filter(({ state }) => state !== "available");
      return broken.length > 0
        ? fail(
            listed(broken.map(({ id, state }) => `${id} is ${state}`)),
            "run pulumi up, which makes NAT gateways, or ask the VPC's owner",
          )
        : pass(
            `owners of data sources must let in ${natGateways.flatMap((it) => it.publicAddresses).join(", ")}`,
          );
    },
  },
];
