import { randomUUID } from "node:crypto";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { Answer, Ask } from "../../ask";
import type { Clock } from "../../engine/clock";
import type { Event } from "../../engine/journal";
import { Refusal } from "../../engine/refusal";
import { answerKey, answerText, type MoveRequest, stopKey } from "../../function/request";
import { followJournal } from "./followJournal";
import type { S3Bucket } from "./s3Bucket";
import type { S3Journal } from "./s3Journal";
import type { S3Lock } from "./s3Lock";
import type { S3Progress } from "./s3Progress";

/** The function of the move, and the bucket by which it is followed. */
export interface RemoteMoveOptions {
  readonly lambda: LambdaClient;
  readonly functionName: string;
  readonly bucket: S3Bucket;
  readonly journal: S3Journal;
  readonly progress: Pick<S3Progress, "read">;
  readonly lock: Pick<S3Lock, "heldBy">;
  readonly clock: Clock;
}

const LOOK_MS = 1000;
/** A function that begins, or goes on, holds the lock well within this time; without it nobody is at work. */
const SILENT_MS = 90_000;
/** Answers to what changes nothing; the function itself gives up before: connecting and looking have 420 s. */
const READ_DEADLINE_MS = 450_000;

/** A move that a function in the VPC carries out. It goes on when nobody follows it any more. */
export class RemoteMove {
  /** Whether the function has been told that somebody wants it to stop. */
  private isStopAsked = false;

  constructor(private readonly options: RemoteMoveOptions) {}

  /** What becomes of the act when nobody waits for it any more. */
  left(): string {
    const { functionName } = this.options;
    return this.isStopAsked
      ? `${functionName} finishes or undoes the step at hand by itself`
      : `${functionName} goes on by itself; it was not asked to stop`;
  }

  /**
   * Has the function do something and waits for its answer.
   * @param stop asks it to finish or undo the step at hand; the answer is still waited for
   * @throws Refusal if it was not called: it is to stop before, or AWS lets nobody call it with these credentials; Error
   * if the function ends without an answer: nobody knows what it has left, and the same act goes on
   */
  async ask(
    ask: Ask,
    onEvent: (event: Event) => void = () => undefined,
    stop?: AbortSignal,
  ): Promise<Answer> {
    const { clock, journal } = this.options;
    const id = randomUUID();
    const from = ask.kind === "perform" ? (await journal.read().catch(notCalled)).length : 0;
    if (stop !== undefined && isOver(stop))
      throw new Refusal(`${(stop.reason as Error).message} before the function was called`);
    await this.invoke({ id, askedAtMs: clock.nowMs(), chunk: 0, ask });
    const answered = new AbortController();
    const answer = (ask.kind === "perform" ? this.performed(id) : this.answered(id)).finally(() => {
      answered.abort();
    });
    // It is awaited below, after the journal's last entries: a failure that nobody awaits yet would end the process.
    answer.catch(() => undefined);
    const onStop = () => {
      this.options.bucket.put(stopKey(id), "{}", "none").then(
        () => {
          this.isStopAsked = true;
        },
        (error: unknown) => {
          const { message } = error as Error;
          process.stderr.write(`the function cannot be asked to stop: ${message}\n`);
        },
      );
    };
    stop?.addEventListener("abort", onStop, { once: true });
    // It may have come while the function was called.
    if (stop !== undefined && isOver(stop)) onStop();
    try {
      if (ask.kind === "perform") await this.follow(from, onEvent, answered.signal);
      return await answer;
    } finally {
      stop?.removeEventListener("abort", onStop);
    }
  }

  /** Not sent again: a second one would be refused at best. */
  private async invoke(request: MoveRequest): Promise<void> {
    const { lambda, functionName } = this.options;
    try {
      await lambda.send(
        new InvokeCommand({
          FunctionName: functionName,
          InvocationType: "Event",
          Payload: Buffer.from(JSON.stringify(request)),
        }),
        { abortSignal: AbortSignal.timeout(READ_DEADLINE_MS) },
      );
    } catch (error) {
      const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
      // What Lambda has refused, or what could not be signed, has begun nothing; of a lost answer nobody knows.
      const isRefused = ($metadata?.httpStatusCode ?? 500) < 500 || name.endsWith("ProviderError");
      if (isRefused) notCalled(error);
      throw error;
    }
  }

  private async follow(
    from: number,
    onEvent: (event: Event) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { journal, progress, clock } = this.options;
    for (let told = from; !signal.aborted;) {
      const events = followJournal({
        journal,
        progress,
        clock,
        from: told,
        deadlineMs: Number.MAX_SAFE_INTEGER,
        signal,
      });
      try {
        for await (const event of events) {
          if (event.kind !== "progress") told++;
          onEvent(event);
        }
      } catch (error) {
        if (!isOver(signal)) throw error;
      }
    }
  }

  private async read(id: string): Promise<Answer | undefined> {
    const object = await this.options.bucket.get(answerKey(id));
    return object && answerText.parse(JSON.parse(object.text));
  }

  private async answered(id: string): Promise<Answer> {
    const { clock, functionName } = this.options;
    const end = clock.monotonicMs() + READ_DEADLINE_MS;
    while (clock.monotonicMs() < end) {
      const answer = await this.read(id);
      if (answer !== undefined) return answer;
      await clock.sleep(LOOK_MS);
    }
    throw new Error(
      `${functionName} has not answered within ${READ_DEADLINE_MS / 1000} s; its log says why (CloudWatch)`,
    );
  }

  private async performed(id: string): Promise<Answer> {
    const { clock, functionName, lock } = this.options;
    let heardMs = clock.monotonicMs();
    for (;;) {
      const answer = await this.read(id);
      if (answer !== undefined) return answer;
      if ((await lock.heldBy()) !== undefined) heardMs = clock.monotonicMs();
      if (clock.monotonicMs() - heardMs > SILENT_MS)
        throw new Error(
          `${functionName} works no more and has not answered; its log says why (CloudWatch); the same act goes on where it was`,
        );
      await clock.sleep(LOOK_MS);
    }
  }
}

/** @throws Refusal always */
function notCalled(error: unknown): never {
  const { name, message } = error as Error;
  throw new Refusal(
    `the function was not called: ${message.includes(name) ? message : `${name}: ${message}`}; are your credentials of this account, still good, and allowed to (docs/runbook.md, who needs what)?`,
    { cause: error },
  );
}

/** A look of its own: it changes while others work. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;
