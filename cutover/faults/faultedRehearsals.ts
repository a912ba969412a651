import { counted, duration } from "../report/quantity";
import { type Dealt, Deck, type Fault } from "./deck";
import { type FaultedOptions, type FaultedRehearsal, faultedRehearsal } from "./faultedRehearsal";

export interface FaultedRehearsalsOptions extends FaultedOptions {
  /** Their numbers. */
  readonly rehearsals: readonly number[];
  /** How many at the same time, each in a world of its own. */
  readonly jobs: number;
}

/**
 * Rehearses the move again and again, each time with the faults that the seed has dealt. What met nothing is dealt again
 * to the next rehearsal that has the same act.
 * @returns those that came to an end, in the order of their numbers
 * @throws Error if a world cannot be started or removed; then no further one is started
 */
export async function faultedRehearsals(
  options: FaultedRehearsalsOptions,
): Promise<readonly FaultedRehearsal[]> {
  const { rehearsals, jobs, transport, seed, stop, say } = options;
  const left = [...rehearsals];
  const deck = new Deck(transport, seed);
  const results: FaultedRehearsal[] = [];
  const missed: Fault[] = [];
  const job = async () => {
    for (let next = left.shift(); next !== undefined && !stop.aborted; next = left.shift()) {
      const rehearsal = next;
      const hand = withMissed(deck.hand(rehearsal), missed);
      const result = await faultedRehearsal(rehearsal, hand, {
        ...options,
        say: (line) => {
          say(`${rehearsal}: ${line}`);
        },
      });
      results.push(result);
      const { acts, ledger, violations, durationMs } = result;
      missed.push(...acts.flatMap(({ faults }) => faults.filter((it) => it.outcome === "missed")));
      say(
        `${rehearsal}: ${counted(ledger.acknowledged, "write")}, ${counted(violations.length, "violation")}, ${duration(durationMs)}`,
      );
      for (const violation of violations) say(`${rehearsal}: ${violation}`);
    }
  };
  const ends = await Promise.allSettled(
    Array.from({ length: jobs }, () =>
      job().catch((error: unknown) => {
        // The others come to their end, but nothing new begins.
        left.splice(0);
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return results.sort((one, other) => one.rehearsal - other.rehearsal);
}

/** Gives each act of a hand one of those that were missed, if there is one for it, and takes that away. */
function withMissed(hand: readonly Dealt[], missed: Fault[]): readonly Dealt[] {
  return hand.map((dealt) => {
    const place = missed.findIndex(({ act }) => act === dealt.act);
    return place === -1
      ? dealt
      : { ...dealt, faults: [...dealt.faults, ...missed.splice(place, 1)] };
  });
}
