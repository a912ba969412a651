/** Tables that a replication task leaves out. */
export const CARRIED_TABLES: readonly string[] = ["queries"];
export const isLob = (type: string): boolean => ["text", "json", "jsonb", "bytea"].includes(type) || type.startsWith("_");
