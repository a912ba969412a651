import { readFileSync } from "node:fs";
import { z } from "zod";
import { localWorldDescription } from "./adapters/local/description";
import { Refusal } from "./engine/refusal";

const milliseconds = (least: number, most: number, preset: number) =>
  z.int().min(least).max(most).default(preset);

const schema = z.strictObject({
  /** Longest write outage of a switch before it undoes itself. */
  writeOutageBudgetMs: milliseconds(50, 600_000, 60_000),
  /** How long jobs may take to end before they are cut. */
  drainDeadlineMs: milliseconds(100, 3_600_000, 600_000),
  /** How long a copy, or a comparison of everything, may take. */
  longDeadlineMs: milliseconds(1000, 7 * 86_400_000, 86_400_000),
  world: localWorldDescription,
});

/** What an operator has settled for a move. Holds passwords: the file is for its owner alone. */
export type MoveSettings = z.infer<typeof schema>;

/**
 * @throws Refusal that lists every problem with its place in the file, never with a value that may be secret
 */
export function readSettings(path: string): MoveSettings {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refusal(
      `there are no settings of a move: ${path} cannot be read (${code ?? "unknown"}); start a world with: npm run world; or name another folder with --state`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(`${path} is no JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path: place, message }) => `  ${place.join(".") || "(everything)"}: ${message}`,
  );
  throw new Refusal(`${path} has ${problems.length} problems:\n${problems.join("\n")}`);
}
