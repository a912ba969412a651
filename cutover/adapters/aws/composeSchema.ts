import type { SchemaDump } from "../../ports";
import { type ComposeProject, projectGiven } from "./composeProject";
import type { HostCommand } from "./hostCommand";

/** The source's schema by the pg_dump in its own container, which knows its version. */
export const composeSchema = (host: HostCommand, project: ComposeProject): SchemaDump => ({
  section: (section, signal) => host.run("schema", { ...projectGiven(project), section }, signal),
});
