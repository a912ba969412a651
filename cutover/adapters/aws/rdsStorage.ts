import type { RDSClient } from "@aws-sdk/client-rds";
import { type Database, oneRow, withClient } from "../../database/database";
import type { Clock } from "../../engine/clock";
import type { Storage } from "../../ports";
import { rdsInstance } from "./preflight/facts/rds";
import { readWith } from "./preflight/facts/read";

const GIB = 1024 ** 3;

/**
 * The disk of RDS: its size by RDS, and what the databases and the WAL take of it by PostgreSQL itself, which knows it
 * now and not a minute ago. Storage that grows by itself counts as it is.
 */
export const rdsStorage =
  (rds: RDSClient, identifier: string, database: Database, clock: Clock) =>
  async (signal: AbortSignal): Promise<Storage> => {
    const { AllocatedStorage: allocatedGib } = await rdsInstance(
      readWith(clock, signal),
      rds,
      identifier,
    );
    if (allocatedGib === undefined) throw new Error(`RDS does not say how large ${identifier} is`);
    const { used } = await withClient(database, signal, (client) =>
      oneRow<{ used: string }>(
        client,
        `SELECT ((SELECT sum(pg_database_size(oid)) FROM pg_database WHERE has_database_privilege(oid, 'CONNECT'))
               + (SELECT coalesce(sum(size), 0) FROM pg_ls_waldir()))::text AS used`,
      ),
    );
    const totalBytes = allocatedGib * GIB;
    return { totalBytes, freeBytes: Math.max(0, totalBytes - Number(used)) };
  };
