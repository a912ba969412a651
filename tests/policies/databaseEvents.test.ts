import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { STATIC_PARAMETERS } from "../../policies/databaseEvents";
import { postgresParameters } from "../../redash/postgres";
import { type Case, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property, REHEARSAL } from "./support/property";

const instance = (props: Record<string, unknown> = {}): Given => ({
  type: "aws:rds/instance:Instance",
  name: "database",
  props,
});
const parameters = (...list: unknown[]): Given => ({
  type: "aws:rds/parameterGroup:ParameterGroup",
  name: "redash-database",
  props: { family: "postgres17", parameters: list },
});

describe("policies of running the database", () => {
  const fixed = { name: "max_connections", value: "100", applyMethod: "pending-reboot" };
  const loose = { name: "work_mem", value: "4096", applyMethod: "immediate" };
  describePolicy("database-static-parameters", {
    ...property(parameters(fixed), "parameters.0.applyMethod", {
      right: ["pending-reboot"],
      wrong: ["immediate", undefined, "", UNKNOWN, HIDDEN],
    }),
    ...property(parameters(loose), "parameters.0.applyMethod", {
      right: ["immediate", "pending-reboot", undefined],
      wrong: ["never", UNKNOWN],
    }),
    ...property(parameters({ ...fixed, applyMethod: "immediate" }), "parameters.0.name", {
      right: ["session_replication_role", "rds.force_ssl", "statement_timeout"],
    }),
    ...property(parameters({ ...fixed, applyMethod: "immediate" }), "parameters.0.name", {
      wrong: [
        "rds.logical_replication",
        "shared_preload_libraries",
        "Max_WAL_Senders",
        "wal_buffers",
      ],
      at: "parameters.0.applyMethod",
      as: '"immediate"',
    }),
    ...property(parameters(fixed), "parameters.0.name", { wrong: [UNKNOWN, undefined] }),
    ...property(parameters(), "parameters", { right: [[], undefined], wrong: [UNKNOWN, HIDDEN] }),
    "names the one of many that is wrong": {
      given: parameters(loose, fixed, { ...fixed, name: "huge_pages", applyMethod: undefined }),
      finds: ["parameters.2.applyMethod is not set"],
    },
  });

  it("knows every parameter as static that our own program lets wait for a reboot", () => {
    const waiting = postgresParameters({ plugin: "pglogical" }).filter(
      ({ name, applyMethod }) => applyMethod === "pending-reboot" && name !== "rds.force_ssl",
    );
    assert.deepEqual(
      waiting.map(({ name }) => name).filter((name) => !STATIC_PARAMETERS.has(name)),
      [],
    );
    assert.equal(waiting.length, 6);
  });

  describePolicy("database-parameter-group-name", {
    ...property(parameters(), "name", {
      right: [undefined, "redash-database-1a2b3c4", UNKNOWN],
      wrong: [
        "redash-database",
        "redash-database-",
        "redash-database-prod",
        "mine",
        "other-1a2b3c4",
      ],
    }),
    ...property(parameters(), "name", {
      as: '"redash-database-1a2b3c"',
      wrong: ["redash-database-1a2b3c"],
    }),
  });

  const patched = {
    autoMinorVersionUpgrade: true,
    engineVersion: "17",
    maintenanceWindow: "sun:18:00-sun:18:30",
    backupWindow: "17:00-17:30",
  };
  describePolicy("database-minor-upgrades", {
    ...property(instance(patched), "autoMinorVersionUpgrade", {
      right: [true, undefined],
      wrong: [false, UNKNOWN, HIDDEN],
    }),
    ...property(instance(patched), "engineVersion", { wrong: ["17.6", undefined, UNKNOWN] }),
    ...property(instance(patched), "maintenanceWindow", { wrong: [undefined, "sunday", ""] }),
    ...property(instance(patched), "backupWindow", { wrong: [undefined, "17:00", UNKNOWN] }),
  });

  describePolicy("database-extended-support", {
    ...property(instance(), "engineLifecycleSupport", {
      right: ["open-source-rds-extended-support-disabled"],
      wrong: [
        "open-source-rds-extended-support",
        "disabled",
        "",
        false,
        undefined,
        UNKNOWN,
        HIDDEN,
      ],
    }),
  });

  describePolicy("database-snapshot-tags", {
    ...property(instance(), "copyTagsToSnapshot", {
      right: [true],
      wrong: [false, "true", "false", 1, undefined, UNKNOWN, HIDDEN],
    }),
  });

  describePolicy("database-logs", {
    ...property(instance(), "enabledCloudwatchLogsExports", {
      right: [
        ["postgresql", "upgrade"],
        ["upgrade", "postgresql", "iam-db-auth-error"],
      ],
      wrong: [["postgresql"], ["upgrade"], [], "postgresql", undefined, UNKNOWN, HIDDEN],
    }),
  });

  const watched = { monitoringInterval: 60, monitoringRoleArn: UNKNOWN };
  describePolicy("database-enhanced-monitoring", {
    ...property(instance(watched), "monitoringInterval", {
      right: [1, 60],
      wrong: [0, 2, 61, undefined, UNKNOWN],
    }),
    ...property(instance(watched), "monitoringRoleArn", {
      right: ["arn:r"],
      wrong: [undefined, ""],
    }),
  });

  const insights = { performanceInsightsEnabled: true, performanceInsightsKmsKeyId: UNKNOWN };
  describePolicy("database-insights", {
    ...property(instance(insights), "performanceInsightsEnabled", {
      right: [true],
      wrong: [false, "true", undefined, UNKNOWN, HIDDEN],
    }),
    ...property(instance(insights), "performanceInsightsRetentionPeriod", {
      right: [undefined, 7, 31, 713, 731],
      wrong: [0, 8, 30, 744, UNKNOWN],
    }),
    ...property(
      instance({ ...insights, databaseInsightsMode: "advanced" }),
      "performanceInsightsRetentionPeriod",
      { right: [465], wrong: [7, undefined] },
    ),
    ...property(instance(insights), "performanceInsightsKmsKeyId", {
      right: ["arn:k"],
      wrong: [undefined, ""],
    }),
  });

  /** Cases of a rule that wants a subscription. */
  function subscription(sourceType: string, eventCategories: readonly string[]) {
    const missing = [" is without such a subscription"];
    const given = (props: Record<string, unknown> = {}): Given[] => [
      instance(),
      { type: "aws:rds/eventSubscription:EventSubscription", props: { sourceType, eventCategories, ...props } }, // prettier-ignore
    ];
    const wrong = (props: Record<string, unknown>): Case => ({
      given: given(props),
      finds: missing,
    });
    return {
      "accepts a subscription to what it names": { given: given() },
      "accepts more than that": {
        given: given({ eventCategories: [...eventCategories, "backup"], enabled: true }),
      },
      "accepts every category": { given: given({ eventCategories: undefined }) },
      "accepts every type of source": { given: given({ sourceType: undefined, sourceIds: [] }) },
      "refuses none at all": { given: instance(), finds: missing },
      "refuses one that is off": wrong({ enabled: false }),
      "refuses one for other sources": wrong({ sourceType: "db-snapshot" }),
      "refuses one for a single source, as the next one is not heard": wrong({ sourceIds: ["a"] }),
      "refuses one without the categories": wrong({ eventCategories: ["backup"] }),
      "refuses one whose sources are not known": wrong({ sourceIds: UNKNOWN }),
      "refuses one whose categories are a secret": wrong({ eventCategories: HIDDEN }),
    };
  }
  const WHOLE = ["maintenance", "configuration change", "failure"];
  describePolicy("database-events-instance", subscription("db-instance", WHOLE));
  describePolicy(
    "database-events-parameters",
    subscription("db-parameter-group", WHOLE.slice(1, 2)),
  );
  describePolicy(
    "database-events-security-group",
    subscription("db-security-group", WHOLE.slice(1)),
  );

  const selection = (props: Record<string, unknown>, refersTo = {}): Given[] => [
    instance({ arn: "arn:aws:rds:eu-west-1:123456789012:db:redash" }),
    { type: "aws:backup/selection:Selection", props, refersTo },
  ];
  const lost = { finds: [" is in no backup plan"] };
  describePolicy("database-backup-plan", {
    "accepts a selection of the instance": {
      given: selection({ resources: [UNKNOWN] }, { resources: "database" }),
    },
    "accepts a selection of its ARN": {
      given: selection({ resources: ["arn:aws:rds:eu-west-1:123456789012:db:redash"] }),
    },
    "accepts a selection of everything": { given: selection({ resources: ["*"] }) },
    "accepts a selection of every database": {
      given: selection({ resources: ["arn:aws:rds:*:*:db:*"] }),
    },
    "accepts a selection by tags": { given: selection({ selectionTags: [{ key: "backup" }] }) },
    "refuses a selection of something else": { given: selection({ resources: ["arn:aws:s3:::a"] }), ...lost }, // prettier-ignore
    "refuses a selection of what is not known": {
      given: selection({ resources: UNKNOWN }),
      ...lost,
    },
    "refuses an empty selection": {
      given: selection({ resources: [], selectionTags: [] }),
      ...lost,
    },
    "refuses none": { given: instance(), ...lost },
    "asks for none in a rehearsal": { given: instance(), stack: REHEARSAL },
  });
});
