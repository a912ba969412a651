import { MOVE_ACTIONS, type MoveAction } from "../../../redash/moveActions";
import type { Clock } from "../../engine/clock";

/**
 * One request to AWS. The function's are those of redash/moveActions.ts; what an operator's own credentials do is named
 * where it is done.
 */
export interface Call<Action extends string = MoveAction> {
  /** In the words of IAM; the function can call nothing that is not in redash/moveActions.ts. */
  readonly action: Action;
  /** What it is done to, for people: a name or an ARN, never a secret. */
  readonly on: string;
  /**
   * Whether it may be sent again after an answer that was lost. A request that AWS has throttled was not carried out
   * and is always sent again.
   */
  readonly isIdempotent: boolean;
  /** Of the step at hand. */
  readonly signal: AbortSignal;
  /** For one try, milliseconds. @default 10000 */
  readonly deadlineMs?: number;
  /** What a person does if it fails, besides what its kind of failure says. */
  readonly next?: string;
}

/** A request that AWS has not carried out, or of which nobody knows whether it has. */
export class CallFailed extends Error {
  constructor(
    message: string,
    /** AWS's own name, such as `ServiceNotFoundException`. */
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const TRIES = 5;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
const DEADLINE_MS = 10_000;

const THROTTLED =
  /^(?:Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded|SlowDown|PriorRequestNotComplete|RequestThrottled|ProvisionedThroughputExceededException)$/;
const DENIED = /^(?:AccessDenied|AccessDeniedException|UnauthorizedOperation|Forbidden|403)$/;

/**
 * Sends a request, again after a pause with jitter where that is safe, within a time limit.
 * @param send the request, with the signal that ends it
 * @throws CallFailed with what, where, why and the next step
 */
export async function call<Output, Action extends string = MoveAction>(
  it: Call<Action>,
  send: (signal: AbortSignal) => Promise<Output>,
  clock: Pick<Clock, "sleep">,
): Promise<Output> {
  const { deadlineMs = DEADLINE_MS, signal } = it;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(deadlineMs);
    try {
      return await send(AbortSignal.any([signal, limit]));
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error, limit.aborted, deadlineMs);
      const isAgain = failure.kind === "throttled" || (failure.kind === "lost" && it.isIdempotent);
      if (!isAgain || attempt === TRIES) {
        const next = [adviceOf[failure.kind](it), it.next].filter(Boolean).join("; ");
        throw new CallFailed(
          `${it.action} on ${it.on}: ${failure.words}${attempt > 1 ? `, ${attempt} times` : ""}${next && `; ${next}`}`,
          failure.code,
          { cause: error },
        );
      }
      const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
      await clock.sleep(Math.random() * longest, signal);
    }
  }
}

type Kind = "throttled" | "denied" | "lost" | "refused";

const adviceOf: Readonly<Record<Kind, (it: Call<string>) => string>> = {
  throttled: () => "AWS asks for fewer requests; wait a minute and try again",
  denied: ({ action }) =>
    action in MOVE_ACTIONS
      ? `the role may not do it: run pulumi up, which gives it ${action}, or ask who owns the key or the service control policy`
      : `your credentials may not do it: ask for ${action}`,
  lost: ({ isIdempotent }) =>
    isIdempotent ? "" : "nobody knows whether it was carried out; npm run move -- status shows",
  refused: () => "",
};

function failureOf(error: unknown, isLate: boolean, deadlineMs: number) {
  const { name, message, $metadata, $fault } = error as Error & {
    $metadata?: { httpStatusCode?: number };
    $fault?: "client" | "server";
  };
  const status = $metadata?.httpStatusCode;
  const kind = ((): Kind => {
    if (isLate) return "lost";
    if (THROTTLED.test(name) || status === 429) return "throttled";
    if (DENIED.test(name)) return "denied";
    // Without a status there was no answer; a server that has failed may have done it all the same.
    return status === undefined || status >= 500 || $fault === "server" ? "lost" : "refused";
  })();
  return {
    kind,
    code: name,
    words: isLate ? `no answer within ${deadlineMs} ms` : `${name}: ${message}`,
  };
}
