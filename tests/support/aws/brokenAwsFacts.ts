import type { AwsFacts } from "../../../cutover/adapters/aws/preflight/facts/facts";
import { known } from "../../../cutover/preflight/fact";
import type { Draft } from "../cutover/soundFacts";
import { unknown } from "../cutover/brokenFacts/brokenCase";

/** A check, and a world on AWS that is sound but for what this check must find. */
export type BrokenAwsCase = readonly [
  id: string,
  verdict: "warn" | "fail",
  breakIt: (facts: Draft<AwsFacts>) => void,
  found: string,
  fix: string,
];

const PULUMI_UP = "run pulumi up with redash:phase replicating";
const NEW_GROUP = "make the queue anew with the program of this repository";
const ID = "redash-1a2b";
const INSTANCE = "i-0123456789abcdef0";

const RDS: readonly BrokenAwsCase[] = [
  [
    "rds-available",
    "fail",
    ({ rds }) => (known(rds).status = "backing-up"),
    "it is backing-up",
    "wait until it is available; its events in RDS say what goes on",
  ],
  [
    "rds-parameters-in-sync",
    "fail",
    ({ rds }) => (known(rds).parameterGroups[0]!.status = "pending-reboot"),
    "redash-database is pending-reboot",
    `aws rds reboot-db-instance --db-instance-identifier ${ID}, before anybody works there`,
  ],
  [
    "rds-no-pending-changes",
    "fail",
    ({ rds }) => (known(rds).pending = ["DBInstanceClass", "EngineVersion"]),
    "waiting: DBInstanceClass, EngineVersion",
    `apply them now: aws rds modify-db-instance --db-instance-identifier ${ID} --apply-immediately`,
  ],
  [
    "rds-engine",
    "fail",
    ({ rds }) => (known(rds).engine = "aurora-postgresql"),
    "its engine is aurora-postgresql",
    "make the database with the program of this repository",
  ],
  [
    "rds-storage-grows",
    "warn",
    ({ rds }) => (known(rds).maxGib = undefined),
    "100 GiB, and no more",
    "raise redash:databaseMaxStorageGib, and run pulumi up",
  ],
  [
    "rds-standby",
    "fail",
    ({ rds }) => (known(rds).isMultiAz = false),
    "it has none",
    "set redash:databaseMultiAz to true, and run pulumi up",
  ],
  [
    "rds-zones",
    "fail",
    ({ rds }) => (known(rds).zones = ["eu-west-1a"]),
    "eu-west-1a",
    "give redash:isolatedSubnetIds of two zones or more",
  ],
  [
    "rds-backups",
    "fail",
    ({ rds }) => (known(rds).backupRetentionDays = 0),
    "no backups",
    "set redash:databaseBackupRetentionDays, and run pulumi up",
  ],
  [
    "rds-deletion-protected",
    "fail",
    ({ rds }) => (known(rds).isDeletionProtected = false),
    "deletion protection is off",
    "set redash:protectData to true, and run pulumi up",
  ],
  [
    "rds-encrypted",
    "fail",
    ({ rds }) => (known(rds).isEncrypted = false),
    "it is not",
    "make the database anew with the program of this repository",
  ],
  [
    "rds-private",
    "fail",
    ({ rds }) => (known(rds).isPublic = true),
    "it is publicly accessible",
    "run pulumi up, which makes it private",
  ],
  [
    "rds-certificate",
    "fail",
    ({ rds }) => (known(rds).certificateEndMs = Date.UTC(2026, 0, 30)),
    "rds-ca-rsa2048-g1, 29 days",
    "rotate it: aws rds modify-db-instance --ca-certificate-identifier …",
  ],
];

const CACHE: readonly BrokenAwsCase[] = [
  [
    "cache-available",
    "fail",
    ({ elastiCache }) => {
      known(elastiCache).status = "modifying";
      known(elastiCache).nodes[1]!.status = "rebooting cluster nodes";
    },
    "the group is modifying, redash-queue-002 is rebooting cluster nodes",
    "wait until it is available; its events in ElastiCache say what goes on",
  ],
  [
    "cache-engine",
    "fail",
    ({ elastiCache }) => (known(elastiCache).engine = "redis"),
    "redis 8.1.0",
    NEW_GROUP,
  ],
  [
    "cache-cluster-mode-off",
    "fail",
    ({ elastiCache }) => (known(elastiCache).clusterMode = "compatible"),
    "cluster mode is compatible",
    NEW_GROUP,
  ],
  [
    "cache-cluster-mode-off",
    "fail",
    ({ elastiCache }) => (known(elastiCache).shards = 2),
    "2 shards",
    NEW_GROUP,
  ],
  [
    "cache-tls",
    "fail",
    ({ elastiCache }) => (known(elastiCache).isTlsRequired = false),
    "it also takes others",
    "run pulumi up, which sets transit encryption to required",
  ],
  [
    "cache-password",
    "fail",
    ({ elastiCache }) => (known(elastiCache).hasAuthToken = false),
    "it does not",
    "run pulumi up, which sets an AUTH token",
  ],
  [
    "cache-encrypted",
    "fail",
    ({ elastiCache }) => (known(elastiCache).isEncrypted = false),
    "it is not",
    NEW_GROUP,
  ],
  [
    "cache-failover",
    "fail",
    ({ elastiCache }) => (known(elastiCache).hasFailover = false),
    "it does not",
    "set redash:queueNodes to 2 or more, and run pulumi up",
  ],
  [
    "cache-failover",
    "fail",
    ({ elastiCache }) => (known(elastiCache).isMultiAz = false),
    "only within its zone",
    "set redash:queueNodes to 2 or more, and run pulumi up",
  ],
  [
    "cache-no-pending-changes",
    "fail",
    ({ elastiCache }) => {
      known(elastiCache).pending = ["AuthTokenStatus"];
      known(elastiCache).nodes[0]!.pending = ["EngineVersion"];
    },
    "waiting: AuthTokenStatus, EngineVersion of redash-queue-001",
    "apply them now: aws elasticache modify-replication-group --apply-immediately",
  ],
  [
    "cache-parameters-in-sync",
    "fail",
    ({ elastiCache }) => (known(elastiCache).nodes[1]!.parameterGroup.status = "pending-reboot"),
    "redash-queue-002 is pending-reboot",
    "aws elasticache reboot-cache-cluster --cache-cluster-id redash-queue-002 --cache-node-ids-to-reboot 0001",
  ],
];

const ECS: readonly BrokenAwsCase[] = [
  [
    "ecs-services-active",
    "fail",
    ({ services }) => (known(services)[2]!.status = "DRAINING"),
    "worker is DRAINING",
    "run pulumi up, which makes it",
  ],
  [
    "ecs-services-steady",
    "fail",
    ({ services }) => {
      known(services)[0]!.deployments = ["IN_PROGRESS", "COMPLETED"];
      known(services)[0]!.running = 1;
    },
    "server: 1 of 2 tasks, IN_PROGRESS and COMPLETED ((service server) has reached a steady state.)",
    "wait for it, or look at the service's events and its tasks' logs",
  ],
  [
    "ecs-services-steady",
    "fail",
    ({ services }) => (known(services)[2]!.deployments = ["FAILED"]),
    "worker: 3 of 3 tasks, FAILED ((service worker) has reached a steady state.)",
    "wait for it, or look at the service's events and its tasks' logs",
  ],
  [
    "ecs-tasks-as-declared",
    "fail",
    ({ services }) => {
      known(services)[2]!.desired = 1;
      known(services)[2]!.running = 1;
    },
    "worker has 1 of 3",
    PULUMI_UP,
  ],
  [
    "ecs-scheduler-at-zero",
    "fail",
    ({ services }) => {
      known(services)[1]!.desired = 1;
      known(services)[1]!.running = 1;
    },
    "scheduler has 1",
    PULUMI_UP,
  ],
  [
    "ecs-scheduler-alone",
    "fail",
    ({ services }) => (known(services)[1]!.mostPercent = 200),
    "scheduler may have 200 % of its tasks",
    "run pulumi up, which sets its maximum to 100 %",
  ],
  [
    "ecs-circuit-breaker",
    "warn",
    ({ services }) => (known(services)[0]!.hasCircuitBreaker = false),
    "server without one",
    "run pulumi up, which sets it",
  ],
  [
    "ecs-one-image",
    "fail",
    ({ services }) => (known(services)[2]!.image = "redash/redash:26.3.0"),
    "redash/redash:25.8.0, redash/redash:26.3.0",
    "run pulumi up, which gives all of them redash:image",
  ],
  [
    "ecs-one-image",
    "fail",
    ({ services }) => {
      for (const it of known(services)) it.image = "registry.example.com:5000/redash:10.1.0.b50633";
    },
    "registry.example.com:5000/redash:10.1.0.b50633, the source runs 25.8.0",
    "set redash:image to 25.8.0",
  ],
  [
    "ecs-one-image",
    "warn",
    ({ services }) => {
      for (const it of known(services)) it.image = "registry.example.com:5000/redash@sha256:25a8";
    },
    "registry.example.com:5000/redash@sha256:25a8, whose tag names no release; the source runs 25.8.0",
    "make sure that it is the same release, or give redash:image a tag that says so",
  ],
  [
    "ecs-secrets",
    "fail",
    ({ services }) => (known(services)[2]!.secrets = { REDASH_SECRET_KEY: "arn:other" }),
    "another secret, or none: worker: REDASH_SECRET_KEY, REDASH_DATABASE_URL, REDASH_REDIS_URL",
    "run pulumi up, which gives tasks and move the same ones",
  ],
  [
    "ecs-sessions-tried",
    "warn",
    ({ services }) => (known(services)[0]!.triesSessions = false),
    "SQLALCHEMY_ENABLE_POOL_PRE_PING is not true in server",
    "take it out of redash:environment, if it is there, and run pulumi up, which sets it",
  ],
];

const TRAFFIC: readonly BrokenAwsCase[] = [
  [
    "alb-forwards",
    "fail",
    ({ forward }) => (known(forward).kinds = ["authenticate-oidc", "forward"]),
    "its actions are authenticate-oidc, forward",
    PULUMI_UP,
  ],
  [
    "alb-forwards",
    "fail",
    ({ forward }) => (known(forward).weights["arn:third"] = 0),
    "to arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/source/1, arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/target/2, arn:third",
    PULUMI_UP,
  ],
  [
    "alb-weights",
    "fail",
    ({ forward, description }) => (known(forward).weights[description.target.targetGroupArn] = 10),
    "source 100, target 10",
    "npm run move -- status; if no move is under way: pulumi up",
  ],
  [
    "alb-not-sticky",
    "fail",
    ({ forward }) => (known(forward).isSticky = true),
    "stickiness between groups is on",
    PULUMI_UP,
  ],
  [
    "alb-source-all-healthy",
    "fail",
    ({ sourceGroup }) => (known(sourceGroup).healthy = []),
    "it has no target",
    "let the load balancer reach GET /ping there: port, security group, and whether it runs",
  ],
  [
    "alb-target-all-healthy",
    "fail",
    ({ targetGroup }) =>
      (known(targetGroup).unhealthy = ["10.0.2.7 is unhealthy (Target.Timeout)"]),
    "10.0.2.7 is unhealthy (Target.Timeout)",
    "let the load balancer reach GET /ping there: port, security group, and whether it runs",
  ],
  [
    "alb-requests-end",
    "warn",
    ({ targetGroup }) => (known(targetGroup).deregistrationDelaySeconds = 0),
    "source 60 s, target 0 s",
    "run pulumi up, which sets a deregistration delay of 60 s",
  ],
  [
    "alb-named",
    "warn",
    (facts) => (facts.hostAddresses = { isKnown: true, value: ["198.51.100.7"] }),
    "redash.example.com is 198.51.100.7, the load balancer 192.0.2.20, 192.0.2.21",
    "let redash.example.com lead to the load balancer before the cutover; if a CDN or a proxy of yours stands between, make sure that it passes on every request and keeps nothing",
  ],
  [
    "alb-named",
    "fail",
    (facts) => (facts.hostAddresses = unknown("getaddrinfo ENOTFOUND redash.example.com")),
    "getaddrinfo ENOTFOUND redash.example.com",
    "give redash.example.com a record that leads to the load balancer, and that the VPC's resolver knows: the move asks Redash by this name",
  ],
];

const HOST: readonly BrokenAwsCase[] = [
  [
    "source-host-runs",
    "fail",
    ({ host }) => (known(host).state = "stopped"),
    "it is stopped",
    `aws ec2 start-instances --instance-ids ${INSTANCE}`,
  ],
  [
    "source-host-managed",
    "fail",
    ({ agent }) => (known(agent).ping = "ConnectionLost"),
    "its agent is ConnectionLost",
    "install and start amazon-ssm-agent there, give it AmazonSSMManagedInstanceCore, and let it reach ssm, ssmmessages and ec2messages",
  ],
  [
    "source-host-managed",
    "fail",
    ({ agent }) => (known(agent).ping = undefined),
    "its agent was never heard of",
    "install and start amazon-ssm-agent there, give it AmazonSSMManagedInstanceCore, and let it reach ssm, ssmmessages and ec2messages",
  ],
  [
    "source-host-near",
    "fail",
    ({ host }) => (known(host).vpcId = "vpc-2"),
    "the instance is in vpc-2, the tasks in vpc-1",
    "set redash:vpcId to the source's VPC, with subnets of it",
  ],
  [
    "source-host-kept-in",
    "fail",
    ({ description }) => (description.mode = "rehearsal"),
    "it gets out: sg-1: 0.0.0.0/0, address 192.0.2.5",
    `stop it now: aws ec2 stop-instances --instance-ids ${INSTANCE}; then take these away, or let the program make the clone (redash:sourceImageId)`,
  ],
  [
    "source-host-profile",
    "warn",
    ({ host }) => (known(host).profileArn = "arn:aws:iam::123456789012:instance-profile/redash"),
    "its instance profile is arn:aws:iam::123456789012:instance-profile/redash",
    "see which data sources use it (data-sources-movable names them), and give its policies to the tasks by redash:taskPolicyArns",
  ],
  [
    "source-host-metadata",
    "warn",
    ({ host }) => (known(host).givesMetadataFreely = true),
    "it answers without (IMDSv1)",
    `aws ec2 modify-instance-metadata-options --instance-id ${INSTANCE} --http-tokens required, if nothing there is too old for it`,
  ],
  [
    "source-host-boot",
    "warn",
    ({ setup }) => (known(setup).bootUnits = ["docker-compose-up.service"]),
    "enabled: docker-compose-up.service",
    "there: sudo systemctl disable docker-compose-up.service (without --now, which stops Redash); enable it again after abort or source -- undo",
  ],
  [
    "source-host-compose-files",
    "warn",
    ({ setup }) =>
      (known(setup).files = [
        "/opt/redash/compose.yaml",
        "/opt/redash/prod.yaml",
        "old/compose.yaml",
      ]),
    "Compose was given /opt/redash/prod.yaml, old/compose.yaml, by -f or COMPOSE_FILE: then it does not read docker-compose.override.yml by itself",
    "after source -- prepare add /opt/redash/docker-compose.override.yml to COMPOSE_FILE (.env, profile, unit), or as the last -f, until source -- undo",
  ],
  [
    "source-sessions-tried",
    "warn",
    ({ setup }) => (known(setup).triesSessions = false),
    "SQLALCHEMY_ENABLE_POOL_PRE_PING is not true",
    "set it to true in the environment of Redash's services, and type docker compose up -d at a quiet hour; or take one failed request of each web worker",
  ],
];

const NETWORK: readonly BrokenAwsCase[] = [
  ...(
    ["ssm", "secretsmanager", "s3", "ecs", "elasticloadbalancing", "dms", "monitoring"] as const
  ).map((service): BrokenAwsCase => [
    `reaches-${service}`,
    "fail",
    ({ reached }) => (reached[service] = unknown("no connection within 3 s")),
    "no connection within 3 s",
    `give its subnets NAT, or an endpoint of ${service} in the VPC whose security group lets the function in`,
  ]),
  [
    "tasks-zones",
    "fail",
    ({ network }) => (known(network).zones = ["eu-west-1a"]),
    "only eu-west-1a",
    "give redash:privateSubnetIds of two zones or more",
  ],
  [
    "tasks-addresses",
    "fail",
    ({ network }) => (known(network).freeAddresses = 19),
    "19 in the fullest subnet, 20 are needed",
    "give the tasks larger subnets",
  ],
  [
    "tasks-way-out",
    "warn",
    ({ network }) => (known(network).natGateways = []),
    "no NAT gateway is on their routes",
    "find out by which addresses these subnets reach the outside, and give them to the owners of data sources",
  ],
  [
    "tasks-way-out",
    "fail",
    ({ network }) => (known(network).natGateways[0]!.state = "deleting"),
    "nat-1 is deleting",
    "run pulumi up, which makes NAT gateways, or ask the VPC's owner",
  ],
];

const raise = (service: string, code: string) =>
  `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value …`;
const QUOTAS: readonly BrokenAwsCase[] = [
  [
    "quota-fargate",
    "fail",
    (facts) => (facts.fargateVcpus = { isKnown: true, value: 6 }),
    "12 of 6 vCPUs of Fargate",
    raise("fargate", "L-3032A538"),
  ],
  [
    "quota-rds-storage",
    "warn",
    ({ rdsStorage }) => (known(rdsStorage).most = 300),
    "200 of 300 GiB are used, 400 more are needed",
    raise("rds", "L-7ADDB58A"),
  ],
  [
    "quota-network-interfaces",
    "fail",
    ({ interfaces }) => (known(interfaces).used = 4990),
    "4990 of 5000 interfaces are used, 20 more are needed",
    raise("vpc", "L-DF5E4CA3"),
  ],
  [
    "quota-interface-endpoints",
    "warn",
    ({ endpoints }) => (known(endpoints).used = 50),
    "50 of 50 endpoints are used, 1 more are needed",
    raise("vpc", "L-29B6F2EB"),
  ],
  [
    "quota-dms-instances",
    "warn",
    ({ dmsInstances }) => (known(dmsInstances).used = 60),
    "60 of 60 instances are used, 1 more are needed",
    "delete one that nobody needs, or ask AWS for more",
  ],
];

const MOVE: readonly BrokenAwsCase[] = [
  [
    "function-ready",
    "fail",
    ({ moveFunction }) => (known(moveFunction).lastUpdate = "InProgress"),
    "it is Active, its last update InProgress",
    "wait a minute, or run pulumi up again",
  ],
  [
    "function-time-limit",
    "fail",
    ({ moveFunction }) => (known(moveFunction).limitSeconds = 60),
    "60 s",
    "run pulumi up, which sets it to 900 s",
  ],
  [
    "journal-versioned",
    "fail",
    (facts) => (facts.versioning = { isKnown: true, value: undefined }),
    "versioning is off",
    "run pulumi up, which switches it on",
  ],
  [
    "secrets-readable",
    "fail",
    ({ secrets }) => (secrets.queueUrl = unknown("AccessDeniedException: no kms:Decrypt")),
    "queueUrl: AccessDeniedException: no kms:Decrypt",
    "let the function's role read them, and use their key: pulumi up, or ask the key's owner",
  ],
  [
    "redash-has-its-role",
    "fail",
    ({ secrets }) => (secrets.databaseUrl = { isKnown: true, value: "redash" }),
    "it names redash, not redash_app",
    "run pulumi up, which writes the URL anew, and starts tasks with it",
  ],
  [
    "redash-has-its-role",
    "fail",
    ({ secrets }) => (secrets.databaseUrl = { isKnown: true, value: undefined }),
    "it names nobody, not redash_app",
    "run pulumi up, which writes the URL anew, and starts tasks with it",
  ],
];

const settingsOf = ({ dmsTask }: Draft<AwsFacts>) =>
  known(dmsTask).settings as {
    TargetMetadata: { LobMaxSize: number };
    ErrorBehavior: Record<string, unknown>;
    ValidationSettings: { ValidationPartialLobSize: number };
    FullLoadSettings: { CommitRate: number };
  };
const DMS: readonly BrokenAwsCase[] = [
  [
    "dms-instance-available",
    "fail",
    ({ dmsInstance }) => (known(dmsInstance).status = "modifying"),
    "it is modifying",
    "wait until it is available, or run pulumi up",
  ],
  [
    "dms-instance-version",
    "fail",
    ({ dmsInstance }) => (known(dmsInstance).version = "3.5.4"),
    "DMS 3.5.4, PostgreSQL 13 and 17",
    "upgrade the replication instance to 3.6.1",
  ],
  [
    "dms-instance-version",
    "fail",
    ({ move }) => (known(move.target.server).major = 18),
    "DMS 3.6.1, PostgreSQL 13 and 18, of which none knows",
    "move with transport logical",
  ],
  [
    "dms-instance-unchanged",
    "fail",
    ({ dmsInstance }) => {
      known(dmsInstance).pending = ["MultiAZ"];
      known(dmsInstance).upgradesByItself = true;
    },
    "MultiAZ, automatic minor upgrades",
    "run pulumi up, which applies changes at once and pins the version",
  ],
  [
    "dms-reaches-source",
    "fail",
    ({ dmsSource }) => {
      known(dmsSource).status = "failed";
      known(dmsSource).failure = "no pg_hba.conf entry";
    },
    "failed: no pg_hba.conf entry",
    "aws dms test-connection --replication-instance-arn arn:aws:dms:eu-west-1:123456789012:rep:INSTANCE --endpoint-arn arn:aws:dms:eu-west-1:123456789012:endpoint:SOURCE",
  ],
  [
    "dms-reaches-target",
    "fail",
    ({ dmsTarget }) => (known(dmsTarget).status = undefined),
    "it was never tested",
    "aws dms test-connection --replication-instance-arn arn:aws:dms:eu-west-1:123456789012:rep:INSTANCE --endpoint-arn arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET",
  ],
  [
    "dms-mappings",
    "fail",
    ({ dmsTask }) => (known(dmsTask).mappings = { rules: [] }),
    "its table mappings are others",
    "run pulumi up, before the task is started",
  ],
  [
    "dms-settings",
    "fail",
    (facts) => {
      settingsOf(facts).ErrorBehavior["TableErrorPolicy"] = "SUSPEND_TABLE";
      delete settingsOf(facts).ErrorBehavior["FailOnNoTablesCaptured"];
    },
    'ErrorBehavior.FailOnNoTablesCaptured is not set, not true, ErrorBehavior.TableErrorPolicy is "SUSPEND_TABLE", not "STOP_TASK"',
    "run pulumi up, before the task is started",
  ],
  [
    "dms-lob-size",
    "fail",
    (facts) => {
      settingsOf(facts).TargetMetadata.LobMaxSize = 1024;
      settingsOf(facts).ValidationSettings.ValidationPartialLobSize = 1024;
      settingsOf(facts).FullLoadSettings.CommitRate = 1000;
    },
    "LobMaxSize is 1024 KiB, the largest value 20.0 MB",
    "pulumi config set redash:dmsLargestLobBytes 20000000, and pulumi up",
  ],
  [
    "dms-lob-size",
    "fail",
    ({ move }) => (known(move.data.largestValues)[0]!.bytes = 40e6),
    "LobMaxSize is 58594 KiB, the largest value 40.0 MB",
    "delete old query results in Redash, or move with transport logical",
  ],
  [
    "dms-assessment",
    "fail",
    ({ assessment, dmsTask }) => {
      known(assessment).status = "running";
      known(dmsTask).status = "testing";
    },
    "it is running; the task is testing",
    "wait for it, about ten minutes, and run preflight again",
  ],
  [
    "dms-assessment",
    "warn",
    ({ assessment }) => {
      known(assessment).status = "warning";
      known(assessment).warnings = 2;
    },
    "0 failed, 2 warn; report in s3://redash-journal/assessments",
    "read the report: warnings of LOB columns are why the move relaxes NOT NULL",
  ],
  [
    "dms-assessment",
    "warn",
    ({ assessment }) => {
      known(assessment).status = "failed";
      known(assessment).failed = 1;
      known(assessment).lastFailure = "no tables at the target";
    },
    "1 failed, 0 warn; report in s3://redash-journal/assessments; no tables at the target",
    "read the report, and mend what it names but for tables that prepare will make",
  ],
];

/** What one check finds, and no other one. */
export const BROKEN_AWS: readonly BrokenAwsCase[] = [
  ...RDS,
  ...CACHE,
  ...ECS,
  ...TRAFFIC,
  ...HOST,
  ...NETWORK,
  ...QUOTAS,
  ...MOVE,
  ...DMS,
];
