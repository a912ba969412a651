import { z } from "zod";
import { WATCH_EVENT } from "../../redash/sourceWatch";
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

const watchEvent = z.strictObject({ kind: z.literal(WATCH_EVENT.kind) });

/** Whether it comes from the schedule, which has no id and no time, because nobody waits for its answer. */
export const isWatch = (event: unknown): boolean => watchEvent.safeParse(event).success;

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
