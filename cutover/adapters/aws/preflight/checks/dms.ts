import {
  lobMaxSizeKib,
  isCarried,
  LARGEST_LOB_BYTES,
  tableMappings,
  taskSettings,
} from "../../../../../redash/dms";
import { type Check, fail, pass, warn } from "../../../../preflight/check";
import { known } from "../../../../preflight/fact";
import { listed, size } from "../../../../preflight/wording";
import type { AwsFacts } from "../facts/facts";

/**
 * Major version of PostgreSQL → the first version of DMS that knows it.
 * https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.PostgreSQL.html
 */
const KNOWN_FROM: Readonly<Record<number, string>> = {
  13: "3.4.3",
  14: "3.4.7",
  15: "3.5.1",
  16: "3.5.3",
  17: "3.6.1",
};

const isOlder = (version: string, than: string) =>
  version.localeCompare(than, "en", { numeric: true }) < 0;

/** Settings that are not as they should be: `path is …, not …`. What DMS has added is none of ours. */
function differences(wanted: unknown, found: unknown, path = ""): string[] {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) {
    const [is, shall] = [found, wanted].map((it) => JSON.stringify(it) as string | undefined);
    return is === shall ? [] : [`${path} is ${is ?? "not set"}, not ${shall ?? ""}`];
  }
  return Object.entries(wanted).flatMap(([name, value]) =>
    differences(
      value,
      (found as Record<string, unknown> | undefined)?.[name],
      path === "" ? name : `${path}.${name}`,
    ),
  );
}

const ofTask = (settings: unknown): number =>
  (settings as { TargetMetadata?: { LobMaxSize?: number } }).TargetMetadata?.LobMaxSize ?? 0;

/** The replication task of AWS DMS, and what it runs on. */
export const dmsChecks: readonly Check<AwsFacts>[] = (
  [
    {
      id: "dms-instance-available",
      title: "DMS has nothing to do with the replication instance",
      why: "No task starts on it, and what is under way may restart it.",
      judge: ({ dmsInstance }) => {
        const { status } = known(dmsInstance);
        return status === "available"
          ? pass(status)
          : fail(`it is ${status}`, "wait until it is available, or run pulumi up");
      },
    },
    {
      id: "dms-instance-version",
      title: "The replication instance knows both versions of PostgreSQL",
      why: "With a newer one types and WAL may be read wrongly, without an error.",
      judge: ({ dmsInstance, move }) => {
        const { version } = known(dmsInstance);
        const majors = [known(move.source.server).major, known(move.target.server).major];
        const needed = majors.map((major) => KNOWN_FROM[Math.max(major, 13)]);
        const found = `DMS ${version}, PostgreSQL ${majors.join(" and ")}`;
        if (needed.includes(undefined))
          return fail(`${found}, of which none knows`, "move with transport logical");
        const [newest = ""] = needed
          .filter((it) => it !== undefined)
          .sort((one, other) => (isOlder(one, other) ? 1 : -1));
        return isOlder(version, newest)
          ? fail(found, `upgrade the replication instance to ${newest}`)
          : pass(found);
      },
    },
    {
      id: "dms-instance-unchanged",
      title: "No change of the replication instance waits, and none comes by itself",
      why: "It restarts the task, which loads tables that were half-way anew.",
      judge: ({ dmsInstance }) => {
        const { pending, upgradesByItself } = known(dmsInstance);
        const waiting = [...pending, ...(upgradesByItself ? ["automatic minor upgrades"] : [])];
        return waiting.length === 0
          ? pass("none")
          : fail(
              listed(waiting),
              "run pulumi up, which applies changes at once and pins the version",
            );
      },
    },
    ...(["source", "target"] as const).map((side): Check<AwsFacts> => ({
      id: `dms-reaches-${side}`,
      title: `DMS has tested its connection to the ${side}`,
      why: "Without a test that went well DMS does not start the task.",
      judge: (facts) => {
        const { status, failure } = known(side === "source" ? facts.dmsSource : facts.dmsTarget);
        const { task } = facts.description;
        const arn = task?.[`${side}EndpointArn`] ?? "";
        return status === "successful"
          ? pass(status)
          : fail(
              status === undefined
                ? "it was never tested"
                : `${status}${failure && `: ${failure}`}`,
              `aws dms test-connection --replication-instance-arn ${task?.instanceArn ?? ""} --endpoint-arn ${arn}`,
            );
      },
    })),
    {
      id: "dms-mappings",
      title: "The task loads the tables that it should",
      why: "A rule too few or too many leaves tables behind, and the task looks well.",
      judge: ({ dmsTask }) => {
        const wanted = JSON.stringify(tableMappings());
        return JSON.stringify(known(dmsTask).mappings) === wanted
          ? pass(`${tableMappings().rules.length} rules`)
          : fail("its table mappings are others", "run pulumi up, before the task is started");
      },
    },
    {
      id: "dms-settings",
      title: "The task stops rather than lose something",
      why: "DMS's defaults log an error, and go on without the row, the value or the table.",
      judge: ({ dmsTask }) => {
        const { settings } = known(dmsTask);
        const wanted = taskSettings({ lobMaxSizeKib: ofTask(settings) });
        const wrong = differences(
          { ...wanted, Logging: { EnableLogging: wanted.Logging.EnableLogging } },
          settings,
        );
        return wrong.length === 0
          ? pass("as redash/dms.ts has them")
          : fail(listed(wrong), "run pulumi up, before the task is started");
      },
    },
    {
      id: "dms-lob-size",
      title: "The task carries the largest value that was measured",
      why: "It stops at the first one that is larger, after hours perhaps.",
      judge: ({ dmsTask, move }) => {
        const sizes = known(move.data.largestValues).filter(({ table }) => !isCarried(table));
        const bytes = Math.max(0, ...sizes.map((it) => it.bytes));
        const kib = ofTask(known(dmsTask).settings);
        const found = `LobMaxSize is ${kib} KiB, the largest value ${size(bytes)}`;
        if (bytes > LARGEST_LOB_BYTES)
          return fail(found, "delete old query results in Redash, or move with transport logical");
        return kib >= lobMaxSizeKib(bytes)
          ? pass(found)
          : fail(found, `pulumi config set redash:dmsLargestLobBytes ${bytes}, and pulumi up`);
      },
    },
    {
      id: "dms-assessment",
      title: "DMS itself has assessed the task, and finds nothing",
      why: "It knows limits of DMS that nobody else has written down.",
      judge: ({ assessment, dmsTask }) => {
        const it = known(assessment);
        const found = `${it.failed} failed, ${it.warnings} warn; report in ${it.report}`;
        switch (it.status) {
          case "passed":
            return pass(found);
          case "warning":
            return warn(
              found,
              "read the report: warnings of LOB columns are why the move relaxes NOT NULL",
            );
          case "failed":
            // It is made before the target has tables, of which it may complain: a person decides.
            return warn(
              `${found}; ${it.lastFailure}`,
              "read the report, and mend what it names but for tables that prepare will make",
            );
          default:
            return fail(
              `it is ${it.status}; the task is ${known(dmsTask).status}`,
              "wait for it, about ten minutes, and run preflight again",
            );
        }
      },
    },
  ] satisfies readonly Check<AwsFacts>[]
).map((check) => ({ ...check, transport: "dms" }));
