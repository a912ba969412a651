import { z } from "zod";
import type { Event } from "./engine/journal";
import type { Move } from "./move";
import { preflightText } from "./preflight/text";
import type { Verdict } from "./report/summary";
import { ACTS } from "./steps/acts";

/** What a move may be asked for, here or from afar. */
export const ask = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("perform"),
    act: z.enum(ACTS),
    /** Whether an act that was left long ago may be taken up. */
    resume: z.boolean(),
    /** Whether `finish` has to do without the source. */
    sourceGone: z.boolean(),
    /** Checks of preflight that `prepare` may begin without; they become warnings. */
    accept: z.array(z.string()).default([]),
  }),
  z.strictObject({ kind: z.literal("plan"), act: z.enum(ACTS) }),
  z.strictObject({ kind: z.literal("preflight") }),
  z.strictObject({ kind: z.literal("status") }),
]);
export type Ask = z.infer<typeof ask>;

/** What came of it. */
export interface Answer {
  /** `refused`: nothing was changed. `broken-off`: nobody knows what was. */
  readonly verdict: Verdict | "refused" | "broken-off";
  readonly text: string;
}

/** How somebody takes part in what was asked for. */
export interface Asking {
  /** Ends or undoes the step at hand; nothing more is begun. */
  readonly stop: AbortSignal;
  /** Aborted when this process must end soon: an act is left for the next one. */
  readonly pause?: AbortSignal;
  readonly onEvent: (event: Event) => void;
}

/** How long looking may take that changes nothing. */
const LOOK_MS = 300_000;
const VERDICTS = {
  ready: "done",
  "ready-with-warnings": "warnings",
  refused: "undone",
} as const;

/** Has a move do what was asked for. @throws Refusal if it is not done, before anything is changed */
export async function answerTo(
  move: Pick<Move, "perform" | "plan" | "preflight" | "status">,
  asked: Ask,
  { stop, pause, onEvent }: Asking,
): Promise<Answer> {
  const look = AbortSignal.any([stop, AbortSignal.timeout(LOOK_MS)]);
  switch (asked.kind) {
    case "status":
      return { verdict: "done", text: await move.status(look) };
    case "plan":
      return { verdict: "done", text: await move.plan(asked.act) };
    case "preflight": {
      const report = await move.preflight(look);
      return { verdict: VERDICTS[report.outcome], text: preflightText(report) };
    }
    case "perform": {
      const { verdict, text } = await move.perform(asked.act, {
        resume: asked.resume,
        accept: asked.accept,
        stop,
        ...(pause && { pause }),
        onEvent,
      });
      return { verdict, text };
    }
  }
}
