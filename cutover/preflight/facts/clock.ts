import type pg from "pg";
import { oneRow } from "../../database/database";

/** How far away a server is, and what time it has. */
export interface ClockFacts {
  /** The quickest of a few answers. */
  readonly roundTripMs: number;
  /** How far its clock is ahead of this machine's; negative if it is behind. */
  readonly aheadMs: number;
}

const ROUNDS = 5;

/** The quickest answer also says most exactly what the server's clock shows. */
export async function clockFacts(client: pg.Client): Promise<ClockFacts> {
  let best = { roundTripMs: Infinity, aheadMs: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const { ms } = await oneRow<{ ms: number }>(
      client,
      "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms",
    );
    const roundTripMs = performance.now() - start;
    if (roundTripMs < best.roundTripMs)
      best = { roundTripMs, aheadMs: ms - (Date.now() - roundTripMs / 2) };
  }
  return best;
}
