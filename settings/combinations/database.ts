import { windowsOverlap } from "../formats";
import type { Values } from "../keys";
import { type Found, problem } from "./combination";

/** Growth, version and windows of PostgreSQL. */
export function* database(values: Values): Found {
  const { databaseStorageGib: now, databaseMaxStorageGib: most } = values;
  if (most * 10 < now * 11) {
    yield problem(
      values,
      ["databaseMaxStorageGib", "databaseStorageGib"],
      `at least ${Math.ceil((now * 11) / 10)}: 10 % above databaseStorageGib, which is ${now}`,
      `pulumi config set redash:databaseMaxStorageGib ${now * 2}`,
    );
  }
  if (values.transport === "dms" && values.databaseVersion.startsWith("18")) {
    yield problem(
      values,
      ["databaseVersion", "transport"],
      "15, 16 or 17 with transport dms: DMS does not know 18",
    );
  }
  if (windowsOverlap(values.databaseBackupWindow, values.databaseMaintenanceWindow)) {
    yield problem(
      values,
      ["databaseMaintenanceWindow", "databaseBackupWindow"],
      `a window apart from databaseBackupWindow, which is ${values.databaseBackupWindow}`,
    );
  }
}
