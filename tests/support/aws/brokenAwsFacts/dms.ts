import type { AwsFacts } from "../../../../cutover/adapters/aws/preflight/facts/facts";
import { known } from "../../../../cutover/preflight/fact";
import type { Draft } from "../../cutover/soundFacts";
import type { BrokenAwsCase } from "./brokenAwsCase";

const settingsOf = ({ dmsTask }: Draft<AwsFacts>) =>
  known(dmsTask).settings as {
    TargetMetadata: { LobMaxSize: number };
    ErrorBehavior: Record<string, unknown>;
    ValidationSettings: { ValidationPartialLobSize: number };
    FullLoadSettings: { CommitRate: number };
  };

export const DMS_CASES: readonly BrokenAwsCase[] = [
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
