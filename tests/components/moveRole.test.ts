import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { RedashMigrationArgs } from "../../components/RedashMigration";
import type { Recording } from "../../preview/recorder";
import { MOVE_ACTIONS, type MoveResource } from "../../redash/moveActions";
import { recordMigration } from "../support/migration";
import {
  BY_RULE,
  DMS_ARGS,
  KEY,
  LISTENER,
  LISTENER_RULE,
  MIGRATION_ARGS,
} from "../support/migrationArgs";
import { document, only } from "../support/recordings";

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: object;
}
const statements = (recording: Recording, name = "redash-migration-function") =>
  (document(only(recording, "RolePolicy", name), "policy") as { Statement: Statement[] }).Statement;
const actions = (list: readonly Statement[]) => list.flatMap(({ Action }) => Action).sort();
/** Resources of an action. */
const on = (list: readonly Statement[], action: string) =>
  list.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource);

describe("the role of the move's function", () => {
  const OF_KEY = ["kms:Decrypt", "kms:GenerateDataKey"];

  /** Actions of the list that are not on these kinds of resources. */
  const listedBut = (...kinds: MoveResource[]) =>
    Object.entries(MOVE_ACTIONS)
      .filter(([, kind]) => !kinds.includes(kind))
      .map(([action]) => action);
  /** What the function may do, itself and with itself. */
  const allowed = async (changes: Partial<RedashMigrationArgs> = {}) => {
    const recording = await recordMigration(changes);
    const own = statements(recording, "redash-migration-function-code");
    return actions([...statements(recording), ...own].filter(({ Effect }) => Effect === "Allow"));
  };

  it("may do what the adapters call and use the key, no more: all of it with DMS and a rule, less without", async () => {
    assert.deepEqual(
      await allowed({ ...BY_RULE, dms: DMS_ARGS }),
      [...listedBut("listener"), "iam:PassRole", ...OF_KEY].sort(),
    );
    assert.deepEqual(
      await allowed(),
      [...listedBut("listenerRule", "replicationTask"), ...OF_KEY].sort(),
    );
  });

  it("may do it to this stack's resources alone", async () => {
    const recording = await recordMigration({ dms: DMS_ARGS });
    const list = statements(recording);
    const { outputs } = recording;
    const arn = (service: string, resource: unknown) =>
      `arn:aws:${service}:eu-west-1:111122223333:${String(resource)}`;
    const services = ["server", "scheduler", "worker-adhoc", "worker-periodic"];
    assert.deepEqual(
      on(list, "ecs:UpdateService"),
      services.map((name) => arn("ecs", `service/redash-cluster/redash-${name}`)),
    );
    assert.deepEqual(on(list, "elasticloadbalancing:ModifyListener"), [LISTENER]);
    assert.deepEqual(
      on(statements(await recordMigration(BY_RULE)), "elasticloadbalancing:ModifyRule"),
      [LISTENER_RULE],
    );
    assert.deepEqual(on(list, "ssm:SendCommand"), [
      arn("ssm", `document/${String(outputs["documentName"])}`),
      arn("ec2", "instance/i-0a1b2c3d4e5f60718"),
    ]);
    const journal = `arn:aws:s3:::${String(outputs["journalBucket"])}`;
    assert.deepEqual(on(list, "s3:ListBucket"), [journal]);
    assert.deepEqual(on(list, "s3:PutObject"), [`${journal}/*`]);
    assert.deepEqual(on(list, "secretsmanager:GetSecretValue"), [
      outputs["sourceSecretArn"],
      outputs["targetSecretArn"],
      MIGRATION_ARGS.target.urlSecretArn,
      MIGRATION_ARGS.queue.urlSecretArn,
      MIGRATION_ARGS.secretKeySecretArn,
    ]);
    assert.deepEqual(on(list, "dms:StopReplicationTask"), [outputs["taskArn"]]);
    assert.deepEqual(on(list, "rds:DescribeDBInstances"), [arn("rds", "db:redash-0f0f0f0f")]);
    assert.deepEqual(on(list, "elasticache:DescribeReplicationGroups"), [
      arn("elasticache", "replicationgroup:redash-queue"),
      arn("elasticache", "cluster:redash-queue-*"),
    ]);
    assert.deepEqual(
      list.filter(({ Action }) => Action.includes("ecs:ListTasks")),
      [
        {
          Effect: "Allow",
          Action: ["ecs:ListTasks"],
          Resource: ["*"],
          Condition: { ArnEquals: { "ecs:cluster": [arn("ecs", "cluster/redash-cluster")] } },
        },
      ],
    );
    const everywhere = list.filter(
      ({ Resource, Condition }) => Resource.includes("*") && Condition === undefined,
    );
    assert.deepEqual(
      actions(everywhere),
      Object.entries(MOVE_ACTIONS)
        .filter(([, kind]) => kind === "any")
        .map(([action]) => action)
        .sort(),
    );
  });

  it("hands the role for the assessment to DMS, and no role to anybody else", async () => {
    const passing = async (changes: Partial<RedashMigrationArgs>) => {
      const recording = await recordMigration(changes);
      return [
        ...statements(recording),
        ...statements(recording, "redash-migration-function-code"),
      ].filter(({ Action }) => Action.includes("iam:PassRole"));
    };
    const [handOver, ...others] = await passing({ dms: DMS_ARGS });
    assert.match(
      String(handOver?.Resource),
      /^arn:aws:iam::123456789012:role\/redash-migration-assessment-[0-9a-f]{7}$/,
    );
    assert.deepEqual(
      [handOver, others],
      [
        {
          Effect: "Allow",
          Action: "iam:PassRole",
          Resource: handOver?.Resource,
          Condition: { StringEquals: { "iam:PassedToService": "dms.amazonaws.com" } },
        },
        [],
      ],
    );
    assert.deepEqual(await passing({}), []);
  });

  it("uses keys only through the services that hold what they encrypt", async () => {
    const other = "arn:aws:kms:eu-west-1:111122223333:key/other";
    const list = statements(await recordMigration({ secretKeyArns: [other] }));
    const via = (...services: string[]) => ({
      StringEquals: {
        "kms:ViaService": services.map((service) => `${service}.eu-west-1.amazonaws.com`),
      },
    });
    assert.deepEqual(list.slice(-2), [
      {
        Effect: "Allow",
        Action: "kms:Decrypt",
        Resource: [KEY, other],
        Condition: via("secretsmanager", "s3"),
      },
      {
        Effect: "Allow",
        Action: "kms:GenerateDataKey",
        Resource: KEY,
        Condition: via("s3"),
      },
    ]);
  });

  it("lets the function call itself and no other, and make network interfaces only for Lambda", async () => {
    const recording = await recordMigration();
    const role = only(recording, "Role", "redash-migration-function");
    assert.deepEqual(document(role, "assumeRolePolicy"), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "lambda.amazonaws.com" },
          Action: "sts:AssumeRole",
        },
      ],
    });
    assert.equal(
      only(recording, "RolePolicyAttachment", "redash-migration-function").inputs["policyArn"],
      "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
    );
    const name = String(recording.outputs["functionName"]);
    // The mock's account.
    const itself = `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;
    assert.deepEqual(statements(recording, "redash-migration-function-code"), [
      {
        Effect: "Allow",
        Action: ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
        Resource: itself,
      },
      {
        Effect: "Deny",
        Action: [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:UnassignPrivateIpAddresses",
        ],
        Resource: "*",
        Condition: { ArnEquals: { "lambda:SourceFunctionArn": itself } },
      },
    ]);
  });
});
