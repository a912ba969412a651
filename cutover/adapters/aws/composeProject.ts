import type { AwsWorldDescription } from "./description";
import type { Given } from "./hostCommand";

/** Which compose project is meant; with nothing said, the host has one and it is found. */
export type ComposeProject = Pick<AwsWorldDescription["source"], "projectDirectory" | "services">;

/** The same as every act on the host is given it (redash/host/compose.sh). */
export function projectGiven({ projectDirectory, services }: ComposeProject): Given {
  return {
    ...(projectDirectory !== undefined && { directory: projectDirectory }),
    ...(services && {
      servers: services.servers.join(" "),
      scheduler: services.scheduler.join(" "),
      workers: services.workers.join(" "),
      database: services.database,
      queue: services.queue,
    }),
  };
}
