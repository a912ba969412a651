import type { LocalWorld } from "../adapters/local/world";
import { systemClock } from "../engine/clock";
import { limited } from "../engine/limited";
import type { Evidence } from "../engine/step";
import type { SideName } from "../ports";
import type { LedgerEntry } from "../rehearsal/users";
import type { Fault } from "./deck";
import type { MoveProcess, MoveProgram } from "./moveProcess";
import type { Answer } from "./stage";
import type { Ways } from "./ways";

/** What a fault has at hand when it strikes. */
export interface Scene {
  readonly local: LocalWorld;
  /** How the move reaches both databases. */
  readonly ways: Ways;
  readonly program: MoveProgram;
  /** The process at that moment; it waits until it is answered. */
  readonly move: MoveProcess;
  /** Folder of the move's settings, journal and lock. */
  readonly state: string;
  readonly fault: Fault;
  /** Where the load balancer sends users at that moment. */
  readonly usersOn: SideName;
  /** Lets the process go on. It does so by itself when the strike is over. */
  readonly goOn: (answer?: Answer) => void;
  /** Puts a write of the fault's own among those that must not be lost. */
  readonly wrote: (entry: LedgerEntry) => void;
}

/** What a fault was, once the process that it met has ended and whatever it broke is whole again. */
export interface Felt {
  /** Why it had no effect: there was nothing that it could strike. @default it had */
  readonly missed?: string;
  /** What must never be: a second operator who is not refused, for one. @default nothing */
  readonly violation?: string;
  /** What shows that it struck. */
  readonly evidence: Evidence;
  /** How long users could not write by the fault itself, whatever the move does, at most; milliseconds. */
  readonly outageMs: number;
}

/**
 * Lets a fault happen. The process waits meanwhile, unless it is let go on or is killed.
 * @returns what ends the fault; called once the process has ended
 */
export type Strike = (scene: Scene) => Promise<() => Promise<Felt>>;

/** A fault that is over when it has happened. */
export const over =
  (evidence: Evidence, more: Partial<Felt> = {}): (() => Promise<Felt>) =>
  () =>
    Promise.resolve({ evidence, outageMs: 0, ...more });

export const pause = (milliseconds: number): Promise<void> => systemClock.sleep(milliseconds);

/** @returns whether it came true in time */
export async function becomes(
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) return false;
    await pause(2);
  }
  return true;
}

/** @throws Error when the time is over; what is waited for is left behind then */
export const within = <T>(limitMs: number, work: Promise<T>): Promise<T> =>
  limited(() => work, {
    clock: systemClock,
    limitMs,
    late: new Error(`it took longer than ${limitMs} ms`),
    stops: [],
  });
