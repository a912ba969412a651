import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readSettings } from "../../settings/read";
import { changedConfig, itSays } from "../support/settings";

describe("settings taken together", () => {
  itSays([
    [
      "refuses a move that could not prove that queries are executed",
      { "redash:probeDataSourceId": undefined },
      [
        "redash:probeDataSourceId = (missing) | a data source on which SELECT 1 may run: only an executed query proves that both sides work | pulumi config set redash:probeDataSourceId 1",
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
      {
        "redash:phase": "greenfield",
        "redash:sourceInstanceId": undefined,
        "redash:administratorEmail": undefined,
      },
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
  ]);

  it("refuses workers that leave one of Redash's queues alone, or share one", () => {
    const kind = { cpu: 1024, memoryMib: 2048, count: 1, processes: 1 };
    const workers = [
      { ...kind, name: "one", queues: ["queries", "scheduled_queries", "schemas", "emails"] },
      { ...kind, name: "two", queues: ["default", "emails"] },
    ];
    assert.deepEqual(
      readSettings(changedConfig({ "redash:workers": JSON.stringify(workers) })).problems.map(
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
      readSettings(changedConfig({ "redash:workers": JSON.stringify(workers) })).problems.map(
        ({ allowed }) => allowed,
      ),
      [
        "for worker one: memory of 2048 to 8192 MiB in steps of 1024 with 1024 CPU units",
        "for worker one: at least 2850 MiB for 9 processes (each forks one) of 150 MiB",
        "worker names that differ; one occurs twice",
      ],
    );
  });
});
