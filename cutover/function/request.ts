import { z } from "zod";
import { ACTS } from "../steps/acts";

/** What the function of the move is asked for. */
export const moveRequest = z.strictObject({
  /** Of this request: its answer is kept under it, and its end may be asked for. */
  id: z.uuid(),
  /** By the clock of whoever asks, milliseconds since the epoch: one that was held up is not carried out. */
  askedAtMs: z.int(),
  ask: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("perform"),
      act: z.enum(ACTS),
      /** Whether an act that was left long ago may be taken up. */
      resume: z.boolean(),
      sourceGone: z.boolean(),
      /** How many functions have worked on it before this one. */
      chunk: z.int().min(0),
    }),
    z.strictObject({ kind: z.literal("plan"), act: z.enum(ACTS) }),
    z.strictObject({ kind: z.literal("preflight") }),
    z.strictObject({ kind: z.literal("status") }),
  ]),
});
export type MoveRequest = z.infer<typeof moveRequest>;

/** What came out, in the words of an exit code. */
export const moveAnswer = z.strictObject({
  /** `refused`: nothing was changed. `broken-off`: nobody knows what was. */
  verdict: z.enum([
    "done",
    "warnings",
    "undone",
    "needs-person",
    "paused",
    "refused",
    "broken-off",
  ]),
  text: z.string(),
});
export type MoveAnswer = z.infer<typeof moveAnswer>;

/** Where the answer to a request is kept. */
export const answerKey = (id: string): string => `requests/${id}/answer.json`;
/** An object here asks for the end of what a request has begun. */
export const stopKey = (id: string): string => `requests/${id}/stop.json`;
