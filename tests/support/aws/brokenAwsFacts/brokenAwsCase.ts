import type { AwsFacts } from "../../../../cutover/adapters/aws/preflight/facts/facts";
import type { Draft } from "../../cutover/soundFacts";

/** A check, and a world on AWS that is sound but for what this check must find. */
export type BrokenAwsCase = readonly [
  id: string,
  verdict: "warn" | "fail",
  breakIt: (facts: Draft<AwsFacts>) => void,
  found: string,
  fix: string,
];
