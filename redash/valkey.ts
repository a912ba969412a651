/**
 * Parameter group family of a Valkey version, such as `valkey8` of `8.1`. Families ending in `.cluster.on` exist only
 * as default groups, not as families, and Redash fails with them (CROSSSLOT in every multi-key transaction of RQ).
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
 */
export const valkeyFamily = (version: string): string => `valkey${version.split(".")[0] ?? ""}`;

/**
 * RQ's jobs, locks and heartbeats are keys with a time to live, which the default policy (`volatile-lru`) evicts under
 * pressure: jobs would vanish without a trace. With `noeviction` a full queue refuses writes, which is seen.
 */
export const VALKEY_PARAMETERS: readonly { readonly name: string; readonly value: string }[] = [
  { name: "maxmemory-policy", value: "noeviction" },
];
