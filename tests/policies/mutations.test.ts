import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { evaluate } from "../../policies/evaluate";
import { EXCEPTIONS } from "../../policies/exceptions";
import { POLICIES } from "../../policies/pack";
import type { Policy } from "../../policies/policy";
import { isOfType } from "../../policies/stack";
import type { Resource } from "../../policies/view";
import { judged } from "../../preview/verdict";
import { MODES, PHASES } from "../../redash/phase";
import { soundConfig } from "../support/configs";
import { runProgram } from "../support/program";

type Json = Record<string, unknown>;

/** What a slip of the hand makes of a value. */
const SLIPS: readonly unknown[] = [
  undefined,
  true,
  false,
  0,
  1,
  5432,
  "",
  "x",
  "*",
  "replica",
  "s3:Get*",
  "0.0.0.0/0",
  "arn:aws:iam::aws:policy/AdministratorAccess",
  "redash/redash:latest",
  "postgresql://redash:hunter2hunter2@db/redash",
  "rediss://:hunter2hunter2@clustercfg.redash.abc123.euw1.cache.amazonaws.com:6379/0",
  [],
];

/** Every value with one slip somewhere in it; JSON texts are opened. */
function* slips(value: unknown, depth = 0): Generator {
  yield* SLIPS;
  if (depth > 6) return;
  if (typeof value === "string" && /^[[{]/.test(value)) {
    for (const slip of slips(JSON.parse(value), depth + 1)) yield JSON.stringify(slip);
  } else if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      yield value.filter((_, other) => other !== index);
      yield [...(value as unknown[]), element];
      for (const slip of slips(element, depth + 1))
        yield value.map((it: unknown, other) => (other === index ? slip : it));
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, element] of Object.entries(value)) {
      for (const slip of slips(element, depth + 1)) yield { ...value, [key]: slip };
    }
  }
}

/** Properties that our program does not set, and should not. */
const ADDED: Json = {
  name: "fixed",
  iops: 3000,
  numNodeGroups: 2,
  ingress: [{ cidrBlocks: ["0.0.0.0/0"] }],
  password: "hunter2hunter2hunter2",
  user: "root",
  launchType: "FARGATE",
  manageMasterUserPassword: true,
  taskRoleArn: "x",
  policy: JSON.stringify({
    Statement: { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" },
  }),
  description: "postgresql://redash:hunter2hunter2@db/redash",
  tags: { password: "hunter2hunter2hunter2" },
  platformVersion: "1.3.0",
  managedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"],
  dataTieringEnabled: true,
  networkMode: "host",
  keyAlgorithm: "RSA_1024",
  pidMode: "host",
  maxSessionDuration: 43200,
  configuration: { executeCommandConfiguration: { logging: "NONE" } },
  environment: { variables: { LONG: "x".repeat(5000) } },
  permissions: { type: "Share", accountIds: "All" },
  rules: [{ status: "Enabled", expiration: { days: 1 } }],
  parameters: [
    { name: "session_replication_role", value: "replica" },
    { name: "rds.logical_replication", value: "1" },
  ],
};

/** The program's resources with one of them gone, doubled, unprotected, or with a slip in it; or with one of another program. */
function* mutants(
  resources: readonly Resource[],
  policy: Policy,
  foreign: readonly Resource[],
): Generator<readonly Resource[]> {
  for (const resource of foreign) yield [...resources, resource];
  for (const [index, resource] of resources.entries()) {
    const judgedHere = policy.types.some((type) => isOfType(resource.type, type));
    const put = (changed: Resource) =>
      resources.map((it, other) => (other === index ? changed : it));
    yield resources.filter((_, other) => other !== index);
    yield [...resources, { ...resource, urn: `${resource.urn}-2`, name: `${resource.name}-2` }];
    yield put({ ...resource, protect: !resource.protect });
    yield put({ ...resource, type: resource.type.replace(/\/.*/, "/other:Other") });
    if (!judgedHere && policy.checkStack === undefined) continue;
    for (const [key, value] of Object.entries(ADDED)) {
      yield put({ ...resource, props: { ...resource.props, [key]: value } });
    }
    for (const [key, value] of Object.entries({ ...ADDED, ...resource.props })) {
      for (const slip of slips(value)) {
        yield put({
          ...resource,
          props: { ...resource.props, [key]: slip },
          propertyDependencies: { ...resource.propertyDependencies, [key]: [] },
        });
      }
    }
  }
}

const finds = (policy: Policy, resources: readonly Resource[]) =>
  evaluate([policy], resources, EXCEPTIONS, "2000-01-01").violations.length;

describe("every policy looks at our program: one slip in it is found by", () => {
  const programs: Resource[][] = [];
  before(async () => {
    for (const mode of MODES) {
      for (const phase of PHASES) programs.push(judged(await runProgram(soundConfig(mode, phase))));
      const dms = { "redash:transport": "dms", "redash:dmsLargestLobBytes": "8000000" };
      programs.push(judged(await runProgram(soundConfig(mode, "replicating", dms))));
    }
  });

  for (const policy of POLICIES) {
    const isJudged = ({ type }: Resource) =>
      policy.types.some((pattern) => isOfType(type, pattern));
    it(policy.id, function () {
      // Of a type that we do not make: its own cases are its test.
      if (!programs.flat().some(isJudged)) this.skip();
      for (const resources of programs) {
        const usual = finds(policy, resources);
        // It already finds something in our program: an advisory that docs/policies.md shows.
        if (usual > 0) return;
        const urns = new Set(resources.map(({ urn }) => urn));
        const foreign = programs.flat().filter(({ urn }) => !urns.has(urn));
        for (const mutant of mutants(resources, policy, foreign)) {
          if (finds(policy, mutant) > usual) return;
        }
      }
      assert.fail("no mutation of our program makes it fail");
    });
  }
});
