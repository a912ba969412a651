import type { LedgerVerdict } from "../rehearsal/ledger";
import { count } from "./quantity";
import type { Report } from "./report";

/** How many writes are named; the JSON has all. */
const NAMED = 20;

/** What became of the writes of a rehearsal's users; nothing of a real move, which asks nobody. */
export function ledgerSentences({ ledger, reads }: Report): string[] {
  if (ledger === undefined) return [];
  const { acknowledged, lost, duplicated, unknown, unknownButThere } = ledger;
  return [
    `${count(acknowledged)} writes were acknowledged: ${lost.length} lost, ${duplicated.length} duplicated.`,
    `${count(unknown)} were refused or broke off, of which ${count(unknownButThere)} are there all the same.`,
    ...(reads === undefined ? [] : [`${count(reads)} reads were answered.`]),
  ];
}

/** Names of writes that are not as they were acknowledged: a few, and how many more. */
export function wrongWrites({ lost, duplicated }: LedgerVerdict): string[] {
  const all = [...lost.map((it) => `lost: ${it}`), ...duplicated.map((it) => `duplicated: ${it}`)];
  return all.length <= NAMED
    ? all
    : [...all.slice(0, NAMED), `and ${all.length - NAMED} more, which the JSON report names`];
}
