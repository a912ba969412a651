import type { AwsWorldDescription } from "../../../cutover/adapters/aws/description";
import type { AwsFacts } from "../../../cutover/adapters/aws/preflight/facts/facts";
import type { Fact } from "../../../cutover/preflight/fact";
import type { Facts } from "../../../cutover/preflight/facts/facts";
import { tableMappings, taskSettings } from "../../../redash/dms";
import { type Draft, soundFacts } from "../cutover/soundFacts";
import { REGION } from "./moto";

const is = <T>(value: T): Fact<T> => ({ isKnown: true, value });
const arn = (what: string) => `arn:aws:${what.replace(":", `:${REGION}:123456789012:`)}`;

const DATABASE_URL_SECRET = arn("secretsmanager:secret:database-url");

/** A world on AWS as the program describes it. */
export const awsDescription = (): AwsWorldDescription => ({
  kind: "aws",
  region: REGION,
  limits: { writeOutageBudgetMs: 60_000, drainDeadlineMs: 600_000, longDeadlineMs: 86_400_000 },
  stack: "prod",
  mode: "production",
  url: "https://redash.example.com",
  secretKeySecretArn: arn("secretsmanager:secret:key"),
  probeDataSourceId: 1,
  source: {
    instanceId: "i-0123456789abcdef0",
    database: {
      host: "10.0.0.5",
      port: 5432,
      database: "postgres",
      applicationRole: "postgres",
      sslMode: "require",
      secretArn: arn("secretsmanager:secret:source"),
    },
    documentName: "redash-host",
    targetGroupArn: arn("elasticloadbalancing:targetgroup/source/1"),
  },
  target: {
    database: {
      host: "redash.rds.amazonaws.com",
      port: 5432,
      database: "redash",
      applicationRole: "redash_app",
      secretArn: arn("secretsmanager:secret:target"),
      urlSecretArn: DATABASE_URL_SECRET,
      identifier: "redash-1a2b",
    },
    queueUrlSecretArn: arn("secretsmanager:secret:queue-url"),
    replicationGroupId: "redash-queue",
    cluster: "redash",
    services: { servers: ["server"], scheduler: ["scheduler"], workers: ["worker"] },
    wantedTasks: { server: 2, scheduler: 1, worker: 3 },
    targetGroupArn: arn("elasticloadbalancing:targetgroup/target/2"),
  },
  traffic: { listenerArn: arn("elasticloadbalancing:listener/app/redash/1/2") },
  journalBucket: "redash-journal",
  task: {
    arn: arn("dms:task:TASK"),
    sourceRole: "redash_dms",
    sourceEndpointArn: arn("dms:endpoint:SOURCE"),
    targetEndpointArn: arn("dms:endpoint:TARGET"),
    instanceArn: arn("dms:rep:INSTANCE"),
    assessmentRoleArn: "arn:aws:iam::123456789012:role/assessment",
  },
});

/** What preflight finds on AWS where nothing is wrong. */
export function soundAwsFacts(transport: Facts["transport"] = "dms"): Draft<AwsFacts> {
  const description = awsDescription();
  const { source, target } = description;
  const service = (name: string, part: "servers" | "scheduler" | "workers", tasks: number) => ({
    name,
    part,
    status: "ACTIVE",
    desired: tasks,
    running: tasks,
    deployments: ["COMPLETED"],
    lastEvent: `(service ${name}) has reached a steady state.`,
    hasCircuitBreaker: true,
    mostPercent: part === "scheduler" ? 100 : 200,
    subnetIds: ["subnet-1", "subnet-2"],
    image: "redash/redash:25.8.0",
    cpuUnits: 1024,
    secrets: {
      REDASH_SECRET_KEY: description.secretKeySecretArn,
      REDASH_DATABASE_URL: target.database.urlSecretArn,
      REDASH_REDIS_URL: target.queueUrlSecretArn,
    },
    triesSessions: true,
  });
  return structuredClone({
    description,
    move: soundFacts(transport),
    nowMs: Date.UTC(2026, 0, 1),
    rds: is({
      status: "available",
      engine: "postgres",
      version: "17.6",
      allocatedGib: 100,
      maxGib: 500,
      isMultiAz: true,
      backupRetentionDays: 14,
      isDeletionProtected: true,
      isEncrypted: true,
      isPublic: false,
      certificateAuthority: "rds-ca-rsa2048-g1",
      certificateEndMs: Date.UTC(2027, 0, 1),
      parameterGroups: [{ name: "redash-database", status: "in-sync" }],
      pending: [],
      zones: ["eu-west-1a", "eu-west-1b"],
    }),
    elastiCache: is({
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
      nodes: ["redash-queue-001", "redash-queue-002"].map((id) => ({
        id,
        status: "available",
        version: "8.1.0",
        parameterGroup: { name: "redash-queue", status: "in-sync" },
        pending: [],
      })),
      zones: ["eu-west-1a", "eu-west-1b"],
    }),
    forward: is({
      kinds: ["forward"],
      weights: { [source.targetGroupArn]: 100, [target.targetGroupArn]: 0 },
      isSticky: false,
    }),
    sourceGroup: is({
      healthy: [source.instanceId],
      unhealthy: [],
      deregistrationDelaySeconds: 60,
    }),
    targetGroup: is({
      healthy: ["10.0.1.7", "10.0.2.7"],
      unhealthy: [],
      deregistrationDelaySeconds: 60,
    }),
    hostAddresses: is(["192.0.2.20", "192.0.2.21"]),
    balancerAddresses: is(["192.0.2.20", "192.0.2.21"]),
    services: is([
      service("server", "servers", 2),
      service("scheduler", "scheduler", 0),
      service("worker", "workers", 3),
    ]),
    network: is({
      vpcIds: ["vpc-1"],
      zones: ["eu-west-1a", "eu-west-1b"],
      freeAddresses: 200,
      natGateways: [{ id: "nat-1", state: "available", publicAddresses: ["192.0.2.7"] }],
    }),
    host: is({
      state: "running",
      vpcId: "vpc-1",
      publicAddress: "192.0.2.5",
      profileArn: undefined,
      givesMetadataFreely: false,
      waysOut: ["sg-1: 0.0.0.0/0"],
    }),
    setup: is({
      directory: "/opt/redash",
      files: ["/opt/redash/compose.yaml", "/opt/redash/docker-compose.override.yml"],
      bootUnits: [],
      triesSessions: true,
    }),
    agent: is({ ping: "Online", version: "3.3.1" }),
    fargateVcpus: is(100),
    rdsStorage: is({ used: 200, most: 100_000 }),
    interfaces: is({ used: 100, most: 5000 }),
    endpoints: is({ used: 6, most: 50 }),
    dmsInstances: is({ used: 1, most: 60 }),
    dmsInstance: is({
      status: "available",
      version: "3.6.1",
      pending: [],
      upgradesByItself: false,
    }),
    dmsSource: is({ status: "successful", failure: "" }),
    dmsTarget: is({ status: "successful", failure: "" }),
    dmsTask: is({
      status: "ready",
      mappings: tableMappings(),
      settings: { ...taskSettings({ lobMaxSizeKib: 58_594 }), StreamBufferSettings: {} },
    }),
    assessment: is({
      status: "passed",
      failed: 0,
      warnings: 0,
      lastFailure: "",
      report: "s3://redash-journal/assessments",
    }),
    moveFunction: is({ state: "Active", lastUpdate: "Successful", limitSeconds: 900 }),
    versioning: is("Enabled"),
    reached: {
      ssm: is(true as const),
      secretsmanager: is(true as const),
      s3: is(true as const),
      ecs: is(true as const),
      elasticloadbalancing: is(true as const),
      dms: is(true as const),
      monitoring: is(true as const),
    },
    secrets: {
      source: is(undefined),
      target: is(undefined),
      secretKey: is(undefined),
      databaseUrl: is("redash_app"),
      queueUrl: is(""),
    },
  } satisfies AwsFacts);
}
