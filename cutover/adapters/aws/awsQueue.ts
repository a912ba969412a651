import type { Queue } from "../../ports";
import { ask } from "../../preflight/fact";
import { RqQueue } from "../../queue/rqQueue";
import type { Secrets } from "./secrets";

/** How long its URL may take: two tries (call.ts). */
const URL_MS = 25_000;

/** A queue, or why there is none: then whoever asks it anything is told this. */
export interface AwsQueue {
  readonly queue: Queue;
  readonly unreachable: Error | undefined;
  readonly close: () => void;
}

/**
 * The queue of ElastiCache. Without its secret it is unreachable.
 * @throws the signal's reason if it aborts
 */
export async function targetQueue(
  urlSecretArn: string,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<AwsQueue> {
  const url = await ask(URL_MS, signal, (its) => secrets.queueUrl(urlSecretArn, its));
  if (url.isKnown) {
    const queue = new RqQueue(url.value);
    return {
      queue,
      unreachable: undefined,
      close: () => {
        queue.close();
      },
    };
  }
  const unreachable = new Error(`the URL of the target's queue is not known: ${url.reason}`);
  const fails = () => Promise.reject(unreachable);
  return {
    queue: {
      server: fails,
      consumers: fails,
      backlog: fails,
      suspend: fails,
      resume: fails,
      isSuspended: fails,
      state: fails,
      restore: fails,
      put: fails,
    },
    unreachable,
    close: () => undefined,
  };
}
