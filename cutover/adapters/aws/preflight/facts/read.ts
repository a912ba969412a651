import type { MoveAction } from "../../../../../redash/moveActions";
import type { Clock } from "../../../../engine/clock";
import { call } from "../../call";

/**
 * Sends a request that changes nothing.
 * @param on what it asks about, for people
 * @throws CallFailed
 */
export type Read = <Output>(
  action: MoveAction,
  on: string,
  send: (abortSignal: AbortSignal) => Promise<Output>,
) => Promise<Output>;

export const readWith =
  (clock: Pick<Clock, "sleep">, signal: AbortSignal): Read =>
  (action, on, send) =>
    call({ action, on, isIdempotent: true, signal }, send, clock);

/** All items of an answer that comes in pages. */
export async function pages<Item>(
  page: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>,
): Promise<Item[]> {
  const all: Item[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await page(token);
    all.push(...items);
    token = next === "" ? undefined : next;
  } while (token !== undefined);
  return all;
}

/** @throws Error if AWS has found nothing */
export function found<Item>(item: Item | undefined, what: string): Item {
  if (item === undefined) throw new Error(`${what} is not there; run pulumi up, which makes it`);
  return item;
}
