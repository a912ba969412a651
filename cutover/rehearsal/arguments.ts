/** Everything that is wrong with a command's arguments, told at once. */
export class Problems {
  readonly list: string[] = [];
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
