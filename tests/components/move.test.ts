import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import {
  type DmsArgs,
  RedashMigration,
  type RedashMigrationArgs,
} from "../../components/RedashMigration";
import { awsWorldDescription } from "../../cutover/adapters/aws/description";
import { record, type Recording } from "../../preview/recorder";
import { hostDocument } from "../../redash/hostDocument";
import { hostScript, MOVE_PARTS } from "../../redash/hostScript";
import { MOVE_ACTIONS, type MoveResource } from "../../redash/moveActions";
import { KEY, LISTENER, LISTENER_RULE, MIGRATION_ARGS } from "../support/migrationArgs";
import { only, waitsFor } from "../support/recordings";

const DMS: DmsArgs = {
  instanceClass: "dms.t3.medium",
  storageGib: 50,
  multiAz: false,
  maintenanceWindow: "sun:18:00-sun:18:30",
  createRoles: false,
  largestLobBytes: 1_000_000,
  subnetIds: ["subnet-a", "subnet-b"],
  securityGroupId: "sg-replication",
};
const RULE = {
  loadBalancer: { ...MIGRATION_ARGS.loadBalancer, listenerRuleArn: LISTENER_RULE },
};

const recorded = (changes: Partial<RedashMigrationArgs> = {}, unknowns = false) =>
  record(
    () => {
      const { move, sourceSecretArn, targetSecretArn, dms } = new RedashMigration("redash", {
        ...MIGRATION_ARGS,
        ...changes,
      });
      return { ...dms, ...move, sourceSecretArn, targetSecretArn };
    },
    { stack: "prod", config: {}, unknowns },
  );

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: object;
}
const statements = (recording: Recording, name = "redash-migration-function") =>
  (
    JSON.parse(String(only(recording, "RolePolicy", name).inputs["policy"])) as {
      Statement: Statement[];
    }
  ).Statement;
const actions = (list: readonly Statement[]) => list.flatMap(({ Action }) => Action).sort();
/** Resources of an action. */
const on = (list: readonly Statement[], action: string) =>
  list.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource);

describe("where a move runs", () => {
  describe("the function", () => {
    it("has exactly these inputs: Node 22, in the VPC, quarter of an hour, no retry of its own", async () => {
      const recording = await recorded();
      const { inputs } = only(recording, "Function", "redash-migration-function");
      const { code, role, vpcConfig, environment, loggingConfig, ...plain } = inputs;
      assert.deepEqual(plain, {
        description: "Redash: the acts of its move",
        runtime: "nodejs22.x",
        architectures: ["arm64"],
        handler: "index.handler",
        memorySize: 1769,
        timeout: 900,
        kmsKeyArn: KEY,
      });
      const { assets } = code as { assets: Record<string, string> };
      assert.deepEqual(Object.keys(assets), ["index.js"]);
      assert.match(assets["index.js"]!, /^\d+ bytes, sha256 [0-9a-f]{16}$/);
      assert.match(String(role), /:role\/redash-migration-function-[0-9a-f]{7}$/);
      const group = only(
        recording,
        "SecurityGroupEgressRule",
        "redash-migration-function-to-queue",
      );
      assert.deepEqual(vpcConfig, {
        subnetIds: ["subnet-a", "subnet-b"],
        securityGroupIds: [group.inputs["securityGroupId"]],
      });
      assert.deepEqual(Object.keys((environment as { variables: object }).variables), [
        "REDASH_MOVE",
      ]);
      const { logGroup, ...logs } = loggingConfig as { logGroup: string };
      assert.deepEqual(logs, { logFormat: "JSON" });
      assert.match(logGroup, /^redash-migration-function-[0-9a-f]{7}$/);
      assert.deepEqual(only(recording, "LogGroup", "redash-migration-function").inputs, {
        kmsKeyId: KEY,
        retentionInDays: 90,
      });
      assert.deepEqual(
        only(recording, "FunctionEventInvokeConfig", "redash-migration-function").inputs,
        {
          functionName: recording.outputs["functionName"],
          maximumRetryAttempts: 0,
          maximumEventAgeInSeconds: 60,
        },
      );
      assert.deepEqual(
        only(recording, "FunctionRecursionConfig", "redash-migration-function").inputs,
        { functionName: recording.outputs["functionName"], recursiveLoop: "Allow" },
      );
    });

    it("waits for its permissions, and its security group, which outlives it, goes before them", async () => {
      const recording = await recorded();
      const permissions = [
        "aws:iam/role:Role redash-migration-function",
        "aws:iam/rolePolicy:RolePolicy redash-migration-function",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment redash-migration-function",
      ];
      for (const type of ["Function", "SecurityGroup"]) {
        const awaited = waitsFor(only(recording, type, "redash-migration-function"));
        for (const permission of permissions) assert.ok(awaited.includes(permission), permission);
      }
    });
  });

  describe("its world", () => {
    const world = async (changes: Partial<RedashMigrationArgs> = {}) => {
      const { inputs } = only(await recorded(changes), "Function", "redash-migration-function");
      const { variables } = inputs["environment"] as { variables: { REDASH_MOVE: string } };
      return awsWorldDescription.parse(JSON.parse(variables.REDASH_MOVE));
    };

    it("is what the cutover reads, of names and ARNs alone", async () => {
      const { outputs } = await recorded();
      assert.deepEqual(await world(), {
        kind: "aws",
        region: "eu-west-1",
        limits: {
          writeOutageBudgetMs: 60_000,
          drainDeadlineMs: 600_000,
          longDeadlineMs: 86_400_000,
        },
        stack: "prod",
        mode: "production",
        url: "https://redash.acme.io",
        secretKeySecretArn: MIGRATION_ARGS.secretKeySecretArn,
        probeDataSourceId: 7,
        source: {
          instanceId: "i-0a1b2c3d4e5f60718",
          database: {
            host: "10.60.10.20",
            port: 5433,
            database: "postgres",
            applicationRole: "redash",
            sslMode: "require",
            secretArn: outputs["sourceSecretArn"],
          },
          documentName: outputs["documentName"],
          targetGroupArn: MIGRATION_ARGS.source.targetGroupArn,
        },
        target: {
          database: {
            host: "redash.abc.eu-west-1.rds.amazonaws.com",
            port: 5432,
            database: "redash",
            applicationRole: "redash_app",
            secretArn: outputs["targetSecretArn"],
            urlSecretArn: MIGRATION_ARGS.target.urlSecretArn,
            identifier: "redash-0f0f0f0f",
          },
          queueUrlSecretArn: MIGRATION_ARGS.queue.urlSecretArn,
          replicationGroupId: "redash-queue",
          cluster: "redash-cluster",
          services: {
            servers: ["redash-server"],
            scheduler: ["redash-scheduler"],
            workers: ["redash-worker-adhoc", "redash-worker-periodic"],
          },
          wantedTasks: {
            "redash-server": 2,
            "redash-scheduler": 1,
            "redash-worker-adhoc": 3,
            "redash-worker-periodic": 1,
          },
          targetGroupArn: MIGRATION_ARGS.cluster.targetGroupArn,
        },
        traffic: { listenerArn: LISTENER },
        journalBucket: outputs["journalBucket"],
      });
    });

    it("has the task of DMS, the rule on another's listener, and what only an operator knows of the host", async () => {
      const services = {
        servers: ["web"],
        scheduler: ["cron"],
        workers: ["rq"],
        database: "db",
        queue: "valkey",
      };
      const source = { ...MIGRATION_ARGS.source, projectDirectory: "/srv/redash", services };
      const changes = { ...RULE, source, dms: DMS };
      const { outputs } = await recorded(changes);
      const { task, traffic, source: described } = await world(changes);
      const { assessmentRoleArn, ...made } = task!;
      assert.match(assessmentRoleArn, /:role\/redash-migration-assessment-[0-9a-f]{7}$/);
      assert.deepEqual(made, {
        arn: outputs["taskArn"],
        sourceRole: "redash_dms",
        sourceEndpointArn: outputs["sourceEndpointArn"],
        targetEndpointArn: outputs["targetEndpointArn"],
        instanceArn: outputs["instanceArn"],
      });
      assert.deepEqual(traffic, { listenerArn: LISTENER, listenerRuleArn: LISTENER_RULE });
      assert.deepEqual([described.projectDirectory, described.services], ["/srv/redash", services]);
    });
  });

  describe("its role", () => {
    const OF_KEY = ["kms:Decrypt", "kms:GenerateDataKey"];

    /** Actions of the list that are not on these kinds of resources. */
    const listedBut = (...kinds: MoveResource[]) =>
      Object.entries(MOVE_ACTIONS)
        .filter(([, kind]) => !kinds.includes(kind))
        .map(([action]) => action);
    /** What the function may do, itself and with itself. */
    const allowed = async (changes: Partial<RedashMigrationArgs> = {}) => {
      const recording = await recorded(changes);
      const own = statements(recording, "redash-migration-function-code");
      return actions([...statements(recording), ...own].filter(({ Effect }) => Effect === "Allow"));
    };

    it("may do what the adapters call and use the key, no more: all of it with DMS and a rule, less without", async () => {
      assert.deepEqual(
        await allowed({ ...RULE, dms: DMS }),
        [...listedBut("listener"), "iam:PassRole", ...OF_KEY].sort(),
      );
      assert.deepEqual(
        await allowed(),
        [...listedBut("listenerRule", "replicationTask"), ...OF_KEY].sort(),
      );
    });

    it("may do it to this stack's resources alone", async () => {
      const recording = await recorded({ dms: DMS });
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
      assert.deepEqual(on(statements(await recorded(RULE)), "elasticloadbalancing:ModifyRule"), [
        LISTENER_RULE,
      ]);
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
        const recording = await recorded(changes);
        return [
          ...statements(recording),
          ...statements(recording, "redash-migration-function-code"),
        ].filter(({ Action }) => Action.includes("iam:PassRole"));
      };
      const [handOver, ...others] = await passing({ dms: DMS });
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
      const list = statements(await recorded({ secretKeyArns: [other] }));
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
      const recording = await recorded();
      const role = only(recording, "Role", "redash-migration-function");
      assert.deepEqual(JSON.parse(String(role.inputs["assumeRolePolicy"])), {
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

  it("keeps its journal in a bucket with versions and the key, over TLS alone, which ends with the move and not before", async () => {
    const recording = await recorded();
    const part = (type: string) => only(recording, type, "redash-migration-journal");
    assert.deepEqual(part("Bucket").inputs, { forceDestroy: true });
    assert.equal(part("Bucket").protect, false);
    const bucket = recording.outputs["journalBucket"];
    assert.deepEqual(part("BucketVersioning").inputs, {
      bucket,
      versioningConfiguration: { status: "Enabled" },
    });
    assert.deepEqual(part("BucketServerSideEncryptionConfiguration").inputs, {
      bucket,
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: KEY },
          bucketKeyEnabled: true,
        },
      ],
    });
    assert.deepEqual(part("BucketOwnershipControls").inputs, {
      bucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
    assert.deepEqual(part("BucketPublicAccessBlock").inputs, {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    assert.deepEqual(part("BucketLifecycleConfiguration").inputs["rules"], [
      {
        id: "expire",
        status: "Enabled",
        filter: {},
        expiration: { expiredObjectDeleteMarker: true },
        noncurrentVersionExpiration: { noncurrentDays: 90 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
      },
    ]);
    const arn = `arn:aws:s3:::${String(bucket)}`;
    assert.deepEqual(JSON.parse(String(part("BucketPolicy").inputs["policy"])), {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "TlsOnly",
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: [arn, `${arn}/*`],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    });
  });

  it("reaches the host by a document with the move's own script, shared with nobody", async () => {
    const { inputs } = only(await recorded(), "Document", "redash-migration-source");
    const { content, ...plain } = inputs;
    assert.deepEqual(plain, {
      documentType: "Command",
      documentFormat: "JSON",
      targetType: "/AWS::EC2::Instance",
    });
    const script = hostScript(MOVE_PARTS, (part) =>
      readFileSync(join(__dirname, "..", "..", "redash", "host", part), "utf8"),
    );
    assert.deepEqual(JSON.parse(String(content)), hostDocument(script));
    // SSM would take what docker has in double braces for parameters of its own.
    const [carried] = /printf %s '([A-Za-z0-9+/=]+)' \| base64 -d/.exec(String(content))!.slice(1);
    assert.equal(Buffer.from(carried!, "base64").toString(), script);
    assert.deepEqual(String(content).match(/\{\{[^}]*\}\}/g), ["{{ payload }}", "{{ act }}"]);
    for (const act of ["act_prepare", "act_undo", "act_environment"])
      assert.ok(!script.includes(act), `${act} is the operator's`);
    // https://docs.aws.amazon.com/general/latest/gr/ssm.html
    assert.ok(Buffer.byteLength(String(content)) < 64 * 1024, "the size limit of a document");
  });

  describe("its firewall", () => {
    /** Every rule of the function, as "group -> peer port". */
    const rules = async (changes: Partial<RedashMigrationArgs> = {}) => {
      const recording = await recorded(changes);
      const own = only(recording, "SecurityGroupEgressRule", "redash-migration-function-to-https")
        .inputs["securityGroupId"];
      const side = (id: unknown) => (id === own ? "function" : String(id));
      return recording.resources
        .filter(({ type }) => type.startsWith("aws:vpc/securityGroup"))
        .map(({ type, inputs }) => {
          assert.deepEqual([inputs["ipProtocol"], inputs["toPort"]], ["tcp", inputs["fromPort"]]);
          const arrow = type.includes("Ingress") ? "<-" : "->";
          const peer = inputs["referencedSecurityGroupId"] ?? inputs["cidrIpv4"];
          return `${side(inputs["securityGroupId"])} ${arrow} ${side(peer)} ${String(inputs["fromPort"])}`;
        })
        .sort();
    };
    const INSIDE = [
      "function -> sg-database 5432",
      "sg-database <- function 5432",
      "function -> sg-queue 6379",
      "sg-queue <- function 6379",
      "function -> 0.0.0.0/0 443",
      "sg-load-balancer <- function 443",
    ];
    const OF_SOURCE = ["function -> sg-source 5433", "sg-source <- function 5433"];

    it("leads to both databases, the queue and Redash, and lets nobody in", async () => {
      assert.deepEqual(await rules(), [...INSIDE, ...OF_SOURCE].sort());
    });

    it("leads to a source's address where the group is not known, whose owner lets it in", async () => {
      const { securityGroupId, ...source } = MIGRATION_ARGS.source;
      assert.equal(securityGroupId, "sg-source");
      assert.deepEqual(
        await rules({ source }),
        [...INSIDE, "function -> 10.60.10.20/32 5433"].sort(),
      );
    });

    it("reaches AWS by endpoints where there are some", async () => {
      assert.deepEqual(
        await rules({ endpointsSecurityGroupId: "sg-endpoints" }),
        [...INSIDE, ...OF_SOURCE, "sg-endpoints <- function 443"].sort(),
      );
    });

    it("reaches an internet-facing load balancer by its public name, so from the NAT gateways; an internal one never", async () => {
      const loadBalancer = {
        ...MIGRATION_ARGS.loadBalancer,
        natAddresses: ["192.0.2.1", "192.0.2.2"],
      };
      assert.deepEqual(
        await rules({ loadBalancer }),
        [
          ...INSIDE,
          ...OF_SOURCE,
          "sg-load-balancer <- 192.0.2.1/32 443",
          "sg-load-balancer <- 192.0.2.2/32 443",
        ].sort(),
      );
      assert.deepEqual(
        await rules({ loadBalancer: { ...loadBalancer, scheme: "internal" } }),
        [...INSIDE, ...OF_SOURCE].sort(),
      );
    });
  });
});
