/** What runs on the host of the source, as root: redash/host/, whose parts are one script when they run. */

/** Parts of the function's script: it can start, stop and look, and cannot prepare PostgreSQL or read secrets. */
export const MOVE_PARTS = [
  "act.sh",
  "compose.sh",
  "processes.sh",
  "database.sh",
  "queue.sh",
  "inspection.sh",
] as const;

/** Parts of the operator's script (`npm run source`). */
export const SOURCE_PARTS = [
  "act.sh",
  "compose.sh",
  "database.sh",
  "environment.sh",
  "replication.sh",
  "preparation.sh",
] as const;

/** What the function may have done on the host; `part` fetches the rest of a long answer. */
export const MOVE_ACTS = [
  "state",
  "start",
  "stop",
  "version",
  "queue",
  "schema",
  "disk",
  "certificate",
  "inspect",
  "part",
] as const;

/** What the operator may have done there. */
export const SOURCE_ACTS = [
  "find",
  "environment",
  "prepare",
  "restart",
  "undo",
  "disk",
  "part",
] as const;

export type HostAct = (typeof MOVE_ACTS)[number] | (typeof SOURCE_ACTS)[number];

/** @param read the text of a file of redash/host/ */
export const hostScript = (parts: readonly string[], read: (name: string) => string): string =>
  [...parts.map(read), 'run_act "$1"\n'].join("\n");

/**
 * The lines that run an act. The script is in base64, because SSM would take docker's `{{…}}` for parameters of its
 * own; what the act is given goes in by the input, because arguments can be read by everybody on the host.
 * @param payload base64 of lines `name=value`
 */
export const hostCommands = (script: string, act: string, payload: string): string[] => [
  `script=$(printf %s '${Buffer.from(script).toString("base64")}' | base64 -d)`,
  `printf %s '${payload}' | bash -c "$script" redash-move '${act}'`,
];
