import { type Answer, answerTo } from "../ask";
import type { Clock } from "../engine/clock";
import type { Event } from "../engine/journal";
import { Refusal } from "../engine/refusal";
import type { Move } from "../move";
import { type MoveRequest, moveRequest } from "./request";

/** What a function of the move works with; AWS's in production (handler.ts). */
export interface MoveFunctionOptions {
  readonly clock: Clock;
  /** The move, connected. @throws Error if it cannot be: then nothing was changed */
  readonly connect: (options: {
    readonly sourceGone: boolean;
    /** Nothing will be changed: what does not answer must not hide the rest. */
    readonly isLook: boolean;
  }) => Promise<Pick<Move, "perform" | "plan" | "preflight" | "status" | "close">>;
  /** Shows how far an act is to whoever follows it. */
  readonly show: (event: Event) => void;
  /** Whether somebody has asked for the end of a request. */
  readonly isStopAsked: (id: string) => Promise<boolean>;
  readonly answer: (id: string, answer: Answer) => Promise<void>;
  /** Has another function go on. */
  readonly again: (request: MoveRequest) => Promise<void>;
  /** Left for a window and for undoing it: when less time than this is left none is opened any more. */
  readonly reserveMs: number;
}

/** A request that was held up for longer is not carried out: nobody would expect it any more. */
const ASKED_WITHIN_MS = 120_000;
const STOP_LOOK_MS = 2000;
/** A week of quarters of an hour. */
const MOST_CHUNKS = 672;

/** The move as a function: one request, one act or a part of it, within the time that a function has. */
export class MoveFunction {
  constructor(private readonly options: MoveFunctionOptions) {}

  /**
   * @param leftMs time until the function is ended
   * @throws Error if the request is none; what else goes wrong is the answer
   */
  async serve(event: unknown, leftMs: () => number): Promise<Answer> {
    const request = moveRequest.parse(event);
    let answer = await this.served(request, leftMs).catch(failureOf);
    if (answer.verdict === "paused") {
      try {
        await this.options.again(continued(request));
        return answer;
      } catch (error) {
        const { text } = failureOf(error);
        answer = { ...answer, text: `${answer.text}\nno other function goes on: ${text}` };
      }
    }
    await this.options.answer(request.id, answer);
    return answer;
  }

  private async served(
    { ask, id, askedAtMs, chunk }: MoveRequest,
    leftMs: () => number,
  ): Promise<Answer> {
    const { clock, connect, reserveMs, show } = this.options;
    const heldUpMs = clock.nowMs() - askedAtMs;
    if (chunk === 0 && heldUpMs > ASKED_WITHIN_MS)
      throw new Refusal(
        `the request was held up for ${Math.round(heldUpMs / 1000)} s and is not carried out; ask again`,
      );
    if (chunk > MOST_CHUNKS)
      throw new Refusal(`${MOST_CHUNKS} functions have worked on it, and it has no end`);
    const move = await connect({
      sourceGone: ask.kind === "perform" && ask.sourceGone,
      isLook: ask.kind !== "perform",
    }).catch((error: unknown) => {
      throw new Refusal(failureOf(error).text);
    });
    const pause = new AbortController();
    const cancel = clock.after(Math.max(0, leftMs() - reserveMs), () => {
      pause.abort();
    });
    const watch = this.watch(id);
    try {
      return await answerTo(move, ask, { stop: watch.stop, pause: pause.signal, onEvent: show });
    } finally {
      cancel();
      await watch.end();
      await move.close();
    }
  }

  /** Looks whether somebody wants it to stop. */
  private watch(id: string): { readonly stop: AbortSignal; readonly end: () => Promise<void> } {
    const { clock, isStopAsked } = this.options;
    const stop = new AbortController();
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        // If there is no answer now it is asked again; without the bucket the act itself cannot go on.
        if (await isStopAsked(id).catch(() => false)) stop.abort();
        await clock.sleep(STOP_LOOK_MS, over.signal).catch(() => undefined);
      }
    })();
    return {
      stop: stop.signal,
      end: () => {
        over.abort();
        return watching;
      },
    };
  }
}

const continued = (request: MoveRequest): MoveRequest => ({
  ...request,
  chunk: request.chunk + 1,
  ask: request.ask.kind === "perform" ? { ...request.ask, resume: true } : request.ask,
});

function failureOf(error: unknown): Answer {
  const text = error instanceof Error ? error.message : String(error);
  return { verdict: error instanceof Refusal ? "refused" : "broken-off", text };
}
