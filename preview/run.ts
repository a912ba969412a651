import type * as settingsModule from "../settings";
import { type Recording, record } from "./recorder";
import { stackConfig } from "./stackFile";

/** One look at a stack: what it would ask for, and what is to be said of it. */
export interface Preview {
  readonly stack: string;
  /** The config it was run with. */
  readonly config: Readonly<Record<string, string>>;
  readonly recording: Recording;
  /** What a real run would refuse although this look does not: values that are still examples. */
  readonly notices: readonly string[];
}

/**
 * Runs the real program for a stack, offline.
 * @param overrides config that wins over the stack file
 * @param config in place of the stack file
 * @throws pulumi.RunError with all problems of the settings
 */
export async function preview(
  stack: string,
  overrides: Readonly<Record<string, string>> = {},
  config: Readonly<Record<string, string>> = stackConfig(stack),
): Promise<Preview> {
  const program = require("../index") as () => Promise<unknown>;
  const settings = require("../settings") as typeof settingsModule;
  settings.acceptExampleValues();
  const merged = { ...config, ...overrides };
  const phase = merged["redash:phase"];
  const recording = await record(program, {
    stack,
    config: merged,
    // As if the phase had been deployed: an offline look has no history, and every phase can be looked at.
    previousOutputs: phase === undefined ? {} : { phase },
  });
  return { stack, config: merged, recording, notices: settings.takeNotices() };
}
