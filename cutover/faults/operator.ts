import type { Act } from "../steps/acts";
import type { MoveEnd } from "./moveProcess";

/** What a person types next. */
export interface Command {
  readonly act: string;
  readonly more: readonly string[];
}

/** How a run ended, for whoever reads its words and its exit code. */
export type RunOutcome = "done" | "undone" | "needs-person" | "killed";

/** @throws Error for a code that no act has */
export function outcomeOf({ code }: Pick<MoveEnd, "code">): RunOutcome {
  switch (code) {
    case null:
      return "killed";
    case 0:
    case 1:
      return "done";
    case 2:
      return "undone";
    case 3:
      return "needs-person";
    default:
      throw new Error(`exit code ${code}`);
  }
}

/** Commands that a text names, in its order; looking comes before doing and is left to whoever reads. */
export const commandsIn = (text: string): Command[] =>
  [...text.matchAll(/npm run move -- ([a-z]+)((?: --[a-z-]+)*)/g)]
    .map(([, act = "", more = ""]) => ({ act, more: more.split(" ").filter((it) => it !== "") }))
    .filter(({ act }) => act !== "status");

/** Whether `status` has an act as the last one, and done: it may be killed when nothing is left to do but to end. */
export const isDoneBy = (status: string, act: Act): boolean =>
  [...status.matchAll(/^([a-z]+) +([a-z-]+) +\d+ min ago/gm)]
    .map(([, name, outcome]) => `${name} ${outcome}`)
    .at(-1) === `${act} done`;

/**
 * What a person does next who wants an act done and knows nothing but the program's own words. The program's own next
 * command where it needs a person; else the act that is wanted, if it is among those that are due.
 * @returns undefined if the text names no command
 */
export function nextCommand(
  text: string,
  wanted: Act,
  outcome: Exclude<RunOutcome, "done">,
): Command | undefined {
  const named = commandsIn(text);
  const [first] = named;
  if (outcome === "needs-person") return first;
  return named.find(({ act }) => act === wanted) ?? first;
}
