import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { dayPlan } from "./dayPlan";
import { html } from "./html";
import { markdown } from "./markdown";
import type { Report } from "./report";

/** JSON leaves out what is undefined. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.optional().transform((value) => value);

const GAP = z.object({ fromMs: z.number(), lengthMs: z.number() });
const SPAN = z.object({ startedMs: z.number(), durationMs: z.number() });
const STEP = z.object({
  id: z.string(),
  title: z.string(),
  inWindow: z.boolean(),
  plannedMs: z.number(),
  startedMs: z.number(),
  durationMs: z.number(),
  outcome: z.enum(["done", "skipped", "failed", "undone", "interrupted"]),
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  error: z.string(),
  undo: optional(SPAN),
});
const PLANNED = z.object({
  id: z.string(),
  title: z.string(),
  estimateMs: z.number(),
  inWindow: z.boolean(),
});
const ACT = z.object({
  run: z.string(),
  act: z.string(),
  outcome: z.enum(["done", "undone", "needs-person", "paused", "interrupted"]),
  reason: z.string(),
  startedMs: z.number(),
  durationMs: z.number(),
  resumed: z.boolean(),
  steps: z.array(STEP),
  notRun: z.array(PLANNED),
  warnings: z.array(z.string()),
  flipped: z.boolean(),
  writeOutageMs: optional(z.number()),
  users: optional(
    z.object({
      writeGap: GAP,
      readGap: GAP,
      failedReads: z.number(),
      // Reports of before have none.
      readErrors: z.array(z.string()).default([]),
    }),
  ),
});
const REPORT: z.ZodType<Report> = z.object({
  startedAt: z.iso.datetime(),
  environment: z.record(z.string(), z.string()),
  acts: z.array(ACT),
  lag: z.array(z.object({ atMs: z.number(), bytes: z.number() })),
  ledger: optional(
    z.object({
      acknowledged: z.number(),
      lost: z.array(z.string()),
      duplicated: z.array(z.string()),
      unknown: z.number(),
      unknownButThere: z.number(),
    }),
  ),
  reads: optional(z.number()),
  source: optional(z.object({ bytes: z.number(), rows: z.number() })),
  memoryBytes: optional(z.number()),
});

/** A report as JSON. What is no part of the model is left out: whatever an object carries besides cannot get out. */
export const reportJson = (report: Report): string =>
  `${JSON.stringify(REPORT.parse(report), null, 2)}\n`;

/**
 * Writes a report as a page, as Markdown and as JSON.
 * @param before one to compare it with
 * @returns the files, as seen from the current folder
 */
export function writeReport(
  folder: string,
  name: string,
  report: Report,
  before?: Report,
): readonly string[] {
  const write = (ending: string, text: string) => written(folder, `${name}.${ending}`, text);
  return [
    write("html", html(report, before)),
    write("md", markdown(report)),
    write("json", reportJson(report)),
  ];
}

/**
 * Writes the plan of the day for a database of a size (dayPlan.ts).
 * @returns the file, as seen from the current folder
 * @throws Error if the report has nothing to scale from
 */
export const writeDayPlan = (folder: string, report: Report, gigabytes: number): string =>
  written(folder, "day-plan.md", dayPlan(report, gigabytes));

function written(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return relative(process.cwd(), path);
}

/**
 * Reads a report that was written as JSON.
 * @throws Error that names the file and what is wrong with it
 */
export function readReport(path: string): Report {
  const failed = (problem: string) =>
    new Error(
      `${path} is no report: ${problem}; npm run rehearse writes one to out/rehearsal.json`,
    );
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw failed(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw failed("it is no JSON");
  }
  const parsed = REPORT.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw failed(`${where === "" ? "" : `${where}: `}${issue?.message ?? "unknown problem"}`);
}
