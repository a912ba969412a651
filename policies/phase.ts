import { is } from "./constraint";
import { processOf } from "./ecsProcesses";
import type { Policy, Subject } from "./policy";
import type { Phase } from "./stack";
import { LISTENER, LISTENER_RULE, sideOf, sideOfArn, TARGET_GROUP, weights } from "./targetGroup";
import { UNKNOWN } from "./value";
import type { View } from "./view";

const SERVICE = "aws:ecs/service:Service";
const TASK = "aws:ecs/taskDefinition:TaskDefinition";
const PARAMETERS = "aws:rds/parameterGroup:ParameterGroup";
const ATTACHMENT = "aws:lb/targetGroupAttachment:TargetGroupAttachment";

/** What each phase means. Said here again, because the pack stands alone; a test compares it with redash/phase.ts. */
export const PHASE_RULES: Readonly<
  Record<
    Phase,
    {
      readonly trafficTo: "ecs" | "source";
      readonly schedulerTasks: 0 | 1;
      readonly source: boolean;
      readonly replication: boolean;
      readonly secrets: "generated" | "imported";
    }
  >
> = {
  greenfield: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: false,
    replication: false,
    secrets: "generated",
  },
  replicating: {
    trafficTo: "source",
    schedulerTasks: 0,
    source: true,
    replication: true,
    secrets: "imported",
  },
  switched: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: true,
    replication: true,
    secrets: "imported",
  },
  complete: {
    trafficTo: "ecs",
    schedulerTasks: 1,
    source: false,
    replication: false,
    secrets: "imported",
  },
};

const onTraffic = (policy: Omit<Policy, "types">): Policy => ({
  types: [LISTENER, LISTENER_RULE],
  ...policy,
});

/** What a secret with Redash's own keys is called. */
const KEYS_SECRET = /(?:cookie|secret[_-]?key|application)/i;

/** How the ARN of a secret of the stack begins: as AWS says, or as Pulumi names it. */
function arnStart(secret: View, like: string): string {
  const arn = secret.get("arn");
  if (typeof arn === "string") return arn;
  return `${like.split(":").slice(0, 6).join(":")}:${secret.name}-`;
}

const includesPglogical = (value: unknown) =>
  typeof value === "string" && value.includes("pglogical");

/** The phases of a move. */
export const PHASES: Subject = {
  title: "Phases of a move",
  policies: [
    onTraffic({
      id: "phase-one-target-has-weight",
      title: "Exactly one target group has weight.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "Two target groups are two databases: a canary is a split brain. With no weight at all nobody is served, and AWS's preview accepts it.",
      fix: "Weight 100 for one and 0 for the others, without stickiness.",
      checkStack: (stack) => {
        for (const { view, list } of weights(stack)) {
          const some = list.filter(({ weight }) => weight !== 0);
          if (
            some.length !== 1 ||
            some.some(({ weight }) => typeof weight !== "number" || weight <= 0)
          ) {
            const found = list
              .map(({ weight }) => (weight === UNKNOWN ? "?" : String(weight as number)))
              .join(" and ");
            view.wrong(
              "forward",
              "one group with weight, the others with 0",
              `weights ${found === "" ? "of no group" : found}`,
            );
          }
          for (const action of view.each(view.type === LISTENER ? "defaultActions" : "actions")) {
            if (action.get("forward.stickiness.enabled") === true) {
              action.wrong(
                "forward.stickiness.enabled",
                "false: old cookies would keep people on the other side",
              );
            }
          }
        }
      },
    }),
    onTraffic({
      id: "phase-traffic-goes-to-the-right-side",
      title: "Traffic goes to the side that has every write.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "What is written on the side that is behind is lost, or stops replication for ever on a duplicate key.",
      fix: "While replicating to the source, else to ECS; redash:phase says which.",
      checkStack: (stack) => {
        const { phase } = stack;
        if (phase === undefined) return;
        const { trafficTo } = PHASE_RULES[phase];
        for (const { view, list } of weights(stack)) {
          const arn = list.find(({ weight }) => typeof weight === "number" && weight > 0)?.arn;
          if (arn === UNKNOWN) view.undecided("");
          else if (typeof arn === "string" && sideOfArn(stack, arn) !== trafficTo) {
            view.wrong(
              "forward",
              `all weight on ${trafficTo} in phase ${phase}`,
              "weight on the other side",
            );
          }
        }
      },
    }),
    {
      id: "phase-scheduler",
      title: "No scheduler runs while the source's does, and one afterwards.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "Two schedulers on two Redises run every schedule twice, and writes on the target stop replication; without one no query is refreshed.",
      fix: "desiredCount 0 while replicating, else 1.",
      types: [SERVICE],
      checkStack: (stack) => {
        const { phase } = stack;
        if (phase === undefined) return;
        for (const service of stack.of(SERVICE)) {
          const task = stack.target(service, "taskDefinition", TASK);
          const isScheduler = task
            ?.json("containerDefinitions")
            ?.each("")
            .some((container) => processOf(container) === "scheduler");
          if (isScheduler === true)
            service.must("desiredCount", is(PHASE_RULES[phase].schedulerTasks));
        }
      },
    },
    {
      id: "phase-no-replica-sessions",
      title: "No session applies as a replica by a parameter of the database.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "With session_replication_role=replica foreign keys are not enforced, and search finds nothing that is new, for everybody. Whoever replicates sets it for sessions of their own; preflight and every switch refuse such a database.",
      fix: "No session_replication_role among the parameters.",
      types: [PARAMETERS],
      check: (group) => {
        for (const parameter of group.each("parameters")) {
          if (parameter.get("name") === "session_replication_role")
            parameter.must("value", is("origin"));
        }
      },
    },
    {
      id: "phase-no-replication-parameters",
      title: "Parameters of a move are gone when it is.",
      controls: [],
      severity: "medium",
      enforcement: "mandatory",
      why: "Logical WAL costs, and a forgotten slot keeps it until the disk is full.",
      fix: "rds.logical_replication and its fellows only in the phases replicating and switched.",
      types: [PARAMETERS],
      checkStack: (stack) => {
        const { phase } = stack;
        if (phase === undefined || PHASE_RULES[phase].replication) return;
        const names = [
          "rds.logical_replication",
          "max_logical_replication_workers",
          "max_sync_workers_per_subscription",
        ];
        for (const group of stack.of(PARAMETERS)) {
          for (const parameter of group.each("parameters")) {
            const name = parameter.get("name");
            const preload =
              name === "shared_preload_libraries" && includesPglogical(parameter.get("value"));
            if (names.includes(name as string) || preload) {
              parameter.wrong("name", `no parameter of a move in phase ${phase}`);
            }
          }
        }
      },
    },
    {
      id: "phase-replication-parameters",
      title: "The database can replicate while a move is under way.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "A static parameter that comes later waits for a reboot; without it there is no way back.",
      fix: "rds.logical_replication = 1 in the phases replicating and switched.",
      types: [PARAMETERS],
      checkStack: (stack) => {
        const { phase } = stack;
        if (phase === undefined || !PHASE_RULES[phase].replication) return;
        for (const group of stack.of(PARAMETERS)) {
          const found = group
            .each("parameters")
            .find((it) => it.get("name") === "rds.logical_replication");
          if (found === undefined)
            group.wrong("parameters", `rds.logical_replication in phase ${phase}`, "without it");
          else found.must("value", is("1"));
        }
      },
    },
    {
      id: "phase-no-source-left",
      title: "Nothing of the source is left outside of a move.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "A forgotten copy of production runs on with all its credentials; a target group can get weight again.",
      fix: "Instances and their attachments only in the phases replicating and switched.",
      types: ["aws:ec2/instance:Instance", ATTACHMENT, TARGET_GROUP],
      checkStack: (stack) => {
        const { phase } = stack;
        if (phase === undefined || PHASE_RULES[phase].source) return;
        const groups = stack.of(TARGET_GROUP).filter((group) => sideOf(group) === "source");
        for (const view of [...stack.of("aws:ec2/instance:Instance", ATTACHMENT), ...groups]) {
          view.wrong("", `nothing of the source in phase ${phase}`, `a ${view.type}`);
        }
      },
    },
    {
      id: "phase-source-keys",
      title: "Outside of a greenfield stack Redash has the source's keys.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "Generated ones decrypt no data source, and what is saved with them the source cannot read after a rollback.",
      fix: "redash:sourceSecretsArn; no secret of the stack for REDASH_SECRET_KEY and REDASH_COOKIE_SECRET.",
      types: [TASK],
      checkStack: (stack) => {
        const { phase } = stack;
        if (phase === undefined || PHASE_RULES[phase].secrets !== "imported") return;
        const secrets = stack.of("aws:secretsmanager/secret:Secret");
        const own = secrets.filter((secret) => KEYS_SECRET.test(secret.name));
        for (const secret of own)
          secret.wrong(
            "",
            `the source's secret in phase ${phase}`,
            "a secret of the stack for Redash's keys",
          );
        for (const task of stack.of(TASK)) {
          for (const container of task.json("containerDefinitions")?.each("") ?? []) {
            for (const given of container.each("secrets")) {
              const from = given.get("valueFrom");
              const isKey = /^REDASH_(?:SECRET_KEY|COOKIE_SECRET)$/.test(String(given.get("name")));
              if (!isKey || typeof from !== "string") continue;
              const secret = secrets.find((it) => from.startsWith(arnStart(it, from)));
              if (secret !== undefined)
                given.wrong("valueFrom", "the source's secret", `the stack's ${secret.name}`);
            }
          }
        }
      },
    },
  ],
};
