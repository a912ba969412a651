import type { Part, Workload } from "../../ports";
import { type ComposeProject, projectGiven } from "./composeProject";
import { type HostCommand, HostFailed, numberOf, valuesOf } from "./hostCommand";

/** Starting and stopping wait for containers, which may take as long as the host lets them. */
const CHANGE_MS = 110_000;

/** Redash's containers on the source's host. */
export function composeWorkload(host: HostCommand, project: ComposeProject): Workload {
  const given = projectGiven(project);
  const asked = async (
    act: "state" | "start" | "stop",
    part: Part,
    signal: AbortSignal,
    ms?: number,
  ) => {
    const values = valuesOf(await host.run(act, { ...given, part }, signal, ms));
    return { running: numberOf(values, "running"), wanted: numberOf(values, "wanted") };
  };
  return {
    state: (part, signal) => asked("state", part, signal),
    start: async (part, signal) => {
      const { running, wanted } = await asked("start", part, signal, CHANGE_MS);
      if (running < wanted)
        throw new HostFailed(`${running} of ${wanted} containers of the ${part} run`);
    },
    stop: async (part, signal) => {
      const { running } = await asked("stop", part, signal, CHANGE_MS);
      if (running > 0) throw new HostFailed(`${running} containers of the ${part} still run`);
    },
    version: async (signal) => {
      const [version] = valuesOf(await host.run("version", given, signal)).get("version") ?? [];
      if (version === undefined) throw new HostFailed("the host gives no version");
      return version;
    },
  };
}
