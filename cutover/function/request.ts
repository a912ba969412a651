import { z } from "zod";
import { type Answer, ask } from "../ask";

/** What the function of the move is asked for. */
export const moveRequest = z.strictObject({
  /** Of this request: its answer is kept under it, and its end may be asked for. */
  id: z.uuid(),
  /** By the clock of whoever asks, milliseconds since the epoch: one that was held up is not carried out. */
  askedAtMs: z.int(),
  /** How many functions have worked on it before this one. */
  chunk: z.int().min(0),
  ask,
});
export type MoveRequest = z.infer<typeof moveRequest>;

/** An answer as it is kept. */
export const answerText = z.strictObject({
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
}) satisfies z.ZodType<Answer>;

/** Where the answer to a request is kept. */
export const answerKey = (id: string): string => `requests/${id}/answer.json`;
/** An object here asks for the end of what a request has begun. */
export const stopKey = (id: string): string => `requests/${id}/stop.json`;
