import { connectLocalWorld } from "./adapters/local/connect";
import type { LocalSideDescription } from "./adapters/local/description";
import type { Transport, World } from "./ports";

/** A world that is described but not there: plans are made without asking it anything. */
export function paperWorld(kind: Transport["kind"]): World {
  const url = "http://127.0.0.1:1";
  const side: LocalSideDescription = {
    database: { host: "127.0.0.1", port: 1, database: "redash", user: "nobody", password: "none" },
    applicationRole: "redash",
    dataDirectory: "nowhere",
    redisUrl: "redis://127.0.0.1:1",
    serverUrl: url,
    secretKey: "none",
  };
  const { world } = connectLocalWorld({
    kind: "local",
    source: side,
    target: side,
    front: { url, controlUrl: url },
    processesUrl: url,
    ...(kind === "dms" ? { task: { controlUrl: url, sourceRole: "dms", sourceSlot: "dms" } } : {}),
  });
  return { ...world, phase: { record: () => Promise.reject(new Error("a world on paper")) } };
}
