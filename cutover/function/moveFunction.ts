import type { Clock } from "../engine/clock";
import type { Event } from "../engine/journal";
import { Refusal } from "../engine/refusal";
import type { Move } from "../move";
import { preflightText } from "../preflight/text";
import { type MoveAnswer, type MoveRequest, moveRequest } from "./request";

/** What a function of the move works with; AWS's in production (handler.ts). */
export interface MoveFunctionOptions {
  readonly clock: Clock;
  /** A move whose `finish` may have to do without the source. */
  readonly move: (options: { readonly sourceGone: boolean }) => Move;
  /** Shows how far an act is to whoever follows it. */
  readonly show: (event: Event) => void;
  /** Whether somebody has asked for the end of a request. */
  readonly isStopAsked: (id: string) => Promise<boolean>;
  readonly answer: (id: string, answer: MoveAnswer) => Promise<void>;
  /** Has another function go on, which begins when this one has ended. */
  readonly again: (request: MoveRequest) => Promise<void>;
  /** Left for the window, and for undoing it: later than this none is opened any more, milliseconds. */
  readonly reserveMs: number;
}

/** A request that was held up for longer is not carried out: nobody would expect it any more. */
const ASKED_WITHIN_MS = 120_000;
const STOP_LOOK_MS = 2000;
/** A week of quarters of an hour. */
const MOST_CHUNKS = 672;
/** How long reading may take that changes nothing. */
const LOOK_MS = 300_000;

/** The move as a function: one request, one act or a part of it, within the time that a function has. */
export class MoveFunction {
  constructor(private readonly options: MoveFunctionOptions) {}

  /**
   * @param leftMs time until the function is ended
   * @throws Error if the request is none; what else goes wrong is the answer
   */
  async serve(event: unknown, leftMs: () => number): Promise<MoveAnswer> {
    const request = moveRequest.parse(event);
    const { ask, id } = request;
    let answer = await this.answerTo(request, leftMs).catch(failureOf);
    if (answer.verdict === "paused" && ask.kind === "perform") {
      const next: MoveRequest = { ...request, ask: { ...ask, resume: true, chunk: ask.chunk + 1 } };
      try {
        await this.options.again(next);
        return answer;
      } catch (error) {
        answer = {
          ...answer,
          text: `${answer.text}\nno other function goes on: ${failureOf(error).text}`,
        };
      }
    }
    await this.options.answer(id, answer);
    return answer;
  }

  private async answerTo(request: MoveRequest, leftMs: () => number): Promise<MoveAnswer> {
    const { ask, id, askedAtMs } = request;
    const { clock } = this.options;
    const move = this.options.move({ sourceGone: ask.kind === "perform" && ask.sourceGone });
    try {
      switch (ask.kind) {
        case "status":
          return done(await move.status(AbortSignal.timeout(Math.min(LOOK_MS, leftMs()))));
        case "plan":
          return done(await move.plan(ask.act));
        case "preflight": {
          const report = await move.preflight(AbortSignal.timeout(Math.min(LOOK_MS, leftMs())));
          return { verdict: VERDICTS[report.outcome], text: preflightText(report) };
        }
        case "perform": {
          const heldUpMs = clock.nowMs() - askedAtMs;
          if (ask.chunk === 0 && heldUpMs > ASKED_WITHIN_MS)
            throw new Refusal(
              `the request was held up for ${Math.round(heldUpMs / 1000)} s and is not carried out; ask again`,
            );
          if (ask.chunk > MOST_CHUNKS)
            throw new Refusal(`${MOST_CHUNKS} functions have worked on it, and it has no end`);
          return await this.perform(move, ask, id, leftMs);
        }
      }
    } finally {
      await move.close();
    }
  }

  private async perform(
    move: Move,
    ask: Extract<MoveRequest["ask"], { kind: "perform" }>,
    id: string,
    leftMs: () => number,
  ): Promise<MoveAnswer> {
    const { clock, reserveMs, show, isStopAsked } = this.options;
    const stop = new AbortController();
    const pause = new AbortController();
    const over = new AbortController();
    const cancel = clock.after(Math.max(0, leftMs() - reserveMs), () => {
      pause.abort();
    });
    const watching = (async () => {
      while (!over.signal.aborted) {
        // If the bucket does not answer now, it is asked again; the act's own journal says if it is gone.
        if (await isStopAsked(id).catch(() => false)) stop.abort();
        await clock.sleep(STOP_LOOK_MS, over.signal).catch(() => undefined);
      }
    })();
    try {
      const { verdict, text } = await move.perform(ask.act, {
        resume: ask.resume,
        stop: stop.signal,
        pause: pause.signal,
        onEvent: show,
      });
      return { verdict, text };
    } finally {
      cancel();
      over.abort();
      await watching;
    }
  }
}

const done = (text: string): MoveAnswer => ({ verdict: "done", text });

const VERDICTS = {
  ready: "done",
  "ready-with-warnings": "warnings",
  refused: "refused",
} as const;

function failureOf(error: unknown): MoveAnswer {
  const text = error instanceof Error ? error.message : String(error);
  return { verdict: error instanceof Refusal ? "refused" : "broken-off", text };
}
