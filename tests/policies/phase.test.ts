import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { PHASE_RULES } from "../../policies/phase";
import { PHASE_TABLE, PHASES } from "../../redash/phase";
import { describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { type PhaseCase, phaseCases } from "./support/phaseCases";

describe("policies of the phases", () => {
  it("mean by each phase what the program means by it", () => {
    assert.deepEqual(Object.keys(PHASE_RULES).sort(), [...PHASES].sort());
    for (const phase of PHASES) {
      const { trafficTo, schedulerTasks, source, replication, secrets } = PHASE_TABLE[phase];
      assert.deepEqual(PHASE_RULES[phase], {
        trafficTo,
        schedulerTasks,
        source,
        replication,
        secrets,
      });
    }
  });

  const service = (
    desiredCount: unknown,
    command = "scheduler",
    definitions?: unknown,
  ): Given[] => [
    {
      type: "aws:ecs/service:Service",
      name: "service",
      props: { desiredCount },
      refersTo: { taskDefinition: "task" },
    },
    {
      type: "aws:ecs/taskDefinition:TaskDefinition",
      name: "task",
      props: { containerDefinitions: definitions ?? JSON.stringify([{ command: [command] }]) },
    },
  ];
  describePolicy(
    "phase-scheduler",
    phaseCases({
      "accepts none while replicating": { given: service(0), phase: "replicating" },
      "accepts one after the switch": { given: service(1), phase: "switched" },
      "accepts one in a new home": { given: service(1), phase: "greenfield" },
      "refuses one while replicating": {
        given: service(1),
        phase: "replicating",
        finds: ["desiredCount is 1"],
      },
      "refuses none after the switch": {
        given: service(0),
        phase: "switched",
        finds: ["desiredCount is 0"],
      },
      "refuses none in the end": {
        given: service(0),
        phase: "complete",
        finds: ["desiredCount is 0"],
      },
      "refuses a count that is not known": {
        given: service(UNKNOWN),
        phase: "switched",
        finds: ["desiredCount is not known before the update"],
      },
      "refuses a count that is a secret": {
        given: service(HIDDEN),
        phase: "switched",
        finds: ["desiredCount is a secret"],
      },
      "leaves workers alone": { given: service(7, "worker"), phase: "replicating" },
      "waits for containers that are not known": {
        given: service(1, "", UNKNOWN),
        phase: "replicating",
        finds: ["undecided: containerDefinitions is not known before the update"],
      },
      "does not judge a stack without phases": { given: service(1) },
    }),
  );

  const parameters = (...list: readonly [name: unknown, value: unknown][]): Given => ({
    type: "aws:rds/parameterGroup:ParameterGroup",
    props: { parameters: list.map(([name, value]) => ({ name, value })) },
  });
  const replica = parameters(["session_replication_role", "replica"]);
  const role = ['parameters.0.value is "replica"'];
  describePolicy(
    "phase-no-replica-sessions",
    phaseCases({
      "refuses it while replicating: the sessions that replicate set it for themselves": {
        given: replica,
        phase: "replicating",
        finds: role,
      },
      "refuses it after the switch": { given: replica, phase: "switched", finds: role },
      "refuses it in the end": { given: replica, phase: "complete", finds: role },
      "refuses it in a new home": { given: replica, phase: "greenfield", finds: role },
      "refuses it in a stack without phases": { given: replica, finds: role },
      "accepts the default": {
        given: parameters(["session_replication_role", "origin"]),
        phase: "complete",
      },
      "accepts other parameters": { given: parameters(["rds.force_ssl", "1"]), phase: "complete" },
      "refuses a value that is not known": {
        given: parameters(["session_replication_role", UNKNOWN]),
        phase: "complete",
        finds: ["parameters.0.value is not known before the update"],
      },
      "refuses parameters that are not known": {
        given: { type: "aws:rds/parameterGroup:ParameterGroup", props: { parameters: UNKNOWN } },
        phase: "complete",
        finds: ["parameters is not known before the update"],
      },
      "accepts no parameters": {
        given: { type: "aws:rds/parameterGroup:ParameterGroup" },
        phase: "complete",
      },
    }),
  );

  const logical = parameters(["rds.logical_replication", "1"]);
  const left = ['parameters.0.name is "rds.logical_replication"'];
  describePolicy(
    "phase-no-replication-parameters",
    phaseCases({
      "accepts them while replicating": { given: logical, phase: "replicating" },
      "accepts them for the way back": { given: logical, phase: "switched" },
      "refuses them in the end": { given: logical, phase: "complete", finds: left },
      "refuses them in a new home": { given: logical, phase: "greenfield", finds: left },
      "refuses a preloaded pglogical": {
        given: parameters(["shared_preload_libraries", "pg_stat_statements,pglogical"]),
        phase: "complete",
        finds: ['parameters.0.name is "shared_preload_libraries"'],
      },
      "accepts other libraries": {
        given: parameters(["shared_preload_libraries", "pg_stat_statements"]),
        phase: "complete",
      },
      "refuses the workers of replication": {
        given: parameters(["max_logical_replication_workers", "4"]),
        phase: "complete",
        finds: ['parameters.0.name is "max_logical_replication_workers"'],
      },
      "refuses the workers of its copies": {
        given: parameters(["max_sync_workers_per_subscription", "4"]),
        phase: "complete",
        finds: ['parameters.0.name is "max_sync_workers_per_subscription"'],
      },
      "refuses parameters that are not known": {
        given: { type: "aws:rds/parameterGroup:ParameterGroup", props: { parameters: UNKNOWN } },
        phase: "complete",
        finds: ["parameters is not known before the update"],
      },
      "does not judge a stack without phases": { given: logical },
    }),
  );
  describePolicy(
    "phase-replication-parameters",
    phaseCases({
      "accepts them while replicating": { given: logical, phase: "replicating" },
      "accepts them for the way back": { given: logical, phase: "switched" },
      "refuses none while replicating": {
        given: parameters(),
        phase: "replicating",
        finds: ["parameters is without it"],
      },
      "refuses none for the way back": {
        given: parameters(["rds.force_ssl", "1"]),
        phase: "switched",
        finds: ["parameters is without it"],
      },
      "refuses replication that is off": {
        given: parameters(["rds.logical_replication", "0"]),
        phase: "replicating",
        finds: ['parameters.0.value is "0"'],
      },
      "refuses a value that is not known": {
        given: parameters(["rds.logical_replication", UNKNOWN]),
        phase: "replicating",
        finds: ["parameters.0.value is not known before the update"],
      },
      "asks for none in the end": { given: parameters(), phase: "complete" },
      "asks for none in a new home": { given: parameters(), phase: "greenfield" },
      "does not judge a stack without phases": { given: parameters() },
    }),
  );

  const instance: Given = { type: "aws:ec2/instance:Instance" };
  const attachment: Given = { type: "aws:lb/targetGroupAttachment:TargetGroupAttachment" };
  const groupOf = (targetType: string): Given => ({
    type: "aws:lb/targetGroup:TargetGroup",
    props: { targetType },
  });
  const sourceGroup = groupOf("instance");
  const ecsGroup = groupOf("ip");
  const found = ({ type }: Given) => [` is a ${type}`];
  describePolicy(
    "phase-no-source-left",
    phaseCases(
      Object.fromEntries([
        ...[instance, attachment, sourceGroup].flatMap((given): [string, PhaseCase][] => [
          ...(["replicating", "switched"] as const).map((phase): [string, PhaseCase] => [
            `accepts a ${given.type} in ${phase}`,
            { given, phase },
          ]),
          ...(["greenfield", "complete"] as const).map((phase): [string, PhaseCase] => [
            `refuses a ${given.type} in ${phase}`,
            { given, phase, finds: found(given) },
          ]),
        ]),
        ["does not judge a stack without phases", { given: instance }],
        ["accepts the target group of ECS in complete", { given: ecsGroup, phase: "complete" }],
      ]),
    ),
  );

  const task: Given = { type: "aws:ecs/taskDefinition:TaskDefinition", name: "task" };
  const secret = (name: string): Given => ({ type: "aws:secretsmanager/secret:Secret", name });
  const keyed = (valueFrom: string): Given => ({
    ...task,
    props: {
      containerDefinitions: JSON.stringify([
        { secrets: [{ name: "REDASH_SECRET_KEY", valueFrom }] },
      ]),
    },
  });
  const own = [" is a secret of the stack for Redash's keys"];
  describePolicy(
    "phase-source-keys",
    phaseCases({
      "accepts generated keys in a new home": {
        given: [task, secret("redash-application")],
        phase: "greenfield",
      },
      "accepts the source's while replicating": {
        given: [task, secret("redash-database-url")],
        phase: "replicating",
      },
      "accepts the source's in the end": { given: task, phase: "complete" },
      "refuses a task that takes its key from a secret of the stack, whatever that is called": {
        given: [
          keyed("arn:aws:secretsmanager:a:1:secret:keys-0a1b2c3-AbCdEf:key::"),
          secret("keys"),
        ],
        phase: "switched",
        finds: ["containerDefinitions.0.secrets.0.valueFrom is the stack's keys"],
      },
      "accepts a task that takes it from elsewhere": {
        given: [keyed("arn:aws:secretsmanager:a:1:secret:source-AbCdEf:key::"), secret("keys")],
        phase: "switched",
      },
      "accepts a key of the stack in a new home": {
        given: [
          keyed("arn:aws:secretsmanager:a:1:secret:keys-0a1b2c3-AbCdEf:key::"),
          secret("keys"),
        ],
        phase: "greenfield",
      },
      "refuses generated keys while replicating": {
        given: [task, secret("redash-application")],
        phase: "replicating",
        finds: own,
      },
      "refuses generated keys after the switch": {
        given: [task, secret("redash-application")],
        phase: "switched",
        finds: own,
      },
      "refuses a generated cookie secret": {
        given: [task, secret("redash-cookie-secret")],
        phase: "complete",
        finds: own,
      },
      "refuses a generated secret key": {
        given: [task, secret("redash-secret-key")],
        phase: "complete",
        finds: own,
      },
      "accepts other secrets of the stack": {
        given: [task, secret("redash-queue-url"), secret("redash-administrator")],
        phase: "switched",
      },
      "does not judge a stack without phases": { given: [task, secret("redash-application")] },
    }),
  );
});
