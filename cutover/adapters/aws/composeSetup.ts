import { isOn } from "../../../redash/environment";
import { type ComposeProject, projectGiven } from "./composeProject";
import { type HostCommand, HostFailed, valuesOf } from "./hostCommand";

/** How Redash comes up on the source's host, and what becomes of its sessions. */
export interface ComposeSetup {
  /** Folder of the compose file. */
  readonly directory: string;
  /** Compose files that the project was made of, as Compose was given them. */
  readonly files: readonly string[];
  /** Enabled units of systemd that start a compose project with the host. */
  readonly bootUnits: readonly string[];
  /** Whether the servers try a session of the database before they use it (SQLALCHEMY_ENABLE_POOL_PRE_PING). */
  readonly triesSessions: boolean;
}

/** @throws HostFailed if the host's answer is not whole; HostCommand's errors */
export async function composeSetup(
  host: Pick<HostCommand, "run">,
  project: ComposeProject,
  signal: AbortSignal,
): Promise<ComposeSetup> {
  const values = valuesOf(await host.run("inspect", projectGiven(project), signal));
  const [directory] = values.get("directory") ?? [];
  const files = values.get("file") ?? [];
  if (directory === undefined || files.length === 0)
    throw new HostFailed("the host gives no compose file");
  return {
    directory,
    files,
    bootUnits: values.get("boot_unit") ?? [],
    triesSessions: isOn(values.get("pool_pre_ping")?.[0]),
  };
}
