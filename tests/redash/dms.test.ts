import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  CARRIED_TABLES,
  endpointSettings,
  lobMaxSizeKib,
  tableMappings,
  taskSettings,
} from "../../redash/dms";
import { LOB_TYPES, UNMIGRATED_TYPES } from "../../redash/dmsTypes";

describe("the table mappings of a task of DMS", () => {
  it("select Redash's tables and the markers, without queries and without DMS's own tables", () => {
    const rule = (id: string, name: string, schema: string, table: string, action: string) => ({
      "rule-type": "selection",
      "rule-id": id,
      "rule-name": name,
      "object-locator": { "schema-name": schema, "table-name": table },
      "rule-action": action,
      filters: [],
    });
    assert.deepEqual(JSON.parse(JSON.stringify(tableMappings())), {
      rules: [
        rule("1", "include-public", "public", "%", "include"),
        rule("2", "include-marker", "redash_move", "marker", "include"),
        rule("3", "exclude-queries", "public", "queries", "exclude"),
        rule("4", "exclude-dms", "public", "awsdms%", "exclude"),
      ],
    });
  });

  it("exclude every table that is carried by other means, and no other", () => {
    const excluded = tableMappings()
      .rules.filter((rule) => rule["rule-action"] === "exclude")
      .map((rule) => rule["object-locator"]["table-name"]);
    assert.deepEqual(excluded, [...CARRIED_TABLES, "awsdms%"]);
  });
});

describe("the settings of a task of DMS", () => {
  const settings = taskSettings({ lobMaxSizeKib: 8192 });

  it("empty no table, and stop at every error", () => {
    assert.equal(settings.FullLoadSettings.TargetTablePrepMode, "DO_NOTHING");
    assert.deepEqual(settings.ErrorBehavior, {
      FailOnNoTablesCaptured: true,
      DataErrorPolicy: "STOP_TASK",
      DataTruncationErrorPolicy: "STOP_TASK",
      TableErrorPolicy: "STOP_TASK",
      ApplyErrorInsertPolicy: "STOP_TASK",
      ApplyErrorUpdatePolicy: "STOP_TASK",
      ApplyErrorDeletePolicy: "STOP_TASK",
      ApplyErrorEscalationPolicy: "STOP_TASK",
      FullLoadIgnoreConflicts: true,
      RecoverableErrorCount: -1,
    });
  });

  it("use limited LOB mode with the size given, and validate LOBs up to the same size", () => {
    assert.deepEqual(settings.TargetMetadata, {
      SupportLobs: true,
      FullLobMode: false,
      LimitedSizeLobMode: true,
      LobMaxSize: 8192,
      InlineLobMaxSize: 0,
      LobChunkSize: 64,
      BatchApplyEnabled: false,
    });
    assert.equal(settings.ValidationSettings.ValidationPartialLobSize, 8192);
  });

  it("transfer fewer rows together the larger a LOB may be", () => {
    const rows = (size: number) =>
      taskSettings({ lobMaxSizeKib: size }).FullLoadSettings.CommitRate;
    assert.deepEqual([63, 8192, 102_400].map(rows), [1000, 128, 10]);
  });

  it("name no log group, which the provider refuses even as null", () => {
    assert.deepEqual(Object.keys(settings.Logging), ["EnableLogging", "LogComponents"]);
  });
});

describe("the largest LOB that a task carries", () => {
  it("is three times the measured one, in KiB and rounded up", () => {
    assert.equal(lobMaxSizeKib(1_000_000), 2930);
  });

  it("is never less than what costs nothing", () => {
    assert.equal(lobMaxSizeKib(0), 63);
    assert.equal(lobMaxSizeKib(21_505), 64);
  });

  it("ends where DMS ends, with what to do instead", () => {
    assert.equal(lobMaxSizeKib(34_952_533), 102_400);
    assert.throws(() => lobMaxSizeKib(34_952_534), {
      message:
        "a value of 34952534 bytes is too large for DMS, which carries 34952533; purge old query results, or move with transport logical",
    });
  });
});

describe("the PostgreSQL settings of an endpoint of DMS", () => {
  const always = {
    captureDdls: false,
    executeTimeout: 60,
    failTasksOnLobTruncation: true,
    heartbeatEnable: false,
    heartbeatFrequency: 5,
    mapBooleanAsBoolean: false,
    mapJsonbAsClob: false,
    maxFileSize: 32_768,
    pluginName: "test-decoding",
  };

  it("are all given on the source: the provider sends 0 for one that is not", () => {
    assert.deepEqual(endpointSettings("source"), always);
  });

  it("let the target's sessions apply without triggers and foreign keys", () => {
    assert.deepEqual(endpointSettings("target"), {
      ...always,
      afterConnectScript: "SET session_replication_role='replica'",
    });
  });
});

describe("types as DMS sees them", () => {
  it("counts texts, JSON, bytes and arrays among the LOBs, and names of limited length not", () => {
    for (const name of ["text", "json", "jsonb", "bytea"])
      assert.ok(LOB_TYPES.names.includes(name));
    assert.deepEqual(LOB_TYPES.categories, ["A"]);
    for (const name of ["varchar", "int4", "timestamptz", "uuid"])
      assert.ok(!LOB_TYPES.names.includes(name));
  });

  it("leaves out what searches and enums are made of", () => {
    assert.ok(UNMIGRATED_TYPES.names.includes("tsvector"));
    assert.ok(UNMIGRATED_TYPES.kinds.includes("e"));
  });
});
