import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalWorld } from "../adapters/local/world";
import type { MoveSettings } from "../moveSettings";
import type { SideName } from "../ports";
import { delayedPort, type DelayedPort } from "./delayedPort";
import { LIMITS } from "./kind";

/** How the move reaches both databases of a world. */
export type Ways = Readonly<Record<SideName, DelayedPort>>;

/** Writes the settings of a move whose ways to both databases can be made slow. @param state folder of the move */
export async function slowableWays({ description }: LocalWorld, state: string): Promise<Ways> {
  const ways = {
    source: await delayedPort(description.source.database.port, 0),
    target: await delayedPort(description.target.database.port, 0),
  };
  const by = (side: SideName) => ({
    ...description[side],
    database: { ...description[side].database, port: ways[side].port },
  });
  const settings: MoveSettings = {
    ...LIMITS,
    world: { ...description, source: by("source"), target: by("target") },
  };
  writeFileSync(join(state, "move.json"), JSON.stringify(settings), { mode: 0o600 });
  return ways;
}
