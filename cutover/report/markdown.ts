import type { Rehearsal } from "../rehearsal/rehearsal";
import { duration, headline, proofsOf, verdictOf } from "./summary";

/** The report as Markdown; the terminal shows the same. */
export function markdown(rehearsal: Rehearsal): string {
  const { acts, ledger, reads, environment, memoryBytes, startedAt } = rehearsal;
  return [
    "# Rehearsal of the move",
    "",
    `**${verdictOf(rehearsal)}** – ${headline(rehearsal)}.`,
    "",
    "## Acts",
    "",
    "| act | outcome | took | users could not write | could not read | failed reads |",
    "| --- | --- | ---: | ---: | ---: | ---: |",
    ...acts.map(
      (it) =>
        `| ${it.act} | ${it.outcome} | ${duration(it.durationMs)} | ${it.users === undefined ? "–" : duration(it.users.writeGap.lengthMs)} | ${it.users === undefined ? "–" : duration(it.users.readGap.lengthMs)} | ${it.users?.failedReads ?? "–"} |`,
    ),
    ...acts.flatMap(({ act, reason, outcome, warnings }) => [
      ...(outcome === "done" ? [] : ["", `${act}: ${reason}`]),
      ...warnings.map((warning) => `\n${act}: ${warning}`),
    ]),
    "",
    "Gaps are as the users' own clocks have them: the longest time between two answers, the pause between two requests included.",
    "",
    ...acts.flatMap((it) => [
      `### ${it.act}`,
      "",
      "| step | planned | took | in the window | evidence |",
      "| --- | ---: | ---: | --- | --- |",
      ...it.steps.map(
        (step) =>
          `| \`${step.id}\` ${step.title} | ${duration(step.plannedMs)} | ${step.outcome === "done" ? duration(step.durationMs) : step.outcome} | ${step.inWindow ? "yes" : ""} | ${evidence(step.evidence)} |`,
      ),
      "",
    ]),
    "## Verification",
    "",
    "| what holds | found |",
    "| --- | --- |",
    ...proofsOf(rehearsal).map(([what, found]) => `| ${what} | ${found} |`),
    "",
    "## Ledger",
    "",
    `${ledger.acknowledged} writes were acknowledged: ${ledger.lost.length} lost, ${ledger.duplicated.length} duplicated. ${ledger.unknown} were refused or broke off, of which ${ledger.unknownButThere} are there all the same. ${reads} reads were answered.`,
    ...[...ledger.lost, ...ledger.duplicated].slice(0, 20).map((it) => `* ${it}`),
    "",
    "## Where",
    "",
    ...Object.entries(environment).map(([name, value]) => `* ${name}: ${value}`),
    `* memory besides PostgreSQL: ${Math.round(memoryBytes / 1e6)} MB`,
    `* started: ${startedAt}`,
    "",
  ].join("\n");
}

export const evidence = (of: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(of)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
