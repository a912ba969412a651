import { type Check, fail, pass, warn } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import { listed } from "../../../../preflight/wording";
import type { AwsFacts } from "../facts/facts";

/** gunicorn ends a request after 60 s: who waits less cuts some off (redash/health.ts). */
const LONGEST_REQUEST_SECONDS = 60;
const PULUMI_UP = "run pulumi up with redash:phase replicating";

/** The load balancer, as Elastic Load Balancing describes it. */
export const trafficChecks: readonly Check<AwsFacts>[] = [
  {
    id: "alb-forwards",
    title: "The load balancer forwards to exactly the source's and the target's group",
    why: "The switch exchanges the weights of these two, and refuses everything else.",
    judge: ({ forward, description }) => {
      const { kinds, weights } = known(forward);
      const others = kinds.filter((kind) => kind !== "forward");
      if (kinds.length !== 1 || others.length > 0)
        return fail(`its actions are ${listed(kinds)}`, PULUMI_UP);
      const wanted = [description.source.targetGroupArn, description.target.targetGroupArn];
      const arns = Object.keys(weights);
      const isSame = arns.length === 2 && wanted.every((arn) => arns.includes(arn));
      return isSame ? pass("to both") : fail(`to ${listed(arns)}`, PULUMI_UP);
    },
  },
  {
    id: "alb-weights",
    title: "The source's group has all the weight",
    why: "Two groups are two databases: with weight on both, what some users write is lost to the others.",
    judge: ({ forward, description }) => {
      const { weights } = known(forward);
      const weight = (arn: string) => weights[arn] ?? 0;
      const source = weight(description.source.targetGroupArn);
      const target = weight(description.target.targetGroupArn);
      const found = `source ${source}, target ${target}`;
      return source > 0 && target === 0
        ? pass(found)
        : fail(found, "npm run move -- status; if no move is under way: pulumi up");
    },
  },
  {
    id: "alb-not-sticky",
    title: "The load balancer binds nobody to a group",
    why: "Cookies would keep users on the source after the switch.",
    judge: ({ forward }) =>
      known(forward).isSticky
        ? fail("stickiness between groups is on", PULUMI_UP)
        : pass("stickiness between groups is off"),
  },
  ...(["source", "target"] as const).map((side): Check<AwsFacts> => ({
    id: `alb-${side}-all-healthy`,
    title: `Every target of the ${side}'s group is healthy`,
    why:
      side === "target"
        ? "Users would meet the ones that do not answer as soon as the switch is done."
        : "A rollback would send users to a host that does not answer.",
    judge: (facts) => {
      const { healthy, unhealthy } = known(facts[`${side}Group`]);
      return unhealthy.length === 0 && healthy.length > 0
        ? pass(listed(healthy))
        : fail(
            unhealthy.length === 0 ? "it has no target" : listed(unhealthy),
            "let the load balancer reach GET /ping there: port, security group, and whether it runs",
          );
    },
  })),
  {
    id: "alb-requests-end",
    title: "Requests may end before a target is taken out",
    why: "Who is in the middle of one would see an error.",
    judge: ({ sourceGroup, targetGroup }) => {
      const seconds = [sourceGroup, targetGroup].map((it) => known(it).deregistrationDelaySeconds);
      const found = `source ${seconds[0] ?? 0} s, target ${seconds[1] ?? 0} s`;
      return Math.min(...seconds) >= LONGEST_REQUEST_SECONDS
        ? pass(found)
        : warn(
            found,
            `run pulumi up, which sets a deregistration delay of ${LONGEST_REQUEST_SECONDS} s`,
          );
    },
  },
  {
    id: "alb-named",
    title: "Redash's name leads to the load balancer",
    why: "Who comes another way is not turned over by the switch, and a CDN may serve what it has kept.",
    judge: ({ hostAddresses, balancerAddresses, description }) => {
      const { hostname } = new URL(description.url);
      if (!hostAddresses.isKnown)
        return fail(
          hostAddresses.reason,
          `give ${hostname} a record that leads to the load balancer, and that the VPC's resolver knows: the move asks Redash by this name`,
        );
      const ours = known(balancerAddresses);
      // Of a large load balancer DNS tells some addresses at a time.
      return hostAddresses.value.some((it) => ours.includes(it))
        ? pass(`${hostname} is ${hostAddresses.value.join(", ")}`)
        : warn(
            `${hostname} is ${listed(hostAddresses.value)}, the load balancer ${listed(ours)}`,
            `let ${hostname} lead to the load balancer before the cutover; if a CDN or a proxy of yours stands between, make sure that it passes on every request and keeps nothing`,
          );
    },
  },
];
