import type { CheckResult } from "./check";
import type { PreflightReport } from "./preflight";

/**
 * Checks as a person reads them: what was found, and below it what to do. A server that does not answer leaves many
 * unknown for one reason, which is told once.
 */
export function checkTexts(results: readonly CheckResult[]): string[] {
  const first = new Map<string, string>();
  return results.map((result) => {
    const { id, verdict, found } = result;
    const told = verdict === "unknown" ? first.get(found) : undefined;
    if (!first.has(found)) first.set(found, id);
    const text = told !== undefined ? `as ${told}` : found;
    const fix = told === undefined && "fix" in result ? `\n           → ${result.fix}` : "";
    return `  ${verdict.padEnd(7)}  ${id}: ${text}${fix}`;
  });
}

/** All checks, those that need somebody last, where the eye is when it is over. */
export function preflightText({ outcome, results }: PreflightReport): string {
  const of = (...verdicts: CheckResult["verdict"][]) =>
    results.filter(({ verdict }) => verdicts.includes(verdict));
  const counts = (["pass", "warn", "fail", "unknown"] as const).map(
    (verdict) => `${of(verdict).length} ${verdict}`,
  );
  return [
    ...checkTexts(of("pass")),
    ...checkTexts(of("warn")),
    ...checkTexts(of("fail", "unknown")),
    "",
    `${outcome.replaceAll("-", " ")}: ${results.length} checks, ${counts.join(", ")}`,
  ].join("\n");
}
