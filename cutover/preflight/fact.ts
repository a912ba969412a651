/** What was found when the world was asked, or why nobody knows. */
export type Fact<T> =
  | { readonly isKnown: true; readonly value: T }
  | { readonly isKnown: false; readonly reason: string };

/** A check cannot be judged, because something that it needs is not known. */
export class UnknownFact extends Error {
  override readonly name = "UnknownFact";
}

/** @throws UnknownFact with the reason if it is not known */
export function known<T>(fact: Fact<T>): T {
  if (!fact.isKnown) throw new UnknownFact(fact.reason);
  return fact.value;
}

/**
 * Asks, and keeps a failure as the answer: one server that does not answer must not hide what is wrong elsewhere.
 * What does not listen to its signal is left behind when the time is over.
 * @throws the signal's reason if it aborts
 */
export async function ask<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Fact<T>> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const stop = () => {
    controller.abort(signal.reason);
  };
  signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => {
    controller.abort(new Error(`no answer within ${limitMs / 1000} s`));
  }, limitMs);
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => {
      reject(controller.signal.reason as Error);
    });
  });
  try {
    return { isKnown: true, value: await Promise.race([work(controller.signal), aborted]) };
  } catch (error) {
    signal.throwIfAborted();
    return { isKnown: false, reason: wordsOf(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** What an error says, with the causes that `fetch` and connections to several addresses hide. Others name theirs. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join("; ");
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : wordsOf(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
