import assert from "node:assert/strict";
import { record, type RecordedResource, type Recording } from "../../preview/recorder";

/** Runs the real program. @param previousPhase the phase of the last deployment; null for a new stack */
export function runProgram(
  config: Readonly<Record<string, string>>,
  previousPhase: string | null = config["redash:phase"] ?? null,
  options: {
    unknowns?: boolean;
    stack?: string;
    /** Other outputs of the last deployment, and what AWS answers. */
    previousOutputs?: object;
    answers?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    refusals?: Readonly<Record<string, string>>;
  } = {},
): Promise<Recording> {
  const program = require("../../index") as () => Promise<unknown>;
  return record(program, {
    stack: options.stack ?? "test",
    config,
    previousOutputs:
      previousPhase === null ? {} : { phase: previousPhase, ...options.previousOutputs },
    ...(options.answers && { answers: options.answers }),
    ...(options.refusals && { refusals: options.refusals }),
    ...(options.unknowns === true ? { unknowns: true } : {}),
  });
}

export const ofType = ({ resources }: Recording, type: string): RecordedResource[] =>
  resources.filter((it) => it.type.endsWith(`:${type}`));

interface Definition {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly secrets: readonly { readonly name: string; readonly valueFrom: string }[];
}

/** All containers of all task definitions. */
export const containers = (recording: Recording): Definition[] =>
  ofType(recording, "TaskDefinition").flatMap(
    ({ inputs }) => JSON.parse(String(inputs["containerDefinitions"])) as Definition[],
  );

/** What holds for every program, whatever the settings: each broken one is a lost migration. */
export function assertInvariants(recording: Recording): void {
  const group = ofType(recording, "ReplicationGroup");
  assert.equal(group.length, 1);
  assert.equal(group[0]!.inputs["clusterMode"], "disabled");
  for (const { type } of recording.resources) {
    assert.doesNotMatch(
      type,
      /memorydb|serverlessCache|globalReplicationGroup|elasticache\/cluster:/,
    );
  }

  const services = ofType(recording, "Service");
  const scheduler = services.filter(({ name }) => name.includes("scheduler"));
  assert.equal(scheduler.length, 1);
  const { inputs } = scheduler[0]!;
  assert.ok([0, 1].includes(inputs["desiredCount"] as number));
  assert.deepEqual(
    [
      inputs["deploymentMinimumHealthyPercent"],
      inputs["deploymentMaximumPercent"],
      inputs["availabilityZoneRebalancing"],
    ],
    [0, 100, "DISABLED"],
  );

  assert.equal(weights(recording).filter((weight) => weight > 0).length, 1);
  assert.ok(weights(recording).every((weight) => weight === 0 || weight === 100));

  const consumed = containers(recording)
    .flatMap(({ environment }) => environment.filter(({ name }) => name === "QUEUES"))
    .flatMap(({ value }) => value.split(" "));
  for (const queue of [
    "periodic",
    "emails",
    "default",
    "queries",
    "scheduled_queries",
    "schemas",
  ]) {
    assert.equal(consumed.filter((it) => it === queue).length, 1, queue);
  }

  for (const { environment, secrets } of containers(recording)) {
    for (const { name, value } of environment) {
      assert.doesNotMatch(name, /PASSWORD|TOKEN|COOKIE_SECRET|SECRET_KEY|DATABASE_URL|REDIS_URL/);
      assert.doesNotMatch(value, /:\/\/[^/]*:[^/]*@|\[secret\]/);
    }
    if (secrets.length > 0) {
      const names = secrets.map(({ name }) => name);
      assert.ok(names.includes("REDASH_DATABASE_URL"), names.join());
    }
  }
  assert.ok(!JSON.stringify(recording.outputs).includes("[secret]"));
}

/** The weights of all forward actions. */
export function weights(recording: Recording): number[] {
  return recording.resources.flatMap(({ inputs }) =>
    [inputs["defaultActions"], inputs["actions"]]
      .flatMap(
        (actions) => (actions ?? []) as { forward?: { targetGroups: { weight: number }[] } }[],
      )
      .flatMap(({ forward }) => forward?.targetGroups ?? [])
      .map(({ weight }) => weight),
  );
}
