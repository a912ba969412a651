import { join } from "node:path";
import { answerTo } from "../../ask";
import type { MoveControl } from "../../control";
import { systemClock } from "../../engine/clock";
import { Move } from "../../move";
import { readSettings } from "../../moveSettings";
import { connectLocalWorld } from "./connect";
import { JournalFile } from "./journalFile";
import { LockFile } from "./lockFile";

/**
 * A move that this process carries out itself, between servers on this machine.
 * @param folder with move.json; journal and lock are there too
 * @throws Refusal if the settings are not as they should be
 */
export function localControl(folder: string): MoveControl {
  const settings = readSettings(join(folder, "move.json"));
  const { world, close } = connectLocalWorld(settings.world);
  const move = (sourceGone: boolean) =>
    new Move({
      ...settings,
      sourceGone,
      world,
      journal: new JournalFile(join(folder, "journal.jsonl")),
      lock: new LockFile(join(folder, "move.lock")),
      clock: systemClock,
    });
  return {
    ask: (ask, asking) => answerTo(move(ask.kind === "perform" && ask.sourceGone), ask, asking),
    report: () => move(false).report(),
    close,
  };
}
