import { absentOr, includes, is, matches, set } from "./constraint";
import type { Policy, Subject } from "./policy";
import type { Stack } from "./stack";
import type { View } from "./view";

const INSTANCE = "aws:rds/instance:Instance";
const PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup";
const SUBSCRIPTION = "aws:rds/eventSubscription:EventSubscription";
const SELECTION = "aws:backup/selection:Selection";

/**
 * Parameters that take effect with a restart only: those of context `postmaster` (PostgreSQL 15 says them with
 * `postgres --describe-config`; 16 to 18 from their release notes) as far as RDS lets them be set, and RDS's own.
 */
export const STATIC_PARAMETERS: ReadonlySet<string> = new Set([
  "archive_mode",
  "autovacuum_freeze_max_age",
  "autovacuum_max_workers",
  "autovacuum_multixact_freeze_max_age",
  "autovacuum_worker_slots",
  "commit_timestamp_buffers",
  "cron.database_name",
  "cron.log_run",
  "cron.log_statement",
  "cron.max_running_jobs",
  "cron.use_background_workers",
  "data_sync_retry",
  "dynamic_shared_memory_type",
  "event_source",
  "hot_standby",
  "huge_page_size",
  "huge_pages",
  "io_max_combine_limit",
  "io_max_concurrency",
  "io_method",
  "jit_provider",
  "listen_addresses",
  "logging_collector",
  "max_active_replication_origins",
  "max_connections",
  "max_files_per_process",
  "max_locks_per_transaction",
  "max_logical_replication_workers",
  "max_notify_queue_pages",
  "max_pred_locks_per_transaction",
  "max_prepared_transactions",
  "max_replication_slots",
  "max_wal_senders",
  "max_worker_processes",
  "min_dynamic_shared_memory",
  "multixact_member_buffers",
  "multixact_offset_buffers",
  "notify_buffers",
  "old_snapshot_threshold",
  "pg_stat_statements.max",
  "port",
  "rds.logical_replication",
  "rds.restrict_password_commands",
  "reserved_connections",
  "serializable_buffers",
  "shared_buffers",
  "shared_memory_type",
  "shared_preload_libraries",
  "subtransaction_buffers",
  "superuser_reserved_connections",
  "track_activity_query_size",
  "track_commit_timestamp",
  "transaction_buffers",
  "wal_buffers",
  "wal_decode_buffer_size",
  "wal_level",
  "wal_log_hints",
]);

/** A rule on RDS instances that is habit, not safety of the data. */
const habit = (policy: Omit<Policy, "types" | "enforcement">): Policy => ({
  types: [INSTANCE],
  enforcement: "advisory",
  ...policy,
});

/** A rule that wants one subscription of the account to a kind of RDS's events. */
const events = (
  id: string,
  control: string,
  sourceType: string,
  categories: readonly string[],
  what: string,
): Policy => ({
  id,
  title: `Somebody is told of ${what}.`,
  controls: [control],
  severity: "low",
  enforcement: "advisory",
  why: "RDS says such things once, as an event; no metric shows them.",
  fix: `aws.rds.EventSubscription with sourceType "${sourceType}", eventCategories ${categories.map((it) => `"${it}"`).join(", ")} and no sourceIds.`,
  types: [INSTANCE],
  checkStack: (stack) => {
    if (!stack.of(SUBSCRIPTION).some((it) => tells(it, sourceType, categories)))
      stack.self.wrong(
        "",
        `a subscription to ${what} (${sourceType})`,
        "without such a subscription",
      );
  },
});

/** Whether a subscription is on, for all sources of a type, and for the categories or all. */
function tells(subscription: View, sourceType: string, categories: readonly string[]): boolean {
  const chosen = subscription.get("eventCategories");
  const sources = subscription.get("sourceIds");
  const type = subscription.get("sourceType");
  return (
    ![false].includes((subscription.get("enabled") ?? true) as boolean) &&
    (type === undefined || type === "" || type === sourceType) &&
    (sources === undefined || (Array.isArray(sources) && sources.length === 0)) &&
    (chosen === undefined ||
      (Array.isArray(chosen) &&
        (chosen.length === 0 || categories.every((it) => chosen.includes(it)))))
  );
}

/** Whether AWS Backup takes a database: by ARN, by `*`, or by a tag, which is not looked into. */
function isBackedUp(stack: Stack, instance: View): boolean {
  return stack.of(SELECTION).some((selection) => {
    const resources = selection.get("resources");
    const urns = selection.resource.propertyDependencies["resources"] ?? [];
    const arn = instance.get("arn");
    return (
      urns.includes(instance.resource.urn) ||
      (Array.isArray(resources) &&
        resources.some((it) => it === "*" || it === "arn:aws:rds:*:*:db:*" || it === arn)) ||
      [selection.get("selectionTags"), selection.get("conditions")].some(
        (tags) => Array.isArray(tags) && tags.length > 0,
      )
    );
  });
}

/** RDS for PostgreSQL from day to day: parameters, patches, logs, events. */
export const DATABASE_EVENTS: Subject = {
  title: "Running the database",
  policies: [
    {
      id: "database-static-parameters",
      title: "Parameters that need a restart say so.",
      controls: [],
      severity: "high",
      enforcement: "mandatory",
      why: 'The provider\'s default is "immediate", which RDS refuses for a static parameter ("cannot use immediate apply method for static parameter"), at update and not at preview.',
      fix: 'applyMethod: "pending-reboot", and a group that is there before the instance is made.',
      types: [PARAMETER_GROUP],
      check: (group) => {
        for (const parameter of group.each("parameters")) {
          const name = parameter.get("name");
          if (typeof name !== "string") parameter.wrong("name", "a name that is known");
          else if (STATIC_PARAMETERS.has(name.toLowerCase()))
            parameter.must("applyMethod", is("pending-reboot"));
          else parameter.must("applyMethod", absentOr(is("immediate", "pending-reboot")));
        }
      },
    },
    {
      id: "database-parameter-group-name",
      title: "A parameter group's name is generated.",
      controls: [],
      severity: "low",
      enforcement: "advisory",
      why: "A new family or description replaces the group; with a fixed name the new one collides with the old, which is in use (terraform-provider-aws#6448).",
      fix: "No name: Pulumi appends seven digits.",
      types: [PARAMETER_GROUP],
      check: (group) => {
        // The engine shows the generated name: the logical one with hexadecimal digits.
        const generated = new RegExp(`^${escaped(group.name)}-[0-9a-f]{7,}$`, "i");
        group.must("name", {
          ...absentOr(matches(generated, "a generated name")),
          acceptsUnknown: true,
        });
      },
    },
    habit({
      id: "database-minor-upgrades",
      title: "Patches come by themselves, in a window of one's choice.",
      controls: ["RDS.13", "CKV_AWS_226"],
      severity: "high",
      why: "With a pinned minor the next automatic patch comes back as a downgrade; without patches known holes stay open; a window that AWS chooses lies in somebody's working day.",
      fix: 'engineVersion: the major alone ("17"), autoMinorVersionUpgrade: true, maintenanceWindow: "sun:18:00-sun:18:30", backupWindow outside of it.',
      check: (instance) => {
        instance.must("autoMinorVersionUpgrade", absentOr(is(true)));
        instance.must("engineVersion", matches(/^\d+$/, 'a major such as "17"'));
        instance.must("maintenanceWindow", matches(/^[a-z]{3}:\d\d:\d\d-[a-z]{3}:\d\d:\d\d$/, "ddd:hh:mm-ddd:hh:mm, UTC")); // prettier-ignore
        instance.must("backupWindow", matches(/^\d\d:\d\d-\d\d:\d\d$/, "hh:mm-hh:mm, UTC"));
      },
    }),
    habit({
      id: "database-extended-support",
      title: "No extended support is bought by accident.",
      controls: [],
      severity: "low",
      why: "RDS enrols every instance by default, and charges each vCPU by the hour from the end of the version's life on.",
      fix: 'engineLifecycleSupport: "open-source-rds-extended-support-disabled".',
      check: (instance) => {
        instance.must("engineLifecycleSupport", is("open-source-rds-extended-support-disabled"));
      },
    }),
    habit({
      id: "database-snapshot-tags",
      title: "Snapshots carry the database's tags.",
      controls: ["RDS.17", "CKV2_AWS_60"],
      severity: "low",
      why: "A snapshot without tags belongs to nobody on the bill and in access rules.",
      fix: "copyTagsToSnapshot: true.",
      check: (instance) => {
        instance.must("copyTagsToSnapshot", is(true));
      },
    }),
    {
      ...habit({
        id: "database-logs",
        title: "PostgreSQL's and the upgrades' logs are delivered to CloudWatch.",
        controls: ["RDS.9", "RDS.36", "CKV_AWS_129"],
        severity: "medium",
        why: "On the instance they are kept for three days, and go with it.",
        fix: 'enabledCloudwatchLogsExports: ["postgresql", "upgrade"].',
        check: (instance) => {
          instance.must("enabledCloudwatchLogsExports", {
            allowed: 'a list with "postgresql" and "upgrade"',
            test: (logs) => includes("postgresql").test(logs) && includes("upgrade").test(logs),
          });
        },
      }),
      enforcement: "mandatory",
    },
    habit({
      id: "database-enhanced-monitoring",
      title: "The operating system's metrics are collected.",
      controls: ["RDS.6", "CKV_AWS_118"],
      severity: "low",
      why: "CloudWatch sees one CPU figure from outside. RDS refuses an interval without a role, at update.",
      fix: "monitoringInterval: 60, monitoringRoleArn: a role of monitoring.rds.amazonaws.com.",
      check: (instance) => {
        instance.must("monitoringInterval", is(1, 5, 10, 15, 30, 60));
        instance.must("monitoringRoleArn", set);
      },
    }),
    habit({
      id: "database-insights",
      title: "Waits and statements are recorded, encrypted with a key of one's own.",
      controls: ["CKV_AWS_353", "CKV_AWS_354", "AWS-0133", "AWS-0078"],
      severity: "low",
      why: "Which statement is slow shows nowhere else. A later change of the key replaces nothing but fails.",
      fix: "performanceInsightsEnabled: true, performanceInsightsKmsKeyId: the stack's key.",
      check: (instance) => {
        instance.must("performanceInsightsEnabled", is(true));
        instance.must("performanceInsightsKmsKeyId", set);
        // RDS takes whole months of 31 days, and for the advanced mode 15 of them; it refuses others at update.
        if (instance.get("databaseInsightsMode") === "advanced")
          instance.must("performanceInsightsRetentionPeriod", is(465));
        else
          instance.must("performanceInsightsRetentionPeriod", {
            allowed: "7, a multiple of 31 up to 713, 731, or nothing",
            test: (days) =>
              days === undefined ||
              days === 7 ||
              days === 731 ||
              (typeof days === "number" && days > 0 && days <= 713 && days % 31 === 0),
          });
      },
    }),
    events("database-events-instance", "RDS.20", "db-instance", ["maintenance", "configuration change", "failure"], "an instance's failure, maintenance and change"), // prettier-ignore
    events("database-events-parameters", "RDS.21", "db-parameter-group", ["configuration change"], "a parameter group's change"), // prettier-ignore
    events("database-events-security-group", "RDS.22", "db-security-group", ["configuration change", "failure"], "a security group's change and failure"), // prettier-ignore
    {
      id: "database-backup-plan",
      title: "AWS Backup takes the database, but in a rehearsal.",
      controls: ["RDS.26"],
      severity: "medium",
      enforcement: "advisory",
      why: "RDS's own backups lie in the same account and region, and whoever may delete the instance may delete them.",
      fix: "aws.backup.Selection with the instance's ARN, into a vault with a key of its own.",
      types: [INSTANCE],
      checkStack: (stack) => {
        for (const instance of stack.mode === "production" ? stack.of(INSTANCE) : []) {
          if (!isBackedUp(stack, instance))
            instance.wrong("", "one in a selection of AWS Backup", "in no backup plan");
        }
      },
    },
  ],
};

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
