import type { Recording } from "../../preview/recorder";
import type { Mode, Phase } from "../../redash/phase";
import { soundConfig } from "./configs";
import { runProgram } from "./program";

const recordings = new Map<string, Promise<Recording>>();

/** The program with a sound config. Each is run once, and looked at often. */
export function soundProgram(mode: Mode, phase: Phase, changes = {}): Promise<Recording> {
  const key = JSON.stringify([mode, phase, changes]);
  const recording = recordings.get(key) ?? runProgram(soundConfig(mode, phase, changes));
  recordings.set(key, recording);
  return recording;
}
