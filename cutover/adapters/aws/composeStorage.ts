import type { Storage } from "../../ports";
import { type ComposeProject, projectGiven } from "./composeProject";
import { type HostCommand, numberOf, valuesOf } from "./hostCommand";

/** The disk of the source's host that PostgreSQL's data lies on. */
export const composeStorage =
  (host: HostCommand, project: ComposeProject) =>
  async (signal: AbortSignal): Promise<Storage> => {
    const values = valuesOf(await host.run("disk", projectGiven(project), signal));
    return { freeBytes: numberOf(values, "free"), totalBytes: numberOf(values, "total") };
  };
