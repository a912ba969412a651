import * as pulumi from "@pulumi/pulumi";
import type { DmsArgs, RedashMigrationArgs } from "../../components/RedashMigration";

export const KEY = "arn:aws:kms:eu-west-1:111122223333:key/k";
export const TOPIC = "arn:aws:sns:eu-west-1:111122223333:redash-alarms";
const SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret";
const ELB = "arn:aws:elasticloadbalancing:eu-west-1:111122223333";
export const LISTENER = `${ELB}:listener/app/redash/1/2`;
export const LISTENER_RULE = `${ELB}:listener-rule/app/shared/1/2/3`;

/** A move by PostgreSQL's own replication, from a host whose security group is known. */
export const MIGRATION_ARGS: RedashMigrationArgs = {
  forward: true,
  mode: "production",
  url: "https://redash.acme.io",
  probeDataSourceId: 7,
  limits: {},
  source: {
    instanceId: "i-0a1b2c3d4e5f60718",
    address: "10.60.10.20",
    securityGroupId: "sg-source",
    port: 5433,
    databaseName: "postgres",
    sslMode: "require",
    applicationRole: "redash",
    targetGroupArn: `${ELB}:targetgroup/redash-source/1`,
  },
  target: {
    identifier: "redash-0f0f0f0f",
    address: "redash.abc.eu-west-1.rds.amazonaws.com",
    securityGroupId: "sg-database",
    port: 5432,
    databaseName: "redash",
    applicationRole: "redash_app",
    urlSecretArn: `${SECRET}:redash-database-url`,
    username: "redash",
    password: pulumi.secret("hunter2hunter2"),
    storageGib: 100,
  },
  queue: {
    urlSecretArn: `${SECRET}:redash-queue-url`,
    replicationGroupId: "redash-queue",
    securityGroupId: "sg-queue",
  },
  secretKeySecretArn: `${SECRET}:source-AbCdEf`,
  secretKeyArns: [],
  cluster: {
    name: "redash-cluster",
    services: {
      server: "redash-server",
      scheduler: "redash-scheduler",
      workers: pulumi.output<Record<string, string>>({
        adhoc: "redash-worker-adhoc",
        periodic: "redash-worker-periodic",
      }),
    },
    wantedTasks: { server: 2, scheduler: 1, workers: { adhoc: 3, periodic: 1 } },
    targetGroupArn: `${ELB}:targetgroup/redash-ecs/1`,
  },
  loadBalancer: {
    securityGroupId: "sg-load-balancer",
    scheme: "internet-facing",
    natAddresses: [],
    listenerArn: LISTENER,
  },
  vpcId: "vpc-1",
  subnetIds: ["subnet-a", "subnet-b"],
  alarmTopicArns: [TOPIC],
  keyArn: KEY,
  logRetentionDays: 90,
  secretRecoveryWindowDays: 30,
  regionName: "eu-west-1",
  accountId: "111122223333",
};

/** What it needs besides for transport `dms`. */
export const DMS_ARGS: DmsArgs = {
  instanceClass: "dms.r6i.large",
  storageGib: 100,
  multiAz: true,
  maintenanceWindow: "sun:18:00-sun:18:30",
  createRoles: false,
  largestLobBytes: 1_000_000,
  subnetIds: ["subnet-a", "subnet-b"],
  securityGroupId: "sg-replication",
};

/** Traffic by a rule on another program's listener. */
export const BY_RULE = {
  loadBalancer: { ...MIGRATION_ARGS.loadBalancer, listenerRuleArn: LISTENER_RULE },
};
