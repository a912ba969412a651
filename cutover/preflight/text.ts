import type { CheckResult } from "./check";
import type { PreflightReport } from "./preflight";

/** A check as a person reads it: what was found, and below it what to do. */
export const checkText = (result: CheckResult): string =>
  `  ${result.verdict.padEnd(7)}  ${result.id}: ${result.found}${"fix" in result ? `\n           → ${result.fix}` : ""}`;

/** All checks, those that need somebody last, where the eye is when it is over. */
export function preflightText({ outcome, results }: PreflightReport): string {
  const of = (...verdicts: CheckResult["verdict"][]) =>
    results.filter(({ verdict }) => verdicts.includes(verdict));
  const counts = (["pass", "warn", "fail", "unknown"] as const).map(
    (verdict) => `${of(verdict).length} ${verdict}`,
  );
  return [
    ...of("pass").map(checkText),
    ...of("warn").map(checkText),
    ...of("fail", "unknown").map(checkText),
    "",
    `${outcome.replaceAll("-", " ")}: ${results.length} checks, ${counts.join(", ")}`,
  ].join("\n");
}
