import { Refusal } from "./engine/refusal";
import { EXIT_CODES, WRONG_USAGE } from "./report/summary";

/** Words that a command does not understand. */
export class WrongUsage extends Error {}

/** Everything that is wrong with a command's arguments, told at once. */
export class Problems {
  readonly list: string[] = [];

  /** What something returns; its complaint is one of the problems. */
  of<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.list.push((error as Error).message);
      return undefined;
    }
  }

  /** @throws WrongUsage that lists them */
  assertNone(): void {
    if (this.list.length > 0) throw new WrongUsage(this.list.join("\n"));
  }
}

/** A number of the command line. */
export function wholeNumber(
  { list }: Problems,
  name: string,
  text: string,
  least: number,
  most: number,
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    list.push(`--${name} is ${text}; allowed: a whole number from ${least} to ${most}`);
  return value;
}

/** One word of several. */
export function choice<Word extends string>(
  { list }: Problems,
  name: string,
  text: string,
  words: readonly Word[],
): Word {
  const found = words.find((word) => word === text);
  if (found === undefined) list.push(`--${name} is ${text}; allowed: ${words.join(", ")}`);
  return found ?? (text as Word);
}

/**
 * Runs a command to its end and sets its exit code: what it returns, 64 if its words were not understood, 2 if it was
 * refused before anything changed, and 3 if it was broken off and nobody knows where.
 * @param next what to run then
 */
export async function ended(
  command: () => Promise<number>,
  usage: string,
  next: string,
): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const isUsage =
      error instanceof WrongUsage ||
      String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
    if (isUsage) {
      process.stderr.write(`${text}\n\n${usage}\n`);
      process.exitCode = WRONG_USAGE;
    } else if (error instanceof Refusal) {
      process.stderr.write(`refused: ${text}\n`);
      process.exitCode = EXIT_CODES.undone;
    } else {
      process.stderr.write(`broken off: ${text}\nlook at it with: ${next}\n`);
      process.exitCode = EXIT_CODES["needs-person"];
    }
  }
}
