import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { SchemaDump } from "../ports";
import { withPasswordFile } from "./passwordFile";

/** The server whose schema is dumped. */
export interface DumpedServer {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

const DEADLINE_MS = 120_000;

/**
 * The schema as pg_dump writes it.
 * @param program path of a pg_dump of the server's major or newer
 */
export const pgDump = (program: () => Promise<string>, server: DumpedServer): SchemaDump => ({
  section: async (section, signal) => {
    const path = await program();
    const { stdout } = await withPasswordFile(server.password, (environment) =>
      promisify(execFile)(
        path,
        [
          "--schema-only",
          "--no-owner",
          "--no-privileges",
          "--schema=public",
          `--section=${section}`,
          `--host=${server.host}`,
          `--port=${server.port}`,
          `--username=${server.user}`,
          "--no-password",
          server.database,
        ],
        {
          env: { ...environment, PGCONNECT_TIMEOUT: "10" },
          maxBuffer: 1e8,
          timeout: DEADLINE_MS,
          signal,
        },
      ),
    );
    return stdout;
  },
});
