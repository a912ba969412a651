import { type Fact, known } from "../../../../cutover/preflight/fact";
import type { Facts } from "../../../../cutover/preflight/facts/facts";
import type { Draft } from "../soundFacts";

/** A check, and a world that is sound but for what this check must find. */
export type BrokenCase = readonly [
  id: string,
  verdict: "warn" | "fail",
  breakIt: (facts: Draft<Facts>) => void,
  found: string,
  fix: string,
  transport?: Facts["transport"],
];

/** A fact that nobody knows. */
export const unknown = (reason: string): Fact<never> => ({ isKnown: false, reason });

/** A side whose PostgreSQL is of a version, such as `12.4`. */
export const withVersion =
  (side: "source" | "target", version: string): BrokenCase[2] =>
  (facts) => {
    const server = known(facts[side].server);
    server.version = version;
    server.major = Math.trunc(Number(version));
  };
