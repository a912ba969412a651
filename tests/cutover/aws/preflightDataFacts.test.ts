import assert from "node:assert/strict";
import { CreateReplicationInstanceCommand } from "@aws-sdk/client-database-migration-service";
import { CreateReplicationGroupCommand } from "@aws-sdk/client-elasticache";
import { CreateDBInstanceCommand } from "@aws-sdk/client-rds";
import { after, before, beforeEach, describe, it } from "mocha";
import {
  assessmentFacts,
  connectionFacts,
  dmsInstanceFacts,
  dmsTaskFacts,
} from "../../../cutover/adapters/aws/preflight/facts/dms";
import { elastiCacheFacts } from "../../../cutover/adapters/aws/preflight/facts/elastiCache";
import { rdsFacts } from "../../../cutover/adapters/aws/preflight/facts/rds";
import { createTask } from "../../support/aws/dms";
import { ReadableAws } from "../../support/aws/readableAws";
import { awsDescription } from "../../support/aws/soundAwsFacts";

describe("facts of AWS where the data is", function () {
  this.timeout(120_000);
  let aws: ReadableAws;
  before(async () => {
    aws = await ReadableAws.start();
  });
  beforeEach(() => aws.moto.reset());
  after(() => aws.stop());

  it("of RDS are what a change waits for, by name and never by value", async () => {
    await aws.clients.rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: "redash-1a2b",
        Engine: "postgres",
        EngineVersion: "17.6",
        DBInstanceClass: "db.t4g.medium",
        AllocatedStorage: 50,
        MaxAllocatedStorage: 100,
        MultiAZ: true,
        BackupRetentionPeriod: 7,
        DeletionProtection: true,
        StorageEncrypted: true,
        PubliclyAccessible: false,
        CACertificateIdentifier: "rds-ca-rsa2048-g1",
        MasterUsername: "redash",
        MasterUserPassword: "a password that nobody sees",
      }),
    );
    const { parameterGroups, ...found } = await rdsFacts(aws.read, aws.clients.rds, "redash-1a2b");
    assert.deepEqual(found, {
      status: "available",
      engine: "postgres",
      version: "17.6",
      allocatedGib: 50,
      maxGib: 100,
      isMultiAz: true,
      backupRetentionDays: 7,
      isDeletionProtected: true,
      isEncrypted: true,
      isPublic: false,
      certificateAuthority: "rds-ca-rsa2048-g1",
      // moto knows neither when a certificate ends, nor zones of subnets that nobody named.
      certificateEndMs: 0,
      zones: [],
      pending: [],
    });
    assert.deepEqual(
      parameterGroups.map(({ status }) => status),
      ["in-sync"],
    );
    await assert.rejects(rdsFacts(aws.read, aws.clients.rds, "nobody"), /DBInstanceNotFound/);
    // Recorded shape: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html
    aws.moto.answerNext(
      /rds:DescribeDBInstances/,
      `<DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBInstancesResult><DBInstances><DBInstance>
         <DBInstanceStatus>available</DBInstanceStatus>
         <PendingModifiedValues><MasterUserPassword>****</MasterUserPassword><EngineVersion>17.7</EngineVersion></PendingModifiedValues>
         <DBParameterGroups><DBParameterGroup><DBParameterGroupName>redash</DBParameterGroupName><ParameterApplyStatus>pending-reboot</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>
         <DBSubnetGroup><Subnets>
           <Subnet><SubnetAvailabilityZone><Name>eu-west-1b</Name></SubnetAvailabilityZone></Subnet>
           <Subnet><SubnetAvailabilityZone><Name>eu-west-1a</Name></SubnetAvailabilityZone></Subnet></Subnets></DBSubnetGroup>
         <CertificateDetails><ValidTill>2027-01-01T00:00:00Z</ValidTill></CertificateDetails>
       </DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>`,
    );
    const waiting = await rdsFacts(aws.read, aws.clients.rds, "redash-1a2b");
    assert.deepEqual(waiting.pending, ["EngineVersion", "MasterUserPassword"]);
    assert.deepEqual(waiting.parameterGroups, [{ name: "redash", status: "pending-reboot" }]);
    assert.deepEqual(waiting.zones, ["eu-west-1a", "eu-west-1b"]);
    assert.equal(waiting.certificateEndMs, Date.UTC(2027, 0, 1));
    assert.equal(waiting.maxGib, undefined);
  });

  it("of ElastiCache are those of the group and of each node", async () => {
    await aws.clients.elastiCache.send(
      new CreateReplicationGroupCommand({
        ReplicationGroupId: "redash-queue",
        ReplicationGroupDescription: "queue",
        Engine: "valkey",
        NumCacheClusters: 2,
        AutomaticFailoverEnabled: true,
        MultiAZEnabled: true,
        TransitEncryptionEnabled: true,
        AtRestEncryptionEnabled: true,
        AuthToken: "a-token-of-sixteen-or-more",
        CacheNodeType: "cache.t4g.small",
      }),
    );
    // Recorded shape: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeCacheClusters.html
    aws.moto.answerNext(
      /DescribeCacheClusters/,
      `<DescribeCacheClustersResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><DescribeCacheClustersResult><CacheClusters><CacheCluster>
         <CacheClusterStatus>available</CacheClusterStatus><EngineVersion>8.1.0</EngineVersion>
         <CacheParameterGroup><CacheParameterGroupName>redash</CacheParameterGroupName><ParameterApplyStatus>pending-reboot</ParameterApplyStatus></CacheParameterGroup>
         <PendingModifiedValues><NumCacheNodes>1</NumCacheNodes></PendingModifiedValues>
       </CacheCluster></CacheClusters></DescribeCacheClustersResult></DescribeCacheClustersResponse>`,
    );
    const { nodes, zones, ...group } = await elastiCacheFacts(
      aws.read,
      aws.clients.elastiCache,
      "redash-queue",
    );
    assert.deepEqual(group, {
      status: "available",
      engine: "valkey",
      clusterMode: "disabled",
      shards: 1,
      isTlsRequired: true,
      hasAuthToken: true,
      isEncrypted: true,
      hasFailover: true,
      isMultiAz: true,
      pending: [],
    });
    // moto has one member, however many were asked for.
    assert.deepEqual(nodes, [
      {
        id: "redash-queue-001",
        status: "available",
        version: "8.1.0",
        parameterGroup: { name: "redash", status: "pending-reboot" },
        pending: ["NumCacheNodes"],
      },
    ]);
    assert.deepEqual(zones, ["us-east-1a"]);
    await assert.rejects(
      elastiCacheFacts(aws.read, aws.clients.elastiCache, "nobody"),
      /ReplicationGroupNotFoundFault/,
    );
  });

  describe("of DMS", () => {
    const { task: described } = awsDescription();
    const task = described!;

    it("are the instance's, the tests of its connections, and the documents of its task", async () => {
      const { dms } = aws.clients;
      const { ReplicationInstance } = await dms.send(
        new CreateReplicationInstanceCommand({
          ReplicationInstanceIdentifier: "redash",
          ReplicationInstanceClass: "dms.t3.medium",
          EngineVersion: "3.6.1",
          AutoMinorVersionUpgrade: false,
        }),
      );
      const instanceArn = ReplicationInstance!.ReplicationInstanceArn!;
      const instance = await dmsInstanceFacts(aws.read, dms, { ...task, instanceArn });
      assert.deepEqual([instance.version, instance.upgradesByItself], ["3.6.1", false]);
      await assert.rejects(dmsInstanceFacts(aws.read, dms, task), {
        message: `replication instance ${task.instanceArn} is not there; run pulumi up, which makes it`,
      });
      const arn = await createTask(dms);
      const facts = await dmsTaskFacts(aws.read, dms, { ...task, arn });
      assert.deepEqual([facts.status, facts.mappings], ["ready", {}]);
      assert.deepEqual(await connectionFacts(aws.read, dms, task.sourceEndpointArn), {
        status: undefined,
        failure: "",
      });
      // Recorded shape: https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeConnections.html
      aws.moto.answerNext(/DescribeConnections/, {
        Connections: [{ Status: "failed", LastFailureMessage: "no pg_hba.conf entry" }],
      });
      assert.deepEqual(await connectionFacts(aws.read, dms, task.sourceEndpointArn), {
        status: "failed",
        failure: "no pg_hba.conf entry",
      });
    });

    // Recorded shapes: https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeReplicationTaskAssessmentRuns.html
    const runs = (...ReplicationTaskAssessmentRuns: object[]) => {
      aws.moto.answerNext(/DescribeReplicationTaskAssessmentRuns/, {
        ReplicationTaskAssessmentRuns,
      });
    };
    const assessed = () =>
      assessmentFacts(aws.read, aws.clients.dms, task, {
        bucket: "redash-journal",
        name: "redash-1",
      });
    const START = "dms:StartReplicationTaskAssessmentRun";

    it("are the newest assessment, whatever came before it", async () => {
      runs(
        { Status: "failed", ReplicationTaskAssessmentRunCreationDate: 100 },
        {
          Status: "warning",
          ReplicationTaskAssessmentRunCreationDate: 200,
          ResultLocationBucket: "redash-journal",
          ResultLocationFolder: "assessments",
          LastFailureMessage: "LOB columns",
          ResultStatistic: { Failed: 0, Warning: 3 },
        },
      );
      assert.deepEqual(await assessed(), {
        status: "warning",
        failed: 0,
        warnings: 3,
        lastFailure: "LOB columns",
        report: "s3://redash-journal/assessments",
      });
      assert.deepEqual(aws.moto.bodiesOf(START), []);
    });

    it("start an assessment if there was none, or one in vain, and not while one runs", async () => {
      runs();
      aws.moto.answerNext(/StartReplicationTaskAssessmentRun/, {});
      assert.equal((await assessed()).status, "starting");
      runs({ Status: "error-executing", ReplicationTaskAssessmentRunCreationDate: 100 });
      aws.moto.answerNext(/StartReplicationTaskAssessmentRun/, {});
      assert.equal((await assessed()).status, "starting");
      const asked = {
        ReplicationTaskArn: task.arn,
        ServiceAccessRoleArn: task.assessmentRoleArn,
        ResultLocationBucket: "redash-journal",
        ResultLocationFolder: "assessments",
        AssessmentRunName: "redash-1",
      };
      assert.deepEqual(aws.moto.bodiesOf(START), [asked, asked]);
      runs({ Status: "running", ReplicationTaskAssessmentRunCreationDate: 100 });
      assert.equal((await assessed()).status, "running");
      assert.equal(aws.moto.bodiesOf(START).length, 2);
    });
  });
});
