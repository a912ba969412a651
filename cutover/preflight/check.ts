import type { World } from "../ports";
import { UnknownFact } from "./fact";
import type { Facts } from "./facts/facts";

/** What a check says of a world. `fix` is a command, or a setting to change. */
export type Judgement =
  | { readonly verdict: "pass"; readonly found: string }
  | {
      /** `warn` lets the move go on, `fail` must not. */
      readonly verdict: "warn" | "fail";
      readonly found: string;
      readonly fix: string;
    };

/**
 * One thing that must be so before a move begins.
 * @typeParam Known what it is judged by: facts of any move, or also of where it runs
 */
export interface Check<Known = Facts> {
  /** Lower case with hyphens; the name in reports and the runbook. Never reused for something else. */
  readonly id: string;
  /** What must be so. */
  readonly title: string;
  /** What breaks otherwise, in one sentence. */
  readonly why: string;
  /** The transport that alone needs it. @default both need it */
  readonly transport?: World["transport"]["kind"];
  /**
   * Pure, so that each check can be shown a world that it must refuse.
   * @throws UnknownFact if something that it needs is not known
   */
  readonly judge: (facts: Known) => Judgement;
}

export type CheckResult = { readonly id: string; readonly title: string } & (
  | Judgement
  | {
      /** It could not be judged, which is never a pass. */
      readonly verdict: "unknown";
      readonly found: string;
      readonly fix: string;
    }
);

/** The results of all checks that the transport needs, in their order. */
export const judgedAll = <Known>(
  checks: readonly Check<Known>[],
  facts: Known,
  transport: World["transport"]["kind"],
): CheckResult[] =>
  checks.filter((it) => (it.transport ?? transport) === transport).map((it) => judged(it, facts));

export const pass = (found: string): Judgement => ({ verdict: "pass", found });
export const warn = (found: string, fix: string): Judgement => ({ verdict: "warn", found, fix });
export const fail = (found: string, fix: string): Judgement => ({ verdict: "fail", found, fix });

function judged<Known>({ id, title, judge }: Check<Known>, facts: Known): CheckResult {
  try {
    return { id, title, ...judge(facts) };
  } catch (error) {
    if (!(error instanceof UnknownFact)) throw error;
    const fix = "remove what this error names, and run preflight again";
    return { id, title, verdict: "unknown", found: error.message, fix };
  }
}
