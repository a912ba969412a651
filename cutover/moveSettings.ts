import { readFileSync } from "node:fs";
import { z } from "zod";
import { localWorldDescription } from "./adapters/local/description";
import { Refusal } from "./engine/refusal";
import { moveLimits } from "./moveLimits";

const schema = z.strictObject({ ...moveLimits, world: localWorldDescription });

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
