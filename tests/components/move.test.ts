import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import type { RedashMigrationArgs } from "../../components/RedashMigration";
import { awsWorldDescription } from "../../cutover/adapters/aws/description";
import { hostDocument } from "../../redash/hostDocument";
import { hostScript, MOVE_PARTS } from "../../redash/hostScript";
import { recordMigration } from "../support/migration";
import {
  BY_RULE,
  DMS_ARGS,
  KEY,
  LISTENER,
  LISTENER_RULE,
  MIGRATION_ARGS,
} from "../support/migrationArgs";
import { document, only, waitsFor } from "../support/recordings";

describe("where a move runs", () => {
  describe("the function", () => {
    it("has exactly these inputs: Node 22, in the VPC, quarter of an hour, no retry of its own", async () => {
      const recording = await recordMigration();
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
      const recording = await recordMigration();
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
      const { inputs } = only(
        await recordMigration(changes),
        "Function",
        "redash-migration-function",
      );
      const { variables } = inputs["environment"] as { variables: { REDASH_MOVE: string } };
      return awsWorldDescription.parse(JSON.parse(variables.REDASH_MOVE));
    };

    it("is what the cutover reads, of names and ARNs alone", async () => {
      const { outputs } = await recordMigration();
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
      const changes = { ...BY_RULE, source, dms: DMS_ARGS };
      const { outputs } = await recordMigration(changes);
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

  it("keeps its journal in a bucket with versions and the key, over TLS alone, which ends with the move and not before", async () => {
    const recording = await recordMigration();
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
    assert.deepEqual(document(part("BucketPolicy"), "policy"), {
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
    const { inputs } = only(await recordMigration(), "Document", "redash-migration-source");
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
});
