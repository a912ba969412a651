import { createHash } from "node:crypto";
import type { Transport } from "../ports";
import type { Act } from "../steps/acts";
import { type Pair, pairName, pairsOf } from "./kind";

/** Rehearsals in which every fault that can happen happens once. */
export const ROUND = 100;

/** A fault that is dealt to an act of a rehearsal. */
export interface Fault extends Pair {
  /** From 0 to 1: what is left to chance when it strikes, the same for the same seed and rehearsal. */
  readonly draw: number;
}

/** An act of a rehearsal, with what goes wrong in it. */
export interface Dealt {
  readonly act: Act;
  readonly faults: readonly Fault[];
}

const TO_AND_FRO = [
  "prepare",
  "replicate",
  "verify",
  "cutover",
  "rollback",
  "cutover",
  "rollback",
] as const satisfies readonly Act[];

/** Acts of a rehearsal: every other one ends on the target, the others where they began. */
export const actsOfRehearsal = (rehearsal: number): readonly Act[] =>
  rehearsal % 2 === 1 ? [...TO_AND_FRO, "cutover", "finish"] : [...TO_AND_FRO, "abort"];

/** A number from 0 to 1 that belongs to a text. */
const drawn = (text: string): number =>
  createHash("sha256").update(text).digest().readUIntBE(0, 6) / 2 ** 48;

const countOf = (act: Act, rehearsals: number): number => {
  const inOne = (rehearsal: number) => actsOfRehearsal(rehearsal).filter((it) => it === act).length;
  return Math.ceil(rehearsals / 2) * inOne(1) + Math.floor(rehearsals / 2) * inOne(2);
};

/**
 * All faults that can happen, shuffled by a seed and dealt evenly to the acts of ROUND rehearsals, so that each is dealt
 * once; the next ones begin anew with another order.
 */
export class Deck {
  private readonly pairs: readonly Pair[];
  /** Round and act → its faults, in the order in which they are dealt. */
  private readonly orders = new Map<string, readonly Pair[]>();

  constructor(
    transport: Transport["kind"],
    private readonly seed: number,
  ) {
    this.pairs = pairsOf(transport);
  }

  /** What goes wrong in a rehearsal. @param rehearsal from 1 */
  hand(rehearsal: number): readonly Dealt[] {
    const before = (rehearsal - 1) % ROUND;
    const turns = new Map<Act, number>();
    return actsOfRehearsal(rehearsal).map((act) => {
      const order = this.order(act, Math.floor((rehearsal - 1) / ROUND));
      const turn = turns.get(act) ?? 0;
      turns.set(act, turn + 1);
      const place = countOf(act, before) + turn;
      const perAct = order.length / countOf(act, ROUND);
      const faults = order.slice(Math.floor(place * perAct), Math.floor((place + 1) * perAct));
      return {
        act,
        faults: faults.map((pair) => ({
          ...pair,
          draw: drawn(`${this.seed}:${rehearsal}:${pairName(pair)}`),
        })),
      };
    });
  }

  private order(act: Act, round: number): readonly Pair[] {
    const key = `${round}:${act}`;
    const known = this.orders.get(key);
    if (known !== undefined) return known;
    const order = shuffled(
      this.pairs.filter((it) => it.act === act),
      `${this.seed}:${round}`,
    );
    this.orders.set(key, order);
    return order;
  }
}

const shuffled = (pairs: readonly Pair[], seed: string): Pair[] =>
  pairs
    .map((pair) => ({ pair, place: drawn(`${seed}:${pairName(pair)}`) }))
    .sort((one, other) => one.place - other.place)
    .map(({ pair }) => pair);
