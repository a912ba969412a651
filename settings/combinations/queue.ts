import { windowsOverlap } from "../formats";
import type { Values } from "../keys";
import { type Found, problem } from "./combination";

/** Windows of Valkey. */
export function* queue(values: Values): Found {
  if (windowsOverlap(values.queueSnapshotWindow, values.queueMaintenanceWindow)) {
    yield problem(
      values,
      ["queueMaintenanceWindow", "queueSnapshotWindow"],
      `a window apart from queueSnapshotWindow, which is ${values.queueSnapshotWindow}`,
    );
  }
}
