import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { z } from "zod";
import { moveLimits } from "../../cutover/moveLimits";
import { KEYS } from "../../settings/keys";
import { problemText } from "../../settings/problem";
import { readSettings } from "../../settings/read";

/** A sound production config in the phase that needs the most. */
const SOUND: Readonly<Record<string, string>> = {
  "redash:mode": "production",
  "redash:phase": "replicating",
  "redash:vpcId": "vpc-0a1b2c3d4e5f60718",
  "redash:publicSubnetIds": '["subnet-0a1b2c3d4e5f60711","subnet-0a1b2c3d4e5f60712"]',
  "redash:privateSubnetIds": '["subnet-0a1b2c3d4e5f60713","subnet-0a1b2c3d4e5f60714"]',
  "redash:isolatedSubnetIds": '["subnet-0a1b2c3d4e5f60715","subnet-0a1b2c3d4e5f60716"]',
  "redash:sourceInstanceId": "i-0a1b2c3d4e5f60718",
  "redash:sourceSecretsArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:source-AbCdEf",
  "redash:probeDataSourceId": "1",
  "redash:host": "redash.acme.io",
  "redash:certificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1f2e",
};
const change = (changes: Record<string, string | undefined>) =>
  Object.fromEntries(
    Object.entries({ ...SOUND, ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
const said = (changes: Record<string, string | undefined>) =>
  readSettings(change(changes)).problems.map(
    ({ key, value, allowed, fix }) => `${key} = ${value ?? "(missing)"} | ${allowed} | ${fix}`,
  );

describe("settings", () => {
  it("accepts a sound config and fills in the defaults of its mode", () => {
    const { values, problems, examples } = readSettings(SOUND);
    assert.deepEqual(problems, []);
    assert.deepEqual(examples, []);
    assert.equal(values?.databaseMultiAz, true);
    assert.equal(values.serverCount, 2);
    assert.equal(values.serverCpu, 1024);
    assert.equal(values.hostedZoneId, undefined);
    assert.ok(Object.isFrozen(values));
  });

  it("lets a key win over its mode", () => {
    assert.equal(
      readSettings(change({ "redash:databaseMultiAz": "false" })).values?.databaseMultiAz,
      false,
    );
  });

  it("takes an empty text, list or map for not set, as the engine writes it for a key without default", () => {
    const { values, problems } = readSettings(
      change({ "redash:hostedZoneId": "", "redash:workers": "[]", "redash:serverCount": "" }),
    );
    assert.deepEqual(problems, []);
    assert.equal(values?.hostedZoneId, undefined);
    assert.equal(values?.workers.length, 3);
    assert.equal(values.serverCount, 2);
  });

  const cases: [string, Record<string, string | undefined>, string[]][] = [
    [
      "refuses a move that could not prove that queries are executed",
      { "redash:probeDataSourceId": undefined },
      [
        "redash:probeDataSourceId = (missing) | a data source on which SELECT 1 may run: only an executed query proves that both sides work | pulumi config set redash:probeDataSourceId 1",
      ],
    ],
    [
      "refuses what is no id of a data source",
      { "redash:probeDataSourceId": "0" },
      [
        "redash:probeDataSourceId = 0 | an id of a data source, 1 or more | pulumi config set redash:probeDataSourceId 1",
      ],
    ],
    [
      "refuses a folder of the source that is no absolute path, or more than a path",
      { "redash:sourceProjectDirectory": "/opt/redash; id" },
      [
        "redash:sourceProjectDirectory = /opt/redash; id | an absolute path of letters, digits, . _ - and /, such as /opt/redash | pulumi config set redash:sourceProjectDirectory /opt/redash",
      ],
    ],
    [
      "refuses a role of the source that is no name",
      { "redash:sourceApplicationRole": "redash'--" },
      [
        "redash:sourceApplicationRole = redash'-- | a name of PostgreSQL: letters, digits, _ and -, up to 63 | pulumi config set redash:sourceApplicationRole postgres",
      ],
    ],
    [
      "refuses services of the source without one of the parts",
      {
        "redash:sourceServices":
          '{"servers":["server"],"scheduler":["scheduler"],"workers":[],"database":"postgres","queue":"redis"}',
      },
      [
        'redash:sourceServices = {"servers":["server"],"scheduler":["scheduler"],"workers":[],"database":"postgres","queue":"redis"} | servers, scheduler, workers as lists of names, database and queue as names (at workers: Too small: expected array to have >=1 items) | write redash:sourceServices: {\"servers\":[\"server\"],\"scheduler\":[\"scheduler\"],\"workers\":[\"scheduled_worker\",\"adhoc_worker\",\"worker\"],\"database\":\"postgres\",\"queue\":\"redis\"} into the stack file',
      ],
    ],
    [
      "refuses transport dms without the measured size, in a phase that replicates",
      { "redash:transport": "dms" },
      [
        "redash:dmsLargestLobBytes = (missing) | the largest value of the source, measured there (docs/settings.md): transport dms stops at a larger one | pulumi config set redash:dmsLargestLobBytes 8000000",
      ],
    ],
    [
      "refuses a value that DMS cannot carry",
      { "redash:transport": "dms", "redash:dmsLargestLobBytes": "34952534" },
      [
        "redash:dmsLargestLobBytes = 34952534 | 0 to 34952533 | pulumi config set redash:dmsLargestLobBytes 8000000",
      ],
    ],
    [
      "refuses limits of a move that the move refuses",
      { "redash:moveWriteOutageBudgetMs": "600001", "redash:moveDrainDeadlineMs": "99" },
      [
        "redash:moveWriteOutageBudgetMs = 600001 | 50 to 600000 | pulumi config set redash:moveWriteOutageBudgetMs 30000",
        "redash:moveDrainDeadlineMs = 99 | 100 to 3600000 | pulumi config set redash:moveDrainDeadlineMs 300000",
      ],
    ],
    [
      "refuses a mode of encryption that DMS cannot check at the source",
      { "redash:sourceDatabaseSslMode": "verify-full" },
      [
        "redash:sourceDatabaseSslMode = verify-full | none, require | pulumi config set redash:sourceDatabaseSslMode require",
      ],
    ],
    [
      "refuses a private key where certificates belong, and does not repeat it",
      {
        "redash:dmsTargetCaPem": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
      },
      [
        "redash:dmsTargetCaPem = (hidden) | one or more certificates between BEGIN CERTIFICATE and END CERTIFICATE, no private key | pulumi config set redash:dmsTargetCaPem -----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
      ],
    ],
    [
      "refuses a class of RDS for the replication instance",
      { "redash:dmsInstanceClass": "db.t4g.medium" },
      [
        "redash:dmsInstanceClass = db.t4g.medium | a class of DMS such as dms.t3.medium | pulumi config set redash:dmsInstanceClass dms.r6i.large",
      ],
    ],
    [
      "refuses a topic that is none",
      { "redash:alarmTopicArns": '["redash-alarms"]' },
      [
        'redash:alarmTopicArns = ["redash-alarms"] | ARNs of SNS topics (at 0: Invalid string: must match pattern /^arn:aws[a-z-]*:sns:[a-z0-9-]*:\\d{12}:\\S+$/) | write redash:alarmTopicArns: ["arn:aws:sns:eu-west-1:123456789012:redash-alarms"] into the stack file',
      ],
    ],
    [
      "refuses a database of the source that is a URL",
      { "redash:sourceDatabaseName": "postgresql://postgres/postgres" },
      [
        "redash:sourceDatabaseName = postgresql://postgres/postgres | a name of PostgreSQL: letters, digits, _ and -, up to 63 | pulumi config set redash:sourceDatabaseName postgres",
      ],
    ],
    [
      "refuses an unknown key and names the nearest",
      { "redash:databaseMultiAZs": "true" },
      [
        "redash:databaseMultiAZs = true | the keys of docs/settings.md; the nearest is redash:databaseMultiAz | pulumi config rm redash:databaseMultiAZs, or rename it",
      ],
    ],
    [
      "misses a required key",
      { "redash:host": undefined },
      [
        "redash:host = (missing) | a lower-case host name without scheme, such as redash.your-company.com | pulumi config set redash:host redash.example.com",
      ],
    ],
    [
      "refuses a host with a scheme",
      { "redash:host": "https://redash.acme.io" },
      [
        "redash:host = https://redash.acme.io | a lower-case host name without scheme, such as redash.your-company.com | pulumi config set redash:host redash.example.com",
      ],
    ],
    [
      "refuses an image that moves",
      { "redash:image": "redash/redash:latest" },
      [
        "redash:image = redash/redash:latest | a tag that does not move (not latest, preview or nightly) or a digest | pulumi config set redash:image redash/redash:25.8.0",
      ],
    ],
    [
      "refuses an image without a tag",
      { "redash:image": "redash/redash" },
      [
        "redash:image = redash/redash | a tag that does not move (not latest, preview or nightly) or a digest | pulumi config set redash:image redash/redash:25.8.0",
      ],
    ],
    [
      "refuses a size that Fargate does not have",
      { "redash:serverMemoryMib": "1024" },
      [
        "redash:serverMemoryMib = 1024 | memory of 2048 to 8192 MiB in steps of 1024 with 1024 CPU units | pulumi config set redash:serverMemoryMib 2048",
      ],
    ],
    [
      "refuses a CPU that Fargate does not have",
      { "redash:schedulerCpu": "300" },
      [
        "redash:schedulerCpu = 300 | cpu of 256, 512, 1024, 2048, 4096, 8192, 16384 | pulumi config set redash:schedulerCpu 256",
      ],
    ],
    [
      "refuses a queue of a data source that no worker consumes",
      { "redash:dataSourceQueues": '["big"]' },
      [
        'redash:dataSourceQueues = ["big"] | queues that a worker consumes; none consumes big, so its queries would wait for ever | add big to the queues of a kind in redash:workers',
      ],
    ],
    [
      "refuses a phase of the move without the source's secrets",
      { "redash:sourceSecretsArn": undefined },
      [
        "redash:sourceSecretsArn = (missing) | the secret with the source's own keys: phase replicating must decrypt what the source encrypted | pulumi config set redash:sourceSecretsArn arn:aws:secretsmanager:eu-west-1:123456789012:secret:redash/source-AbCdEf",
      ],
    ],
    [
      "refuses an existing listener without certificate, priority and security group",
      {
        "redash:certificateArn": undefined,
        "redash:existingListenerArn":
          "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2",
      },
      [
        "redash:existingListenerRulePriority = (missing) | a value, since existingListenerArn is set | pulumi config set redash:existingListenerRulePriority 100",
        "redash:existingLoadBalancerSecurityGroupId = (missing) | a value, since existingListenerArn is set | pulumi config set redash:existingLoadBalancerSecurityGroupId sg-0123456789abcdef0",
        "redash:certificateArn = (missing) | the certificate of redash.acme.io, which is added to the existing listener | pulumi config set redash:certificateArn arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
      ],
    ],
    [
      "refuses a load balancer without certificate",
      { "redash:certificateArn": undefined },
      [
        "redash:certificateArn = (missing) | a certificate, or hostedZoneId to make one in: there is no listener without TLS | pulumi config set redash:certificateArn arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
      ],
    ],
    [
      "refuses a PostgreSQL that RDS does not offer",
      { "redash:databaseVersion": "13.22" },
      [
        "redash:databaseVersion = 13.22 | 15, 16, 17, 18, or one of their minors such as 17.6 | pulumi config set redash:databaseVersion 17",
      ],
    ],
    [
      "refuses PostgreSQL 18 with DMS",
      {
        "redash:databaseVersion": "18.1",
        "redash:transport": "dms",
        "redash:dmsLargestLobBytes": "1",
      },
      [
        "redash:databaseVersion = 18.1 | 15, 16 or 17 with transport dms: DMS does not know 18 | pulumi config set redash:databaseVersion 17",
      ],
    ],
    [
      "refuses capacity weights that run nothing",
      { "redash:workerCapacityWeights": '{"onDemand":0,"spot":0}' },
      [
        'redash:workerCapacityWeights = {"onDemand":0,"spot":0} | onDemand and spot, 0 to 1000 each, not both 0 | write redash:workerCapacityWeights: {"onDemand":1,"spot":0} into the stack file',
      ],
    ],
    [
      "refuses a network with host bits",
      { "redash:ingressCidrs": '["10.1.2.3/8"]' },
      [
        'redash:ingressCidrs = ["10.1.2.3/8"] | IPv4 networks without host bits, such as 10.0.0.0/8 (at 0: Invalid input) | write redash:ingressCidrs: ["10.0.0.0/8"] into the stack file',
      ],
    ],
    [
      "refuses an instance to move from outside its VPC",
      {
        "redash:vpcId": undefined,
        "redash:publicSubnetIds": undefined,
        "redash:privateSubnetIds": undefined,
        "redash:isolatedSubnetIds": undefined,
      },
      [
        "redash:vpcId = (missing) | the VPC of the source instance: a load balancer reaches instances of its own VPC only | pulumi config set redash:vpcId vpc-0123456789abcdef0",
      ],
    ],
    [
      "refuses an existing VPC without its subnets",
      { "redash:isolatedSubnetIds": undefined },
      [
        'redash:isolatedSubnetIds = (missing) | subnets of the VPC, since vpcId is set | write redash:isolatedSubnetIds: ["subnet-0123456789abcdef0","subnet-0123456789abcdef1"] into the stack file',
      ],
    ],
    [
      "refuses an image of the source in production",
      { "redash:sourceInstanceId": undefined, "redash:sourceImageId": "ami-0a1b2c3d4e5f60718" },
      [
        "redash:sourceImageId = ami-0a1b2c3d4e5f60718 | an image only in a rehearsal: production moves its living host | pulumi config rm redash:sourceImageId",
      ],
    ],
    [
      "refuses a phase of the move without a host to move from, in production",
      { "redash:sourceInstanceId": undefined },
      [
        "redash:sourceInstanceId = (missing) | the host to move from, in phase replicating | pulumi config set redash:sourceInstanceId i-0123456789abcdef0",
      ],
    ],
    [
      "refuses a phase of the move without a host to move from, in a rehearsal",
      { "redash:mode": "rehearsal", "redash:sourceInstanceId": undefined },
      [
        "redash:sourceImageId = (missing) | the host to move from, in phase replicating | pulumi config set redash:sourceImageId ami-0123456789abcdef0",
      ],
    ],
    [
      "refuses two hosts to move from, and a copy in an existing network",
      { "redash:mode": "rehearsal", "redash:sourceImageId": "ami-0a1b2c3d4e5f60718" },
      [
        "redash:sourceImageId = ami-0a1b2c3d4e5f60718 | either a living source (sourceInstanceId) or one started from an image (sourceImageId) | pulumi config rm redash:sourceImageId",
        "redash:sourceImageId = ami-0a1b2c3d4e5f60718 | a copy of the host only in a VPC of the stack's own: it would reach whatever lives in an existing one | pulumi config rm redash:vpcId",
      ],
    ],
    [
      "refuses a new home without a first administrator",
      { "redash:phase": "greenfield", "redash:sourceInstanceId": undefined },
      [
        "redash:administratorEmail = (missing) | the first administrator of a greenfield stack | pulumi config set redash:administratorEmail sre@example.com",
      ],
    ],
    [
      "refuses subnets without their VPC",
      {
        "redash:vpcId": undefined,
        "redash:phase": "complete",
        "redash:sourceInstanceId": undefined,
        "redash:publicSubnetIds": undefined,
        "redash:privateSubnetIds": undefined,
      },
      [
        'redash:isolatedSubnetIds = ["subnet-0a1b2c3d4e5f60715","subnet-0a1b2c3d4e5f60716"] | nothing, since vpcId is not set | pulumi config rm redash:isolatedSubnetIds',
      ],
    ],
    [
      "refuses a subnet in two tiers",
      { "redash:isolatedSubnetIds": '["subnet-0a1b2c3d4e5f60713","subnet-0a1b2c3d4e5f60716"]' },
      [
        'redash:isolatedSubnetIds = ["subnet-0a1b2c3d4e5f60713","subnet-0a1b2c3d4e5f60716"] | subnets that no other tier has; subnet-0a1b2c3d4e5f60713 is in privateSubnetIds too | write redash:isolatedSubnetIds: ["subnet-0123456789abcdef0","subnet-0123456789abcdef1"] into the stack file',
      ],
    ],
    [
      "refuses a redirect on somebody else's load balancer",
      {
        "redash:httpRedirect": "true",
        "redash:existingListenerArn":
          "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/lb/0a1b/2c3d",
        "redash:existingListenerRulePriority": "10",
        "redash:existingLoadBalancerSecurityGroupId": "sg-0a1b2c3d4e5f60718",
      },
      [
        "redash:httpRedirect = true | false: the existing load balancer decides what its port 80 does | pulumi config rm redash:httpRedirect",
      ],
    ],
    [
      "refuses maintenance of the queue during its snapshot",
      { "redash:queueMaintenanceWindow": "mon:17:30-mon:18:30" },
      [
        "redash:queueMaintenanceWindow = mon:17:30-mon:18:30 | a window apart from queueSnapshotWindow, which is 17:00-18:00 | pulumi config set redash:queueMaintenanceWindow sun:19:00-sun:20:00",
      ],
    ],
    [
      "refuses windows that are too short for AWS",
      { "redash:databaseBackupWindow": "17:00-17:10", "redash:queueSnapshotWindow": "17:00-17:30" },
      [
        "redash:databaseBackupWindow = 17:00-17:10 | hh:mm-hh:mm, 30 minutes or more | pulumi config set redash:databaseBackupWindow 17:00-17:30",
        "redash:queueSnapshotWindow = 17:00-17:30 | hh:mm-hh:mm, 60 minutes or more | pulumi config set redash:queueSnapshotWindow 17:00-18:00",
      ],
    ],
    [
      "refuses minors of PostgreSQL that there cannot be",
      { "redash:databaseVersion": "16.01" },
      [
        "redash:databaseVersion = 16.01 | 15, 16, 17, 18, or one of their minors such as 17.6 | pulumi config set redash:databaseVersion 17",
      ],
    ],
    [
      "refuses more web workers than the memory holds",
      { "redash:serverWebWorkers": "20" },
      [
        "redash:serverMemoryMib = 2048 | at least 3150 MiB for 20 web workers of 150 MiB | pulumi config set redash:serverWebWorkers 12",
      ],
    ],
    [
      "refuses an image that the processor cannot run",
      { "redash:architecture": "ARM64", "redash:image": "redash/redash:10.1.0.b50633" },
      [
        "redash:architecture = ARM64 | X86_64 with redash/redash:10.1.0.b50633: ARM64 images exist from 25.1.0 on | pulumi config set redash:architecture X86_64",
      ],
    ],
    [
      "refuses a variable that the program sets itself",
      { "redash:environment": '{"REDASH_WEB_WORKERS":"9"}' },
      [
        "redash:environment = (REDASH_WEB_WORKERS) | variables that the program does not set itself; it sets REDASH_WEB_WORKERS | remove REDASH_WEB_WORKERS from redash:environment",
      ],
    ],
    [
      "refuses a secret that the program sets itself",
      {
        "redash:secretEnvironment":
          '{"REDASH_DATABASE_URL":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"}',
      },
      [
        "redash:secretEnvironment = (REDASH_DATABASE_URL) | variables that the program does not set itself; it sets REDASH_DATABASE_URL | remove REDASH_DATABASE_URL from redash:secretEnvironment",
      ],
    ],
    [
      "refuses a variable that is plain and secret at once",
      {
        "redash:environment": '{"REDASH_MAIL_SERVER":"mail"}',
        "redash:secretEnvironment":
          '{"REDASH_MAIL_SERVER":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"}',
      },
      [
        "redash:environment = (REDASH_MAIL_SERVER) | each variable once; REDASH_MAIL_SERVER is in secretEnvironment too, and ECS refuses both | remove REDASH_MAIL_SERVER from redash:environment",
      ],
    ],
    [
      "does not repeat values of an environment that is wrong, nor of an unknown key that may be a secret",
      {
        "redash:environment": '{"mailPassword":"hunter2"}',
        "redash:cookieSecret": "hunter2",
      },
      [
        "redash:cookieSecret = (hidden) | the keys of docs/settings.md; the nearest is redash:workers | pulumi config rm redash:cookieSecret, or rename it",
        'redash:environment = (mailPassword) | NAME: text, for names that the program does not set and that are no secrets (at mailPassword: Invalid key in record) | write redash:environment: {"REDASH_MAIL_DEFAULT_SENDER":"redash@example.com"} into the stack file',
      ],
    ],
    [
      "does not repeat a secret that stands where the ARN of one belongs",
      {
        "redash:secretEnvironment": '{"REDASH_MAIL_PASSWORD":"hunter2"}',
        "redash:sourceSecretsArn": '{"cookieSecret":"hunter2","secretKey":"hunter2"}',
      },
      [
        'redash:secretEnvironment = (REDASH_MAIL_PASSWORD) | NAME: ARN of a secret, with :key:: behind it for a key of its JSON (at REDASH_MAIL_PASSWORD: Invalid string: must match pattern /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\\d{12}:secret:[^:\\s]+(?::[^:\\s]*:[^:\\s]*:[^:\\s]*)?$/) | write redash:secretEnvironment: {"REDASH_MAIL_PASSWORD":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-AbCdEf:password::"} into the stack file',
        "redash:sourceSecretsArn = (hidden) | the ARN of a Secrets Manager secret | pulumi config set redash:sourceSecretsArn arn:aws:secretsmanager:eu-west-1:123456789012:secret:redash/source-AbCdEf",
      ],
    ],
    [
      "shows what is no ARN of a secret, if it is an ARN",
      { "redash:sourceSecretsArn": "arn:aws:kms:eu-west-1:111122223333:key/source" },
      [
        "redash:sourceSecretsArn = arn:aws:kms:eu-west-1:111122223333:key/source | the ARN of a Secrets Manager secret | pulumi config set redash:sourceSecretsArn arn:aws:secretsmanager:eu-west-1:123456789012:secret:redash/source-AbCdEf",
      ],
    ],
    [
      "refuses a Redis of its own for the queue, plain or secret: the move would suspend and carry another one",
      {
        "redash:environment": '{"RQ_REDIS_URL":"redis://:hunter2@queue"}',
        "redash:secretEnvironment":
          '{"RQ_REDIS_URL":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"}',
      },
      [
        "redash:environment = (RQ_REDIS_URL) | each variable once; RQ_REDIS_URL is in secretEnvironment too, and ECS refuses both | remove RQ_REDIS_URL from redash:environment",
        "redash:environment = (RQ_REDIS_URL) | one Redis for everything, REDASH_REDIS_URL's, which the program sets; RQ_REDIS_URL is another for the queue | remove RQ_REDIS_URL from redash:environment",
        "redash:secretEnvironment = (RQ_REDIS_URL) | one Redis for everything, REDASH_REDIS_URL's, which the program sets; RQ_REDIS_URL is another for the queue | remove RQ_REDIS_URL from redash:secretEnvironment",
      ],
    ],
    [
      "refuses a key that is called as what every object has",
      { "redash:toString": "x" },
      [
        "redash:toString = x | the keys of docs/settings.md; the nearest is redash:host | pulumi config rm redash:toString, or rename it",
      ],
    ],
    [
      "refuses a secret in plain environment and does not repeat it",
      { "redash:environment": '{"REDASH_MAIL_PASSWORD":"hunter2"}' },
      [
        "redash:environment = (REDASH_MAIL_PASSWORD) | no secrets; REDASH_MAIL_PASSWORD looks like one | move REDASH_MAIL_PASSWORD to redash:secretEnvironment, as the ARN of a secret",
      ],
    ],
    [
      "refuses what would have a silent Redash speak, plain or secret, and does not repeat it",
      {
        "redash:silent": "true",
        "redash:environment":
          '{"REDASH_MAIL_SERVER":"mail","REDASH_LOG_LEVEL":"DEBUG","REDASH_ENABLED_DESTINATIONS":"redash.destinations.slack"}',
        "redash:secretEnvironment":
          '{"REDASH_MAIL_PASSWORD":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"}',
      },
      [
        "redash:environment = (REDASH_MAIL_SERVER, REDASH_LOG_LEVEL, REDASH_ENABLED_DESTINATIONS) | nothing by which a silent Redash would tell somebody; REDASH_MAIL_SERVER does | remove REDASH_MAIL_SERVER from redash:environment; or let it speak: pulumi config set redash:silent false",
        "redash:environment = (REDASH_MAIL_SERVER, REDASH_LOG_LEVEL, REDASH_ENABLED_DESTINATIONS) | variables that the program does not set itself; it sets REDASH_ENABLED_DESTINATIONS | remove REDASH_ENABLED_DESTINATIONS from redash:environment",
        "redash:secretEnvironment = (REDASH_MAIL_PASSWORD) | nothing by which a silent Redash would tell somebody; REDASH_MAIL_PASSWORD does | remove REDASH_MAIL_PASSWORD from redash:secretEnvironment; or let it speak: pulumi config set redash:silent false",
      ],
    ],
    [
      "refuses maintenance during the backup",
      { "redash:databaseMaintenanceWindow": "mon:17:15-mon:18:00" },
      [
        "redash:databaseMaintenanceWindow = mon:17:15-mon:18:00 | a window apart from databaseBackupWindow, which is 17:00-17:30 | pulumi config set redash:databaseMaintenanceWindow sun:18:00-sun:18:30",
      ],
    ],
    [
      "refuses storage that could not grow",
      { "redash:databaseMaxStorageGib": "105" },
      [
        "redash:databaseMaxStorageGib = 105 | at least 110: 10 % above databaseStorageGib, which is 100 | pulumi config set redash:databaseMaxStorageGib 200",
      ],
    ],
    [
      "refuses a number that is none",
      { "redash:serverCount": "two" },
      ["redash:serverCount = two | 1 to 50 | pulumi config set redash:serverCount 2"],
    ],
    [
      "refuses a list that is no JSON",
      { "redash:ingressCidrs": "10.0.0.0/8" },
      [
        'redash:ingressCidrs = 10.0.0.0/8 | IPv4 networks without host bits, such as 10.0.0.0/8 | write redash:ingressCidrs: ["10.0.0.0/8"] into the stack file',
      ],
    ],
  ];
  for (const [sentence, changes, expected] of cases) {
    it(sentence, () => {
      assert.deepEqual(said(changes), expected);
    });
  }

  it("refuses workers that leave one of Redash's queues alone, or share one", () => {
    const kind = { cpu: 1024, memoryMib: 2048, count: 1, processes: 1 };
    const workers = [
      { ...kind, name: "one", queues: ["queries", "scheduled_queries", "schemas", "emails"] },
      { ...kind, name: "two", queues: ["default", "emails"] },
    ];
    assert.deepEqual(
      readSettings(change({ "redash:workers": JSON.stringify(workers) })).problems.map(
        ({ allowed }) => allowed,
      ),
      [
        "each queue in one kind; emails is in one and two",
        "a worker for each of Redash's queues; none consumes periodic",
      ],
    );
  });

  it("refuses workers of a size that Fargate does not have, that are too small, or called the same", () => {
    const kind = { cpu: 1024, memoryMib: 2048, count: 1, processes: 1 };
    const workers = [
      { ...kind, name: "one", queues: ["queries", "scheduled_queries"], memoryMib: 1000 },
      { ...kind, name: "one", queues: ["schemas", "emails"], processes: 9 },
      { ...kind, name: "two", queues: ["default", "periodic"] },
    ];
    assert.deepEqual(
      readSettings(change({ "redash:workers": JSON.stringify(workers) })).problems.map(
        ({ allowed }) => allowed,
      ),
      [
        "for worker one: memory of 2048 to 8192 MiB in steps of 1024 with 1024 CPU units",
        "for worker one: at least 2850 MiB for 9 processes (each forks one) of 150 MiB",
        "worker names that differ; one occurs twice",
      ],
    );
  });

  it("takes as limits of a move what the move takes, with its own values unless they are set", () => {
    const own = z.object(moveLimits).parse({});
    for (const [name, limit] of [
      ["moveWriteOutageBudgetMs", "writeOutageBudgetMs"],
      ["moveDrainDeadlineMs", "drainDeadlineMs"],
    ] as const) {
      const { schema, default: preset, allowed } = KEYS[name];
      assert.equal(preset, own[limit]);
      const [least = 0, most = 0] = allowed.split(" to ").map(Number);
      const taken = [least - 1, least, most, most + 1].map((value) => [
        schema.safeParse(value).success,
        moveLimits[limit].safeParse(value).success,
      ]);
      assert.deepEqual(taken, [
        [false, false],
        [true, true],
        [true, true],
        [false, false],
      ]);
    }
  });

  it("lets a switch wait for the queue for longer than a function lives: the next one goes on with it", () => {
    const longest = { moveWriteOutageBudgetMs: "600000", moveDrainDeadlineMs: "3600000" };
    assert.deepEqual(
      said(Object.fromEntries(Object.entries(longest).map(([name, it]) => [`redash:${name}`, it]))),
      [],
    );
  });

  it("reports all problems at once", () => {
    const { problems } = readSettings({ "redash:mode": "production", "redash:hots": "x" });
    assert.deepEqual(
      problems.map(({ key }) => key),
      ["redash:hots", "redash:phase", "redash:host", "redash:certificateArn"],
    );
  });

  it("writes one text: the problems, each with value, what is allowed, and the fix", () => {
    const { problems } = readSettings(
      change({ "redash:serverCount": "0", "redash:host": undefined }),
    );
    assert.equal(
      problemText("prod", problems),
      [
        "2 problems in the settings of stack prod; nothing was changed.",
        "",
        "  redash:serverCount = 0",
        "    allowed: 1 to 50",
        "    fix:     pulumi config set redash:serverCount 2",
        "",
        "  redash:host is missing",
        "    allowed: a lower-case host name without scheme, such as redash.your-company.com",
        "    fix:     pulumi config set redash:host redash.example.com",
      ].join("\n"),
    );
  });

  it("finds the values that are still examples", () => {
    const { examples, problems } = readSettings(
      change({
        "redash:host": "redash.example.com",
        "redash:ingressCidrs": '["203.0.113.0/24"]',
        "redash:vpcId": "vpc-0123456789abcdef0",
        "redash:environment":
          '{"REDASH_MAIL_DEFAULT_SENDER":"redash@example.com","REDASH_LDAP_URL":"hunter2"}',
      }),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      examples.map(({ key }) => key),
      ["redash:vpcId", "redash:environment", "redash:host", "redash:ingressCidrs"],
    );
    assert.equal(examples[1]?.value, "(REDASH_MAIL_DEFAULT_SENDER, REDASH_LDAP_URL)");
  });
});
