import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalWorldDescription } from "../adapters/local/description";
import type { LocalWorld } from "../adapters/local/world";
import type { MoveSettings } from "../moveSettings";
import type { SideName } from "../ports";
import { delayedPort, type DelayedPort } from "./delayedPort";
import { LIMITS } from "./kind";

/** How the move reaches both databases of a world. */
export type Ways = Readonly<Record<SideName, DelayedPort>>;

/** A world whose databases are reached by ways that can be slow. @param delayMs of each question, at first */
export async function delayedWays(
  { description }: Pick<LocalWorld, "description">,
  delayMs: number,
): Promise<{ readonly ways: Ways; readonly world: LocalWorldDescription }> {
  const ways = {
    source: await delayedPort(description.source.database.port, delayMs),
    target: await delayedPort(description.target.database.port, delayMs),
  };
  const by = (side: SideName) => ({
    ...description[side],
    database: { ...description[side].database, port: ways[side].port },
  });
  return { ways, world: { ...description, source: by("source"), target: by("target") } };
}

/** Writes the settings of a move whose ways to both databases can be made slow. @param state folder of the move */
export async function slowableWays(local: LocalWorld, state: string): Promise<Ways> {
  const { ways, world } = await delayedWays(local, 0);
  const settings: MoveSettings = { ...LIMITS, world };
  writeFileSync(join(state, "move.json"), JSON.stringify(settings), { mode: 0o600 });
  return ways;
}
