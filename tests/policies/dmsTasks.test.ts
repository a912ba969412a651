import { describe } from "mocha";
import { type Case, cases, describePolicy, type Given, HIDDEN, UNKNOWN } from "./support/cases";
import { property } from "./support/property";

type Json = Record<string, unknown>;
let ids = 0;
const selection = (
  action: string,
  table: string,
  schema: string | undefined = "public",
  id = ++ids,
): Json => ({
  "rule-type": "selection",
  "rule-id": String(id),
  "rule-name": `r${id}`,
  "object-locator": { ...(schema !== "" && { "schema-name": schema }), "table-name": table },
  "rule-action": action,
});
const SOUND = [
  selection("include", "%"),
  selection("exclude", "queries"),
  selection("exclude", "awsdms%"),
];
const SETTINGS = {
  TargetMetadata: {
    SupportLobs: true,
    FullLobMode: false,
    LimitedSizeLobMode: true,
    LobMaxSize: 8192,
  },
  FullLoadSettings: { TargetTablePrepMode: "DO_NOTHING" },
  ErrorBehavior: { DataTruncationErrorPolicy: "STOP_TASK" },
  Logging: { EnableLogging: true },
  ValidationSettings: { EnableValidation: true },
};
const task = (props: Json = {}): Given => ({
  type: "aws:dms/replicationTask:ReplicationTask",
  props: {
    migrationType: "full-load-and-cdc",
    tableMappings: JSON.stringify({ rules: SOUND }),
    replicationTaskSettings: JSON.stringify(SETTINGS),
    ...props,
  },
});
const mapped = (...rules: Json[]) => task({ tableMappings: JSON.stringify({ rules }) });
const set = (path: string, value: unknown): Given => {
  const settings = structuredClone(SETTINGS) as Record<string, Json>;
  const [part = "", name = ""] = path.split(".");
  settings[part] = { ...settings[part], [name]: value };
  return task({ replicationTaskSettings: JSON.stringify(settings) });
};
/** What a rule over a document in a text does. */
const document = (name: string, isNeeded = true): Record<string, Case> =>
  cases({
    "accepts what is right": [task()],
    "waits for a document that is not known": [
      task({ [name]: UNKNOWN }),
      `undecided: ${name} is not known before the update`,
    ],
    "waits for a document that is a secret": [
      task({ [name]: HIDDEN }),
      `undecided: ${name} is a secret`,
    ],
    "refuses a text that is no JSON": [task({ [name]: "{" }), `${name} is not JSON`],
    ...(isNeeded
      ? { "refuses none": [task({ [name]: undefined }), `${name} is not set`] as const }
      : { "leaves none to others": [task({ [name]: undefined })] as const }),
  });

describe("policies of tasks of DMS", () => {
  describePolicy(
    "dms-selects-tables",
    cases({
      "accepts an include with its excludes": [task()],
      "accepts tables by name": [mapped(selection("explicit", "users"))],
      "refuses a mapping that only excludes": [
        mapped(selection("exclude", "queries")),
        "tableMappings is a mapping that selects nothing",
      ],
      "refuses an empty mapping": [mapped(), "tableMappings is a mapping that selects nothing"],
      "refuses a rule without a schema": [
        mapped(selection("include", "%", "")),
        "tableMappings.rules.0.object-locator.schema-name is not set",
      ],
      "refuses a rule without a table": [
        mapped(selection("include", "")),
        "tableMappings.rules.0.object-locator.table-name is empty",
      ],
      "refuses an action that there is not": [
        mapped(selection("include", "%"), selection("omit", "x")),
        'tableMappings.rules.1.rule-action is "omit"',
      ],
      "refuses ids that occur twice": [
        mapped(selection("include", "%", "public", 1), selection("exclude", "x", "public", 1)),
        "tableMappings is a rule id that occurs twice",
      ],
      "refuses none": [task({ tableMappings: undefined }), "tableMappings is not set"],
      "refuses a text that is no JSON": [task({ tableMappings: "{" }), "tableMappings is not JSON"],
      "waits for a mapping that is not known": [
        task({ tableMappings: UNKNOWN }),
        "undecided: tableMappings is not known before the update",
      ],
    }),
  );
  describePolicy("dms-queries-excluded", {
    ...document("tableMappings", false),
    ...cases({
      "refuses to include it": [
        mapped(selection("include", "%"), selection("exclude", "awsdms%")),
        "tableMappings is a mapping that includes queries",
      ],
      "refuses to include it by its name": [
        mapped(selection("include", "queries")),
        "tableMappings is a mapping that includes queries",
        'tableMappings.rules.0.object-locator.table-name is "queries"',
      ],
      "refuses to include it by its name, also when it is excluded": [
        mapped(...SOUND, selection("include", "queries")),
        'tableMappings.rules.3.object-locator.table-name is "queries"',
      ],
      "is not content with an exclude of another schema's": [
        mapped(selection("include", "%"), selection("exclude", "awsdms%"), {
          ...selection("exclude", "queries"),
          "object-locator": { "schema-name": "audit", "table-name": "queries" },
        }),
        "tableMappings is a mapping that includes queries",
      ],
      "refuses it explicitly, also when it is excluded": [
        mapped(...SOUND, selection("explicit", "queries")),
        'tableMappings.rules.3.object-locator.table-name is "queries"',
      ],
      "accepts an exclude by pattern": [
        mapped(
          selection("include", "%"),
          selection("exclude", "quer%"),
          selection("exclude", "awsdms%"),
        ),
      ],
      "refuses to carry DMS's own tables": [
        mapped(selection("include", "%"), selection("exclude", "queries")),
        "tableMappings is a mapping that carries DMS's own tables",
      ],
      "accepts other tables by name": [mapped(selection("include", "users"))],
    }),
  });
  describePolicy("dms-no-truncation", {
    ...document("replicationTaskSettings"),
    ...cases({
      "accepts full LOB mode whatever its size": [set("TargetMetadata.FullLobMode", true)],
      "refuses the default size": [
        set("TargetMetadata.LobMaxSize", 32),
        "replicationTaskSettings.TargetMetadata.LobMaxSize is 32",
      ],
      "refuses no size": [
        set("TargetMetadata.LobMaxSize", undefined),
        "replicationTaskSettings.TargetMetadata.LobMaxSize is not set",
      ],
      "refuses to log truncation only": [
        set("ErrorBehavior.DataTruncationErrorPolicy", "LOG_ERROR"),
        'replicationTaskSettings.ErrorBehavior.DataTruncationErrorPolicy is "LOG_ERROR"',
      ],
      "refuses no LOBs at all": [
        set("TargetMetadata.SupportLobs", false),
        "replicationTaskSettings.TargetMetadata.SupportLobs is false",
      ],
      "accepts one KB more": [set("TargetMetadata.LobMaxSize", 33)],
    }),
  });
  const mode = "replicationTaskSettings.FullLoadSettings.TargetTablePrepMode is ";
  describePolicy("dms-target-not-emptied", {
    ...document("replicationTaskSettings"),
    ...cases({
      "refuses to drop": [
        set("FullLoadSettings.TargetTablePrepMode", "DROP_AND_CREATE"),
        `${mode}"DROP_AND_CREATE"`,
      ],
      "refuses to truncate": [
        set("FullLoadSettings.TargetTablePrepMode", "TRUNCATE_BEFORE_LOAD"),
        `${mode}"TRUNCATE_BEFORE_LOAD"`,
      ],
      "refuses the default": [
        set("FullLoadSettings.TargetTablePrepMode", undefined),
        `${mode}not set`,
      ],
    }),
  });
  const logging = cases({
    "accepts logging": [task()],
    "refuses none": [
      set("Logging.EnableLogging", false),
      "replicationTaskSettings is without logging",
    ],
    "refuses the default": [
      set("Logging.EnableLogging", undefined),
      "replicationTaskSettings is without logging",
    ],
    "refuses a text": [
      set("Logging.EnableLogging", "true"),
      "replicationTaskSettings is without logging",
    ],
    "refuses no settings": [
      task({ replicationTaskSettings: undefined }),
      "replicationTaskSettings is not set",
    ],
    "refuses a number": [
      set("Logging.EnableLogging", 1),
      "replicationTaskSettings is without logging",
    ],
    "refuses null": [
      set("Logging.EnableLogging", null),
      "replicationTaskSettings is without logging",
    ],
    "accepts more of it": [set("Logging.LogComponents", [])],
  });
  describePolicy("dms-logging", logging);
  describePolicy("dms-validation", {
    ...document("replicationTaskSettings", false),
    ...cases({
      "refuses none": [
        set("ValidationSettings.EnableValidation", false),
        "replicationTaskSettings is without validation",
      ],
      "refuses the default": [
        set("ValidationSettings.EnableValidation", undefined),
        "replicationTaskSettings is without validation",
      ],
      "refuses a text": [
        set("ValidationSettings.EnableValidation", "true"),
        "replicationTaskSettings is without validation",
      ],
    }),
  });
  describePolicy("dms-does-not-start-itself", {
    ...property(task(), "startReplicationTask", {
      right: [false, undefined],
      wrong: [true, "false", UNKNOWN, HIDDEN],
    }),
  });
  describePolicy("dms-keeps-up", {
    ...property(task(), "migrationType", {
      right: ["full-load-and-cdc", "cdc"],
      wrong: ["full-load", "", undefined, UNKNOWN, HIDDEN],
    }),
  });
});
