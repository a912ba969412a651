import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as pulumi from "@pulumi/pulumi";
import { DISK_METRICS, METRIC_NAMESPACE } from "../redash/sourceWatch";
import type { DmsTask } from "./dmsTask";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** A threshold on one metric. */
interface AlarmArgs {
  readonly metricName: string;
  readonly statistic: "Average" | "Maximum" | "Minimum" | "SampleCount" | "Sum";
  readonly comparisonOperator: "GreaterThanThreshold" | "LessThanThreshold";
  /** In the metric's own unit. */
  readonly threshold: number;
  /** Seconds. */
  readonly period: 60 | 300;
  /** Periods in a row. */
  readonly evaluationPeriods: number;
  readonly treatMissingData: "breaching" | "notBreaching" | "missing";
  /** What has happened, and what to do. */
  readonly alarmDescription: string;
}

const over = { comparisonOperator: "GreaterThanThreshold", statistic: "Maximum" } as const;
const under = { comparisonOperator: "LessThanThreshold", statistic: "Minimum" } as const;

/** On the managed database: a slot that nobody reads fills its disk. */
const ofDatabase = (storageGib: number): Record<string, AlarmArgs> => ({
  "slot-lag": {
    ...over,
    metricName: "OldestReplicationSlotLag",
    threshold: 2 * GIB,
    period: 300,
    evaluationPeriods: 3,
    // Without a slot there is no such figure.
    treatMissingData: "notBreaching",
    alarmDescription:
      "A replication slot of the database is 2 GiB behind: the way back does not keep up, or nobody reads it. Runbook: npm run move -- status; if the move is over, npm run move -- finish removes the slot.",
  },
  "wal-disk": {
    ...over,
    metricName: "TransactionLogsDiskUsage",
    threshold: (storageGib * GIB) / 5,
    period: 300,
    evaluationPeriods: 3,
    treatMissingData: "missing",
    alarmDescription:
      "WAL takes a fifth of the database's storage. Runbook: SELECT slot_name, active, restart_lsn FROM pg_replication_slots; a slot that is not active holds it back: npm run move -- status says whose it is.",
  },
});

/** On the function of the move. An act that fails says so in the journal; these are the ends that nobody could write down. */
const ofFunction: Record<string, AlarmArgs> = {
  "function-errors": {
    ...over,
    statistic: "Sum",
    metricName: "Errors",
    threshold: 0,
    period: 60,
    evaluationPeriods: 1,
    treatMissingData: "notBreaching",
    alarmDescription:
      "The function of the move died in an act: out of time or memory, or it could not start. Runbook: npm run move -- status says where it was; the same act again takes it up there.",
  },
};

const KEPT_WAL =
  "Runbook: npm run source -- disk says what takes it; WAL that a slot keeps goes when its reader has caught up (npm run move -- status), or is taken away with npm run move -- abort, after the switch with npm run move -- finish";

/**
 * On the source's disk, of which the function of the move tells every five minutes: a slot that nobody reads fills it,
 * and then Redash stands still.
 */
const ofSource: Record<string, AlarmArgs> = {
  "source-disk-percent": {
    ...under,
    metricName: DISK_METRICS.freePercent,
    threshold: 20,
    period: 300,
    evaluationPeriods: 1,
    // That there are no figures is an alarm of its own.
    treatMissingData: "missing",
    alarmDescription: `Less than a fifth of the disk of the source's database is free. ${KEPT_WAL}; otherwise free some, or enlarge the volume.`,
  },
  "source-disk-free": {
    ...under,
    metricName: DISK_METRICS.free,
    threshold: 5 * GIB,
    period: 300,
    evaluationPeriods: 1,
    treatMissingData: "missing",
    alarmDescription: `Less than 5 GiB of the disk of the source's database are free: when it is full, Redash stands still. ${KEPT_WAL}; otherwise free some, or enlarge the volume.`,
  },
  "source-wal-kept": {
    ...over,
    metricName: DISK_METRICS.walKept,
    threshold: 2 * GIB,
    period: 300,
    evaluationPeriods: 3,
    treatMissingData: "missing",
    alarmDescription: `A slot of the source keeps 2 GiB of WAL: the copy does not keep up, or nobody reads it. ${KEPT_WAL}.`,
  },
  "source-silent": {
    comparisonOperator: "LessThanThreshold",
    statistic: "SampleCount",
    metricName: DISK_METRICS.free,
    threshold: 1,
    period: 300,
    evaluationPeriods: 6,
    treatMissingData: "breaching",
    alarmDescription:
      "For half an hour nobody has heard of the source's disk; right after the move was set up it may be some minutes. Runbook: the log of the function of the move says why; look whether the host runs and its agent of Systems Manager is online, and whether its disk is full.",
  },
};

/** On a task that must keep up. No figures mean that it does not run: until the move has started it, too. */
const ofTask: Record<string, AlarmArgs> = {
  ...Object.fromEntries(
    (["Source", "Target"] as const).map((side): [string, AlarmArgs] => [
      `latency-${side.toLowerCase()}`,
      {
        metricName: `CDCLatency${side}`,
        statistic: "Average",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 120,
        period: 60,
        evaluationPeriods: 6,
        treatMissingData: "breaching",
        alarmDescription: `The replication task is two minutes behind at the ${side.toLowerCase()}, or does not run. Runbook: npm run move -- status; if it has stopped, its log says why, and npm run move -- replicate goes on.`,
      },
    ]),
  ),
  ...Object.fromEntries(
    (["Failed", "Suspended"] as const).map((state): [string, AlarmArgs] => [
      `validation-${state.toLowerCase()}`,
      {
        ...over,
        metricName: `Validation${state}OverallCount`,
        threshold: 0,
        period: 300,
        evaluationPeriods: 1,
        treatMissingData: "notBreaching",
        alarmDescription: `Validation of the replication task has ${state.toLowerCase()} rows. Runbook: npm run move -- verify names rows that differ; on the target, awsdms.awsdms_validation_failures_v1 says what DMS found.`,
      },
    ]),
  ),
};

/** On the instance that the task runs on. */
const ofInstance = (storageGib: number): Record<string, AlarmArgs> => ({
  memory: {
    ...under,
    metricName: "FreeableMemory",
    threshold: 512 * MIB,
    period: 300,
    evaluationPeriods: 3,
    treatMissingData: "missing",
    alarmDescription:
      "The replication instance has less than 512 MiB of memory: it will swap, and fall behind. Runbook: a larger redash:dmsInstanceClass; it restarts the instance, and the task goes on by itself.",
  },
  storage: {
    ...under,
    metricName: "FreeStorageSpace",
    threshold: (storageGib * GIB) / 5,
    period: 300,
    evaluationPeriods: 3,
    treatMissingData: "missing",
    alarmDescription:
      "The replication instance has less than a fifth of its disk: changes wait there that the target does not take. Runbook: npm run move -- status; find what blocks the target, or a larger redash:dmsStorageGib.",
  },
});

export interface MigrationAlarmsArgs {
  readonly database: {
    readonly identifier: pulumi.Input<string>;
    readonly storageGib: number;
  };
  /** Of the function of the move. */
  readonly functionName: pulumi.Input<string>;
  readonly dms?: {
    readonly task: DmsTask;
    readonly storageGib: number;
    /** Whether the task must run now. */
    readonly running: boolean;
  };
  /** SNS topics that are told; with none, an alarm is only shown. */
  readonly topicArns: readonly string[];
}

/** What tells that replication stands still, or fills a disk, before anybody notices. */
export function migrationAlarms(
  name: string,
  { database, functionName, dms, topicArns }: MigrationAlarmsArgs,
  parent: pulumi.Resource,
): void {
  const alarms = (
    namespace: string,
    dimensions: Record<string, pulumi.Input<string>>,
    list: Record<string, AlarmArgs>,
  ) => {
    for (const [role, args] of Object.entries(list)) {
      new cloudwatch.MetricAlarm(
        `${name}-${role}`,
        {
          namespace,
          dimensions,
          ...args,
          alarmActions: [...topicArns],
          okActions: [...topicArns],
        },
        { parent },
      );
    }
  };
  alarms("AWS/RDS", { DBInstanceIdentifier: database.identifier }, ofDatabase(database.storageGib));
  alarms("AWS/Lambda", { FunctionName: functionName }, ofFunction);
  alarms(METRIC_NAMESPACE, { Stack: pulumi.getStack() }, ofSource);
  if (dms === undefined) return;
  const instance = { ReplicationInstanceIdentifier: dms.task.instanceId };
  alarms("AWS/DMS", instance, ofInstance(dms.storageGib));
  if (!dms.running) return;
  alarms("AWS/DMS", { ...instance, ReplicationTaskIdentifier: dms.task.taskResourceId }, ofTask);
}
