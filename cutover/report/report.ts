import type { Entry } from "../engine/journal";
import { Refusal } from "../engine/refusal";
import type { Lag } from "../rehearsal/lag";
import type { LedgerVerdict } from "../rehearsal/ledger";
import type { Experience } from "../rehearsal/users";
import { type ActRecord, actsOf } from "./acts";

/** An act, and what users had while it ran. */
export interface ReportedAct extends ActRecord {
  /** Undefined where nobody measured: in a real move, and after the last user of a rehearsal has gone. */
  readonly users: Experience | undefined;
}

/**
 * What is told of a rehearsal (`Rehearsal` is one), or of a real move, of which the journal alone is known. It has no
 * place for a secret: events of the journal, measured figures, and names of what it ran on.
 */
export interface Report {
  /** ISO 8601. */
  readonly startedAt: string;
  /** What it ran on, by name. */
  readonly environment: Readonly<Record<string, string>>;
  readonly acts: readonly ReportedAct[];
  /** Empty if nobody measured. */
  readonly lag: readonly Lag[];
  /** Undefined for a real move, like everything below. */
  readonly ledger: LedgerVerdict | undefined;
  /** Reads that were answered. */
  readonly reads: number | undefined;
  /** What was moved. */
  readonly source: { readonly bytes: number; readonly rows: number } | undefined;
  /** Bytes of memory that everything but PostgreSQL held in the end. */
  readonly memoryBytes: number | undefined;
}

/**
 * The report of a real move.
 * @throws Refusal if nothing has happened yet
 */
export function reportOf(
  entries: readonly Entry[],
  environment: Readonly<Record<string, string>>,
): Report {
  const acts = actsOf(entries);
  const [first] = acts;
  if (first === undefined)
    throw new Refusal("nothing has happened yet; begin with: npm run move -- preflight");
  return {
    startedAt: new Date(first.startedMs).toISOString(),
    environment,
    acts: acts.map((act) => ({ ...act, users: undefined })),
    lag: [],
    ledger: undefined,
    reads: undefined,
    source: undefined,
    memoryBytes: undefined,
  };
}

/** Names of acts in their order: those that occur more than once are numbered. */
export function actNames(acts: readonly ActRecord[]): string[] {
  const all = new Map<string, number>();
  for (const { act } of acts) all.set(act, (all.get(act) ?? 0) + 1);
  const seen = new Map<string, number>();
  return acts.map(({ act }) => {
    const number = (seen.get(act) ?? 0) + 1;
    seen.set(act, number);
    return all.get(act) === 1 ? act : `${act} ${number}`;
  });
}

/** How many acts are told step by step; of many rehearsed moves the last are enough. */
const DETAILED = 24;

/** The last acts, and all that did not end as they should. */
export const detailedActs = ({ acts }: Report): ReadonlySet<ReportedAct> =>
  new Set(acts.filter((it, index) => it.outcome !== "done" || index >= acts.length - DETAILED));

/** Users take part in a rehearsal only. */
export const titleOf = ({ ledger }: Report): string =>
  ledger === undefined ? "The move" : "Rehearsal of the move";
