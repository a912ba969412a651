import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { z } from "zod";
import { moveLimits } from "../../cutover/moveLimits";
import { KEYS } from "../../settings/keys";
import { itSays, said } from "../support/settings";

describe("a key of the settings", () => {
  itSays([
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
        'redash:sourceServices = {"servers":["server"],"scheduler":["scheduler"],"workers":[],"database":"postgres","queue":"redis"} | servers, scheduler, workers as lists of names, database and queue as names (at workers: Too small: expected array to have >=1 items) | write redash:sourceServices: {"servers":["server"],"scheduler":["scheduler"],"workers":["scheduled_worker","adhoc_worker","worker"],"database":"postgres","queue":"redis"} into the stack file',
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
      "refuses a PostgreSQL that RDS does not offer",
      { "redash:databaseVersion": "13.22" },
      [
        "redash:databaseVersion = 13.22 | 15, 16, 17, 18, or one of their minors such as 17.6 | pulumi config set redash:databaseVersion 17",
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
  ]);

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
});
