import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Plan, Step } from "../engine/step";

/** Stops before each step of a rehearsal until a person goes on, so that people rehearse too. */
export class Pause {
  /** Aborted when the rehearsal is to be undone: by Ctrl-C, or because nobody is there who could answer. */
  readonly stopped: AbortSignal;
  /** Nobody is asked any more; lets the process end. */
  readonly end: () => void;
  private readonly lines: AsyncIterator<string>;
  private readonly left = new AbortController();
  private readonly stopping: Promise<undefined>;

  /**
   * @param input a line of it goes on
   * @param stop aborted by Ctrl-C
   */
  constructor(
    input: Readable,
    private readonly write: (text: string) => void,
    stop: AbortSignal,
  ) {
    const reader = createInterface({ input });
    this.lines = reader[Symbol.asyncIterator]();
    this.end = () => {
      reader.close();
    };
    this.stopped = AbortSignal.any([stop, this.left.signal]);
    this.stopping = new Promise((resolve) => {
      this.stopped.addEventListener("abort", () => {
        resolve(undefined);
      });
    });
  }

  /** Says what comes, and returns when a person goes on. */
  before = async (plan: Plan, step: Step): Promise<void> => {
    if (this.stopped.aborted) return;
    this.write(`\n${stepText(plan, step)}\n  Enter goes on …\n`);
    const line = await Promise.race([this.lines.next(), this.stopping]);
    if (line?.done === true) this.left.abort(new Error("nobody is there to go on"));
  };
}

/** What a step does, what to look at meanwhile, and how to go back from before it. */
export function stepText(plan: Plan, step: Step): string {
  const index = plan.steps.indexOf(step);
  return [
    `${plan.act}, step ${index + 1} of ${plan.steps.length}: ${step.id}${windowText(plan, index)}`,
    `  what happens    ${step.title}`,
    `  what to watch   ${step.watch ?? "nothing in particular"}`,
    `  how to go back  ${wayBack(plan, index)}`,
  ].join("\n");
}

function windowText({ steps }: Plan, index: number): string {
  const step = steps[index];
  if (step?.inWindow !== true) return "";
  if (step.irreversible === true) return " (the flip: with it users can write again)";
  return steps[index - 1]?.inWindow === true
    ? " (users cannot write)"
    : " (from here on users cannot write)";
}

function wayBack({ act, steps }: Plan, index: number): string {
  const before = steps.slice(0, index);
  if (before.some(({ irreversible }) => irreversible === true))
    return `after this act: npm run move -- ${act === "cutover" ? "rollback" : "cutover"}, which loses no write; Ctrl-C does not end it any more`;
  if (before.some(({ forwardOnly }) => forwardOnly === true))
    return "none: what is removed does not come back, and this act is to be ended";
  const undo = "Ctrl-C undoes this act, last step first";
  return steps[index]?.forwardOnly === true
    ? `${undo}; after this step there is no way back`
    : undo;
}
