import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { CreateReplicationInstanceCommand } from "@aws-sdk/client-database-migration-service";
import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AuthorizeSecurityGroupEgressCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  RevokeSecurityGroupEgressCommand,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateClusterCommand,
  CreateServiceCommand,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateReplicationGroupCommand } from "@aws-sdk/client-elasticache";
import { CreateDBInstanceCommand } from "@aws-sdk/client-rds";
import { CreateBucketCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { CreateSecretCommand } from "@aws-sdk/client-secrets-manager";
import { after, before, beforeEach, describe, it } from "mocha";
import { awsClients, type AwsClients } from "../../../cutover/adapters/aws/clients";
import {
  assessmentFacts,
  connectionFacts,
  dmsInstanceFacts,
  dmsInstanceQuota,
  dmsTaskFacts,
} from "../../../cutover/adapters/aws/preflight/facts/dms";
import { ecsFacts } from "../../../cutover/adapters/aws/preflight/facts/ecs";
import { elastiCacheFacts } from "../../../cutover/adapters/aws/preflight/facts/elastiCache";
import {
  balancerName,
  forwardFacts,
  targetGroupFacts,
} from "../../../cutover/adapters/aws/preflight/facts/elb";
import { gatherAwsFacts } from "../../../cutover/adapters/aws/preflight/facts/facts";
import {
  bucketVersioning,
  functionFacts,
  secretRole,
} from "../../../cutover/adapters/aws/preflight/facts/moveItself";
import {
  interfaceEndpoints,
  networkFacts,
  networkInterfaces,
} from "../../../cutover/adapters/aws/preflight/facts/network";
import { quota } from "../../../cutover/adapters/aws/preflight/facts/quotas";
import { rdsFacts, rdsStorageQuota } from "../../../cutover/adapters/aws/preflight/facts/rds";
import { addressesOf, connects, hostOf } from "../../../cutover/adapters/aws/preflight/facts/reach";
import { type Read, readWith } from "../../../cutover/adapters/aws/preflight/facts/read";
import {
  agentFacts,
  isWithin,
  sourceHostFacts,
} from "../../../cutover/adapters/aws/preflight/facts/sourceHost";
import { awsChecks } from "../../../cutover/adapters/aws/preflight/preflight";
import { known } from "../../../cutover/preflight/fact";
import { systemClock } from "../../../cutover/engine/clock";
import { createTask } from "../../support/aws/dms";
import { Moto, REGION } from "../../support/aws/moto";
import { awsDescription } from "../../support/aws/soundAwsFacts";
import { soundFacts } from "../../support/cutover/soundFacts";

const clock = {
  ...systemClock,
  sleep: (milliseconds: number, signal?: AbortSignal) =>
    systemClock.sleep(Math.min(milliseconds, 2), signal),
};

describe("facts of AWS", function () {
  this.timeout(120_000);
  let moto: Moto;
  let clients: AwsClients;
  let read: Read;
  before(async () => {
    moto = await Moto.start();
    clients = awsClients(moto.options);
  });
  after(async () => {
    for (const client of Object.values(clients)) client.destroy();
    await moto.stop();
  });
  beforeEach(async () => {
    await moto.reset();
    read = readWith(clock, AbortSignal.timeout(10_000));
  });

  describe("of the network", () => {
    async function network() {
      const { ec2 } = clients;
      const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
      const vpcId = Vpc!.VpcId!;
      const subnetIds: string[] = [];
      for (const [index, zone] of ["a", "b"].entries()) {
        const { Subnet } = await ec2.send(
          new CreateSubnetCommand({
            VpcId: vpcId,
            CidrBlock: `10.0.${index}.0/24`,
            AvailabilityZone: `${REGION}${zone}`,
          }),
        );
        subnetIds.push(Subnet!.SubnetId!);
      }
      return { vpcId, subnetIds };
    }

    it("has zones, addresses that are left, and the addresses of NAT on the subnets' routes", async () => {
      const { ec2 } = clients;
      const { vpcId, subnetIds } = await network();
      const none = await networkFacts(read, ec2, subnetIds);
      assert.deepEqual(none, {
        vpcIds: [vpcId],
        zones: [`${REGION}a`, `${REGION}b`],
        freeAddresses: 251,
        natGateways: [],
      });
      const { AllocationId, PublicIp } = await ec2.send(new AllocateAddressCommand({}));
      const { NatGateway } = await ec2.send(
        new CreateNatGatewayCommand({ SubnetId: subnetIds[0], AllocationId }),
      );
      const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId: vpcId }));
      const RouteTableId = RouteTable!.RouteTableId;
      await ec2.send(
        new CreateRouteCommand({
          RouteTableId,
          DestinationCidrBlock: "0.0.0.0/0",
          NatGatewayId: NatGateway!.NatGatewayId,
        }),
      );
      await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId: subnetIds[0] }));
      const { natGateways } = await networkFacts(read, ec2, subnetIds);
      assert.deepEqual(natGateways, [
        { id: NatGateway!.NatGatewayId, state: "available", publicAddresses: [PublicIp] },
      ]);
      assert.deepEqual(
        await networkFacts(read, ec2, [subnetIds[1]!]).then((it) => it.natGateways),
        [],
      );
    });

    it("counts interfaces, and interface endpoints of the VPC alone", async () => {
      const { ec2 } = clients;
      const { vpcId, subnetIds } = await network();
      const before = await networkInterfaces(read, ec2);
      const endpoint = (VpcEndpointType: "Interface" | "Gateway", service: string) =>
        ec2.send(
          new CreateVpcEndpointCommand({
            VpcId: vpcId,
            VpcEndpointType,
            ServiceName: `com.amazonaws.${REGION}.${service}`,
            ...(VpcEndpointType === "Interface" ? { SubnetIds: subnetIds } : {}),
          }),
        );
      await endpoint("Interface", "ssm");
      await endpoint("Gateway", "s3");
      assert.equal(await interfaceEndpoints(read, ec2, [vpcId]), 1);
      assert.equal(await interfaceEndpoints(read, ec2, ["vpc-other"]), 0);
      assert.equal(await networkInterfaces(read, ec2), before + 2);
    });

    it("tells by which rules the source gets out of the VPC", async () => {
      const { ec2 } = clients;
      const { vpcId, subnetIds } = await network();
      const { GroupId } = await ec2.send(
        new CreateSecurityGroupCommand({ VpcId: vpcId, GroupName: "host", Description: "host" }),
      );
      const { Instances } = await ec2.send(
        new RunInstancesCommand({
          ImageId: "ami-12c6146b",
          MinCount: 1,
          MaxCount: 1,
          SubnetId: subnetIds[0],
          SecurityGroupIds: [GroupId!],
          MetadataOptions: { HttpTokens: "required" },
        }),
      );
      const id = Instances![0]!.InstanceId!;
      const open = await sourceHostFacts(read, ec2, id);
      assert.equal(open.state, "running");
      assert.equal(open.vpcId, vpcId);
      assert.deepEqual(open.waysOut, [`${GroupId ?? ""}: 0.0.0.0/0`]);
      const everywhere = { IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
      await ec2.send(
        new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: [everywhere] }),
      );
      const tcp = (port: number) => ({ IpProtocol: "tcp", FromPort: port, ToPort: port });
      await ec2.send(
        new AuthorizeSecurityGroupEgressCommand({
          GroupId,
          IpPermissions: [
            { ...tcp(443), IpRanges: [{ CidrIp: "10.0.1.0/24" }] },
            { ...tcp(5432), UserIdGroupPairs: [{ GroupId }] },
          ],
        }),
      );
      assert.deepEqual((await sourceHostFacts(read, ec2, id)).waysOut, []);
      await ec2.send(
        new AuthorizeSecurityGroupEgressCommand({
          GroupId,
          IpPermissions: [{ ...tcp(25), IpRanges: [{ CidrIp: "10.0.0.0/15" }] }],
        }),
      );
      assert.deepEqual((await sourceHostFacts(read, ec2, id)).waysOut, [
        `${GroupId ?? ""}: 10.0.0.0/15`,
      ]);
    });

    it("knows a range within another one", () => {
      assert.ok(isWithin("10.0.5.7/32", "10.0.0.0/16"));
      assert.ok(isWithin("200.1.0.0/16", "200.1.0.0/16"));
      assert.ok(isWithin("192.168.4.0/22", "192.168.0.0/16"));
      assert.ok(!isWithin("10.0.0.0/15", "10.0.0.0/16"));
      assert.ok(!isWithin("10.1.0.0/24", "10.0.0.0/16"));
      assert.ok(!isWithin("0.0.0.0/0", "10.0.0.0/16"));
    });
  });

  it("of RDS are what a change waits for, by name and never by value", async () => {
    await clients.rds.send(
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
        MasterUsername: "redash",
        MasterUserPassword: "a password that nobody sees",
      }),
    );
    const { certificateEndMs, parameterGroups, zones, pending, ...found } = await rdsFacts(
      read,
      clients.rds,
      "redash-1a2b",
    );
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
      certificateAuthority: found.certificateAuthority,
    });
    assert.ok(certificateEndMs >= 0);
    assert.deepEqual(
      parameterGroups.map(({ status }) => status),
      ["in-sync"],
    );
    assert.deepEqual([zones, pending], [[], []]);
    await assert.rejects(rdsFacts(read, clients.rds, "nobody"), /DBInstanceNotFound/);
    // Recorded shape: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html
    moto.answerNext(
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
    const waiting = await rdsFacts(read, clients.rds, "redash-1a2b");
    assert.deepEqual(waiting.pending, ["EngineVersion", "MasterUserPassword"]);
    assert.deepEqual(waiting.parameterGroups, [{ name: "redash", status: "pending-reboot" }]);
    assert.deepEqual(waiting.zones, ["eu-west-1a", "eu-west-1b"]);
    assert.equal(waiting.certificateEndMs, Date.UTC(2027, 0, 1));
    assert.equal(waiting.maxGib, undefined);
  });

  it("of ElastiCache are those of the group and of each node", async () => {
    await clients.elastiCache.send(
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
    moto.answerNext(
      /DescribeCacheClusters/,
      `<DescribeCacheClustersResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><DescribeCacheClustersResult><CacheClusters><CacheCluster>
         <CacheClusterStatus>available</CacheClusterStatus><EngineVersion>8.1.0</EngineVersion>
         <CacheParameterGroup><CacheParameterGroupName>redash</CacheParameterGroupName><ParameterApplyStatus>pending-reboot</ParameterApplyStatus></CacheParameterGroup>
         <PendingModifiedValues><NumCacheNodes>1</NumCacheNodes></PendingModifiedValues>
       </CacheCluster></CacheClusters></DescribeCacheClustersResult></DescribeCacheClustersResponse>`,
    );
    const { nodes, zones, ...group } = await elastiCacheFacts(
      read,
      clients.elastiCache,
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
    assert.ok(zones.length > 0);
    await assert.rejects(
      elastiCacheFacts(read, clients.elastiCache, "nobody"),
      /ReplicationGroupNotFoundFault/,
    );
  });

  it("of services are their counts, deployments, image and the secrets of their tasks", async () => {
    const { ecs } = clients;
    await ecs.send(new CreateClusterCommand({ clusterName: "redash" }));
    const { Vpc } = await clients.ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
    const { Subnet } = await clients.ec2.send(
      new CreateSubnetCommand({ VpcId: Vpc!.VpcId, CidrBlock: "10.0.0.0/24" }),
    );
    const subnets = [Subnet!.SubnetId!];
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "redash",
        cpu: "512",
        memory: "1024",
        networkMode: "awsvpc",
        requiresCompatibilities: ["FARGATE"],
        containerDefinitions: [
          { name: "bootstrap", image: "first" },
          {
            name: "redash",
            image: "redash/redash:25.8.0",
            environment: [{ name: "SQLALCHEMY_ENABLE_POOL_PRE_PING", value: "true" }],
            secrets: [
              {
                name: "REDASH_SECRET_KEY",
                valueFrom: "arn:aws:secretsmanager:eu-west-1:1:secret:key-1a:secretKey::",
              },
              {
                name: "REDASH_DATABASE_URL",
                valueFrom: "arn:aws:secretsmanager:eu-west-1:1:secret:url-2b",
              },
            ],
          },
        ],
      }),
    );
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: "plain",
        containerDefinitions: [{ name: "redash", image: "redash/redash:25.8.0", memory: 1024 }],
      }),
    );
    const names = Array.from({ length: 11 }, (_, index) => `worker-${index}`);
    for (const serviceName of ["server", "scheduler", ...names])
      await ecs.send(
        new CreateServiceCommand({
          cluster: "redash",
          serviceName,
          taskDefinition: serviceName === "scheduler" ? "plain" : "redash",
          desiredCount: 0,
          launchType: "FARGATE",
          networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups: [] } },
        }),
      );
    moto.requests.length = 0;
    const services = { servers: ["server"], scheduler: ["scheduler"], workers: names };
    const found = await ecsFacts(read, ecs, { cluster: "redash", services });
    assert.equal(moto.requests.filter((it) => it === "ecs:DescribeServices").length, 2);
    assert.deepEqual(
      found.map(({ part }) => part),
      ["servers", "scheduler", ...names.map(() => "workers")],
    );
    const [{ deployments, lastEvent, hasCircuitBreaker, mostPercent, ...server }] = found as [
      (typeof found)[number],
    ];
    assert.deepEqual(server, {
      name: "server",
      part: "servers",
      status: "ACTIVE",
      desired: 0,
      running: 0,
      subnetIds: subnets,
      image: "redash/redash:25.8.0",
      cpuUnits: 512,
      secrets: {
        REDASH_SECRET_KEY: "arn:aws:secretsmanager:eu-west-1:1:secret:key-1a",
        REDASH_DATABASE_URL: "arn:aws:secretsmanager:eu-west-1:1:secret:url-2b",
      },
      triesSessions: true,
    });
    assert.deepEqual(
      found.map(({ triesSessions }) => triesSessions),
      found.map(({ name }) => name !== "scheduler"),
    );
    assert.deepEqual([hasCircuitBreaker, mostPercent], [false, 200]);
    assert.equal(deployments.length, 1);
    assert.equal(typeof lastEvent, "string");
    await assert.rejects(
      ecsFacts(read, ecs, { cluster: "redash", services: { ...services, servers: ["web"] } }),
      { message: "service web of ECS is not there; run pulumi up, which makes it" },
    );
  });

  it("of the load balancer are weights of the listener or the rule, and who is unhealthy and why", async () => {
    const { ec2, elb } = clients;
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
    const subnets: string[] = [];
    for (const [index, zone] of ["a", "b"].entries()) {
      const { Subnet } = await ec2.send(
        new CreateSubnetCommand({
          VpcId: Vpc!.VpcId,
          CidrBlock: `10.0.${index}.0/24`,
          AvailabilityZone: `${REGION}${zone}`,
        }),
      );
      subnets.push(Subnet!.SubnetId!);
    }
    const group = async (Name: string) => {
      const { TargetGroups } = await elb.send(
        new CreateTargetGroupCommand({
          Name,
          Protocol: "HTTP",
          Port: 80,
          VpcId: Vpc!.VpcId,
          TargetType: "ip",
        }),
      );
      return TargetGroups![0]!.TargetGroupArn!;
    };
    const [source, target] = [await group("source"), await group("target")];
    const { LoadBalancers } = await elb.send(
      new CreateLoadBalancerCommand({ Name: "redash", Subnets: subnets }),
    );
    const forward = (weights: readonly [number, number]) => ({
      Type: "forward" as const,
      ForwardConfig: {
        TargetGroups: [
          { TargetGroupArn: source, Weight: weights[0] },
          { TargetGroupArn: target, Weight: weights[1] },
        ],
        TargetGroupStickinessConfig: { Enabled: false, DurationSeconds: 3600 },
      },
    });
    const { Listeners } = await elb.send(
      new CreateListenerCommand({
        LoadBalancerArn: LoadBalancers![0]!.LoadBalancerArn,
        Protocol: "HTTP",
        Port: 80,
        DefaultActions: [forward([100, 0])],
      }),
    );
    const listenerArn = Listeners![0]!.ListenerArn!;
    const { Rules } = await elb.send(
      new CreateRuleCommand({
        ListenerArn: listenerArn,
        Priority: 7,
        Conditions: [{ Field: "host-header", Values: ["redash.example.com"] }],
        Actions: [forward([0, 100])],
      }),
    );
    assert.deepEqual(await forwardFacts(read, elb, { listenerArn }), {
      kinds: ["forward"],
      weights: { [source]: 100, [target]: 0 },
      isSticky: false,
    });
    assert.equal(await balancerName(read, elb, listenerArn), LoadBalancers![0]!.DNSName);
    await assert.rejects(balancerName(read, elb, `${listenerArn}0`), /ListenerNotFound/);
    const byRule = await forwardFacts(read, elb, {
      listenerArn,
      listenerRuleArn: Rules![0]!.RuleArn!,
    });
    assert.deepEqual(byRule.weights, { [source]: 0, [target]: 100 });
    assert.deepEqual(await targetGroupFacts(read, elb, target), {
      healthy: [],
      unhealthy: [],
      deregistrationDelaySeconds: 300,
    });
    await elb.send(
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn: target,
        Attributes: [{ Key: "deregistration_delay.timeout_seconds", Value: "60" }],
      }),
    );
    await elb.send(
      new RegisterTargetsCommand({ TargetGroupArn: target, Targets: [{ Id: "10.0.0.7" }] }),
    );
    const one = await targetGroupFacts(read, elb, target);
    assert.deepEqual(one, {
      healthy: ["10.0.0.7"],
      unhealthy: [],
      deregistrationDelaySeconds: 60,
    });
    // Recorded shape: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
    const described = (id: string, state: string) =>
      `<member><Target><Id>${id}</Id></Target><TargetHealth><State>${state}</State><Reason>Target.Timeout</Reason></TargetHealth></member>`;
    moto.answerNext(
      /DescribeTargetHealth/,
      `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult><TargetHealthDescriptions>
         ${described("10.0.0.7", "unhealthy")}${described("10.0.0.8", "draining")}
       </TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`,
    );
    const { unhealthy } = await targetGroupFacts(read, elb, target);
    assert.deepEqual(unhealthy, ["10.0.0.7 is unhealthy (Target.Timeout)"]);
  });

  describe("of DMS", () => {
    const { task: described } = awsDescription();
    const task = described!;

    it("are the instance's, the tests of its connections, and the documents of its task", async () => {
      const { dms } = clients;
      const { ReplicationInstance } = await dms.send(
        new CreateReplicationInstanceCommand({
          ReplicationInstanceIdentifier: "redash",
          ReplicationInstanceClass: "dms.t3.medium",
          EngineVersion: "3.6.1",
          AutoMinorVersionUpgrade: false,
        }),
      );
      const instanceArn = ReplicationInstance!.ReplicationInstanceArn!;
      const instance = await dmsInstanceFacts(read, dms, { ...task, instanceArn });
      assert.deepEqual([instance.version, instance.upgradesByItself], ["3.6.1", false]);
      await assert.rejects(dmsInstanceFacts(read, dms, task), {
        message: `replication instance ${task.instanceArn} is not there; run pulumi up, which makes it`,
      });
      const arn = await createTask(dms);
      const facts = await dmsTaskFacts(read, dms, { ...task, arn });
      assert.deepEqual([facts.status, facts.mappings], ["ready", {}]);
      assert.deepEqual(await connectionFacts(read, dms, task.sourceEndpointArn), {
        status: undefined,
        failure: "",
      });
      // Recorded shape: https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeConnections.html
      moto.answerNext(/DescribeConnections/, {
        Connections: [{ Status: "failed", LastFailureMessage: "no pg_hba.conf entry" }],
      });
      assert.deepEqual(await connectionFacts(read, dms, task.sourceEndpointArn), {
        status: "failed",
        failure: "no pg_hba.conf entry",
      });
    });

    // Recorded shapes: https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeReplicationTaskAssessmentRuns.html
    const runs = (...ReplicationTaskAssessmentRuns: object[]) => {
      moto.answerNext(/DescribeReplicationTaskAssessmentRuns/, { ReplicationTaskAssessmentRuns });
    };
    const assessed = () =>
      assessmentFacts(read, clients.dms, task, { bucket: "redash-journal", name: "redash-1" });
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
      assert.deepEqual(moto.bodiesOf(START), []);
    });

    it("start an assessment if there was none, or one in vain, and not while one runs", async () => {
      runs();
      moto.answerNext(/StartReplicationTaskAssessmentRun/, {});
      assert.equal((await assessed()).status, "starting");
      runs({ Status: "error-executing", ReplicationTaskAssessmentRunCreationDate: 100 });
      moto.answerNext(/StartReplicationTaskAssessmentRun/, {});
      assert.equal((await assessed()).status, "starting");
      const asked = {
        ReplicationTaskArn: task.arn,
        ServiceAccessRoleArn: task.assessmentRoleArn,
        ResultLocationBucket: "redash-journal",
        ResultLocationFolder: "assessments",
        AssessmentRunName: "redash-1",
      };
      assert.deepEqual(moto.bodiesOf(START), [asked, asked]);
      runs({ Status: "running", ReplicationTaskAssessmentRunCreationDate: 100 });
      assert.equal((await assessed()).status, "running");
      assert.equal(moto.bodiesOf(START).length, 2);
    });
  });

  it("of quotas are what is used, and what is the most", async () => {
    // Recorded shapes: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeAccountAttributes.html
    moto.answerNext(
      /rds:DescribeAccountAttributes/,
      `<DescribeAccountAttributesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeAccountAttributesResult><AccountQuotas>
         <AccountQuota><AccountQuotaName>DBInstances</AccountQuotaName><Used>1</Used><Max>40</Max></AccountQuota>
         <AccountQuota><AccountQuotaName>AllocatedStorage</AccountQuotaName><Used>150</Used><Max>100000</Max></AccountQuota>
       </AccountQuotas></DescribeAccountAttributesResult></DescribeAccountAttributesResponse>`,
    );
    assert.deepEqual(await rdsStorageQuota(read, clients.rds), { used: 150, most: 100_000 });
    // https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeAccountAttributes.html
    moto.answerNext(/dms:DescribeAccountAttributes/, {
      AccountQuotas: [
        { AccountQuotaName: "ReplicationInstances", Used: 2, Max: 60 },
        { AccountQuotaName: "AllocatedStorage", Used: 100, Max: 30_000 },
      ],
    });
    assert.deepEqual(await dmsInstanceQuota(read, clients.dms), { used: 2, most: 60 });
    // https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    moto.answerNext(/GetServiceQuota/, { Quota: { QuotaCode: "L-3032A538", Value: 6 } });
    assert.equal(await quota(read, clients.quotas, "fargateVcpus"), 6);
    assert.deepEqual(moto.bodiesOf("servicequotas:GetServiceQuota"), [
      { ServiceCode: "fargate", QuotaCode: "L-3032A538" },
    ]);
  });

  it("of the host's agent are whether it was ever heard of", async () => {
    // Recorded shape: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html
    moto.answerNext(/DescribeInstanceInformation/, {
      InstanceInformationList: [{ PingStatus: "Online", AgentVersion: "3.3.1" }],
    });
    const id = "i-0123456789abcdef0";
    assert.deepEqual(await agentFacts(read, clients.ssm, id), { ping: "Online", version: "3.3.1" });
    moto.answerNext(/DescribeInstanceInformation/, { InstanceInformationList: [] });
    assert.deepEqual(await agentFacts(read, clients.ssm, id), { ping: undefined, version: "" });
  });

  it("of the move itself are its bucket, its function, and who a URL names, never a password", async () => {
    const { s3, secrets, lambda } = clients;
    await s3.send(
      new CreateBucketCommand({
        Bucket: "redash-journal",
        CreateBucketConfiguration: { LocationConstraint: REGION },
      }),
    );
    assert.equal(await bucketVersioning(read, s3, "redash-journal"), undefined);
    await s3.send(
      new PutBucketVersioningCommand({
        Bucket: "redash-journal",
        VersioningConfiguration: { Status: "Enabled" },
      }),
    );
    assert.equal(await bucketVersioning(read, s3, "redash-journal"), "Enabled");
    // Recorded shape: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
    moto.answerNext(/\/functions\/redash-move\/configuration/, {
      State: "Active",
      LastUpdateStatus: "Successful",
      Timeout: 900,
    });
    assert.deepEqual(await functionFacts(read, lambda, "redash-move"), {
      state: "Active",
      lastUpdate: "Successful",
      limitSeconds: 900,
    });
    const secret = async (Name: string, SecretString: string) =>
      (await secrets.send(new CreateSecretCommand({ Name, SecretString }))).ARN!;
    const url = await secret("url", "postgresql://redash_app:hidden@host:5432/redash");
    assert.equal(await secretRole(read, secrets, url), "redash_app");
    const key = await secret("key", "no URL at all");
    assert.equal(await secretRole(read, secrets, key), undefined);
    moto.failNext(/GetSecretValue/, { code: "AccessDeniedException", status: 400 });
    await assert.rejects(secretRole(read, secrets, url), (error: Error) => {
      assert.match(error.message, /gives it secretsmanager:GetSecretValue/);
      assert.doesNotMatch(error.message, /hidden/);
      return true;
    });
  });

  describe("of the way to AWS", () => {
    let server: Server;
    before(async () => {
      server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });

    it("are whether somebody takes the connection", async () => {
      const never = new AbortController().signal;
      const { port } = server.address() as AddressInfo;
      assert.equal(await connects("127.0.0.1", never, port), true);
      await new Promise((resolve) => server.close(resolve));
      await assert.rejects(connects("127.0.0.1", never, port), {
        message: `127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
      });
      const name = "no-such-host.invalid";
      await assert.rejects(connects(name, never), new RegExp(`^Error: ${name}:443: `));
    });

    it("are of a name those that this machine finds", async () => {
      assert.ok((await addressesOf("localhost")).includes("127.0.0.1"));
      await assert.rejects(addressesOf("no-such-host.invalid"), /no-such-host\.invalid/);
    });

    it("name the service in its region", () => {
      assert.equal(hostOf("dms", "eu-west-1"), "dms.eu-west-1.amazonaws.com");
      assert.equal(hostOf("s3", "cn-north-1"), "s3.cn-north-1.amazonaws.com.cn");
    });
  });

  it("that nobody gives are unknown to the checks, and a step that is told to end ends", async () => {
    const options = {
      description: awsDescription(),
      clients,
      host: { run: () => Promise.reject(new Error("the host does not answer")) },
      clock,
      functionName: "redash-move",
    };
    moto.failNext(/rds:DescribeDBInstances/, { code: "AccessDenied", status: 403 });
    const facts = await gatherAwsFacts(options, soundFacts("dms"), AbortSignal.timeout(60_000));
    assert.throws(() => known(facts.rds), /gives it rds:DescribeDBInstances/);
    assert.equal(facts.services.isKnown, false);
    assert.deepEqual(facts.setup, { isKnown: false, reason: "the host does not answer" });
    const results = await awsChecks(options)(soundFacts("logical"), AbortSignal.timeout(60_000));
    assert.equal(results.find(({ id }) => id === "rds-available")?.verdict, "unknown");
    assert.equal(results.find(({ id }) => id === "reaches-ssm")?.verdict, "fail");
    assert.equal(
      results.some(({ id }) => id.startsWith("dms-")),
      false,
    );
    await assert.rejects(
      awsChecks(options)(soundFacts("logical"), AbortSignal.abort(new Error("Ctrl-C"))),
      /^Error: Ctrl-C$/,
    );
  });
});
