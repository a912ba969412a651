import { is, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import type { View } from "./view";

const TASK = "aws:dms/replicationTask:ReplicationTask";

interface Rule {
  readonly view: View;
  readonly schema: unknown;
  readonly table: unknown;
  readonly action: unknown;
}

/** The selection rules of a task's table mappings. */
function selections(task: View): Rule[] | undefined {
  const rules = task.json("tableMappings")?.each("rules");
  return rules
    ?.filter((rule) => rule.get("rule-type") === "selection")
    .map((view) => ({
      view,
      schema: view.get("object-locator.schema-name"),
      table: view.get("object-locator.table-name"),
      action: view.get("rule-action"),
    }));
}

const covers = (pattern: unknown, name: string) =>
  typeof pattern === "string" &&
  new RegExp(`^${pattern.replace(/[^\w%]/g, "\\$&").replaceAll("%", ".*")}$`).test(name);

const onTask = (policy: Omit<Policy, "types">): Policy => ({ types: [TASK], ...policy });

/** Setting of a task, by its path in the settings document. */
const setting = (task: View, path: string): unknown =>
  task.json("replicationTaskSettings")?.get(path);

/** Tasks of AWS Database Migration Service: what they carry, and how. */
export const DMS_TASKS: Subject = {
  title: "Tasks of a migration (DMS)",
  policies: [
    onTask({
      id: "dms-selects-tables",
      title: "A task selects tables, in a schema that is named.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "A mapping that only excludes selects nothing, and the task is green; AWS's preview accepts that, and missing schema names (aws.md 1.5).",
      fix: 'An include rule with schema-name "public", then the excludes; ids and names that occur once.',
      check: (task) => {
        if (task.get("tableMappings") === undefined) task.must("tableMappings", set);
        const rules = selections(task);
        if (rules === undefined) return;
        if (!rules.some(({ action }) => action === "include" || action === "explicit")) {
          task.wrong(
            "tableMappings",
            "a rule that includes tables",
            "a mapping that selects nothing",
          );
        }
        for (const { view, schema, table, action } of rules) {
          if (typeof schema !== "string" || schema === "")
            view.wrong("object-locator.schema-name", '"public"');
          if (typeof table !== "string" || table === "")
            view.wrong("object-locator.table-name", "a table or %");
          if (!["include", "exclude", "explicit"].includes(action as string))
            view.wrong("rule-action", "include, exclude or explicit");
        }
        const ids =
          task
            .json("tableMappings")
            ?.each("rules")
            .map((rule) => rule.get("rule-id")) ?? [];
        if (new Set(ids).size < ids.length)
          task.wrong("tableMappings", "rule ids that occur once", "a rule id that occurs twice");
      },
    }),
    onTask({
      id: "dms-queries-excluded",
      title: "The table queries is not carried by DMS.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "DMS does not migrate its tsvector, and large JSON broke the task (aws.md 1.3); it is carried by a copy and by differences of row hashes.",
      fix: "An exclude rule for public.queries, one for awsdms%, and no explicit rule for them.",
      check: (task) => {
        const rules = selections(task);
        if (rules === undefined) return;
        const ofPublic = rules.filter(({ schema }) => covers(schema, "public"));
        const excluded = (name: string) =>
          ofPublic.some(({ table, action }) => action === "exclude" && covers(table, name));
        if (
          ofPublic.some(({ table, action }) => action === "include" && covers(table, "queries")) &&
          !excluded("queries")
        ) {
          task.wrong(
            "tableMappings",
            "a rule that excludes queries",
            "a mapping that includes queries",
          );
        }
        for (const { view, table, action } of ofPublic) {
          if (action !== "exclude" && table === "queries")
            view.wrong("object-locator.table-name", "another table than queries");
        }
        if (
          rules.some(({ table, action }) => action === "include" && table === "%") &&
          !excluded("awsdms_ddl_audit")
        ) {
          task.wrong(
            "tableMappings",
            "a rule that excludes awsdms%",
            "a mapping that carries DMS's own tables",
          );
        }
      },
    }),
    onTask({
      id: "dms-no-truncation",
      title: "No value is cut off.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "Limited LOB mode cuts after LobMaxSize, 32 KB by default, with a line in a log: dashboards and results end in the middle.",
      fix: "LimitedSizeLobMode with LobMaxSize above the measured maximum and DataTruncationErrorPolicy SUSPEND_TABLE or STOP_TASK, or FullLobMode.",
      check: (task) => {
        if (task.get("replicationTaskSettings") === undefined) {
          task.must("replicationTaskSettings", set);
          return;
        }
        const settings = task.json("replicationTaskSettings");
        if (settings === undefined) return;
        settings.must("TargetMetadata.SupportLobs", is(true));
        if (settings.get("TargetMetadata.FullLobMode") === true) return;
        const size = settings.get("TargetMetadata.LobMaxSize");
        if (typeof size !== "number" || size <= 32)
          settings.wrong("TargetMetadata.LobMaxSize", "more than 32 KB: the measured maximum");
        settings.must("ErrorBehavior.DataTruncationErrorPolicy", is("SUSPEND_TABLE", "STOP_TASK"));
      },
    }),
    onTask({
      id: "dms-target-not-emptied",
      title: "A task empties no table of the target.",
      controls: [],
      severity: "critical",
      enforcement: "mandatory",
      why: "DROP_AND_CREATE, the default, makes tables without indexes and keys; TRUNCATE_BEFORE_LOAD fails at foreign keys.",
      fix: 'FullLoadSettings.TargetTablePrepMode: "DO_NOTHING", on an empty target with a real schema.',
      check: (task) => {
        const settings = task.json("replicationTaskSettings");
        if (settings === undefined) {
          if (task.get("replicationTaskSettings") === undefined)
            task.must("replicationTaskSettings", set);
          return;
        }
        settings.must("FullLoadSettings.TargetTablePrepMode", is("DO_NOTHING"));
      },
    }),
    onTask({
      id: "dms-logging",
      title: "A task logs what it reads and writes.",
      controls: ["DMS.7", "DMS.8"],
      severity: "medium",
      enforcement: "mandatory",
      why: "A row that was not applied stands nowhere else.",
      fix: "Logging.EnableLogging: true.",
      check: (task) => {
        const enabled = setting(task, "Logging.EnableLogging");
        if (enabled !== true && task.json("replicationTaskSettings") !== undefined) {
          task.wrong("replicationTaskSettings", "Logging.EnableLogging: true", "without logging");
        } else if (task.get("replicationTaskSettings") === undefined)
          task.must("replicationTaskSettings", set);
      },
    }),
    onTask({
      id: "dms-validation",
      title: "A task compares what it has carried.",
      controls: [],
      severity: "medium",
      enforcement: "advisory",
      why: "The move verifies by itself; DMS's own view tells where it went wrong.",
      fix: "ValidationSettings.EnableValidation: true.",
      check: (task) => {
        const settings = task.json("replicationTaskSettings");
        if (
          settings !== undefined &&
          settings.get("ValidationSettings.EnableValidation") !== true
        ) {
          task.wrong(
            "replicationTaskSettings",
            "ValidationSettings.EnableValidation: true",
            "without validation",
          );
        }
      },
    }),
    onTask({
      id: "dms-does-not-start-itself",
      title: "The move starts a task, not an update.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "It would load into a target whose constraints are not relaxed; and each change of its settings would stop it (aws.md, trap 20).",
      fix: "startReplicationTask: false.",
      check: (task) => {
        const start = task.get("startReplicationTask");
        if (start !== undefined && start !== false) task.wrong("startReplicationTask", "false");
      },
    }),
    onTask({
      id: "dms-keeps-up",
      title: "A task goes on with what changes.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: "What is written after a full load alone is lost at the switch.",
      fix: 'migrationType: "full-load-and-cdc", or "cdc" after a copy by other means.',
      check: (task) => {
        task.must("migrationType", is("full-load-and-cdc", "cdc"));
      },
    }),
  ],
};
