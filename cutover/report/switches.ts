import type { StepRecord } from "./acts";
import { median, percentile } from "./quantity";
import { actNames, type Report, type ReportedAct } from "./report";

/** An act that closed the side users were on: it turned them to the other one, or was undone. */
export interface Switch {
  /** Such as `cutover`, or `cutover 2` of several. */
  readonly name: string;
  readonly act: ReportedAct;
  /** When the fence began, in milliseconds since the epoch. */
  readonly fromMs: number;
  /** Until `end`; of an open one as far as is known. */
  readonly toMs: number;
  /** How it ended: users are on the other side, or write where they were; `open`: nobody can write. */
  readonly end: "flipped" | "lifted" | "open";
}

/** Figures of several outages, in milliseconds. */
export interface OutageFigures {
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maximumMs: number;
}

/** Every act in whose course users could not write, in order. */
export function switchesOf({ acts }: Report): Switch[] {
  const names = actNames(acts);
  return acts.flatMap((act, index) => {
    const inWindow = act.steps.filter((step) => step.inWindow);
    const [first] = inWindow;
    if (first === undefined) return [];
    const end = act.flipped ? "flipped" : first.outcome === "undone" ? "lifted" : "open";
    // It found that a run before had turned users over.
    if (act.resumed && end === "flipped" && act.writeOutageMs === undefined) return [];
    const closedMs = Math.max(...inWindow.map(endOf));
    // Of an undone one the engine counts until everything is undone; users can write once the fence is lifted.
    const engineMs = end === "flipped" ? act.writeOutageMs : undefined;
    // What an interrupted run opened, this one only closed: the engine alone knows since when.
    const fromMs = act.resumed && engineMs !== undefined ? closedMs - engineMs : first.startedMs;
    const toMs = engineMs === undefined ? closedMs : fromMs + engineMs;
    return [{ name: names[index] ?? act.act, act, fromMs, toMs, end }];
  });
}

const endOf = ({ startedMs, durationMs, undo }: StepRecord) =>
  undo === undefined ? startedMs + durationMs : undo.startedMs + undo.durationMs;

/** How long users could not write: as they had it, or as the engine has it if nobody asked them. */
export const outageMs = ({ act, fromMs, toMs }: Switch): number =>
  act.users?.writeGap.lengthMs ?? toMs - fromMs;

/** Undefined if there is nothing to tell. */
export function figuresOf(outagesMs: readonly number[]): OutageFigures | undefined {
  if (outagesMs.length === 0) return undefined;
  return {
    medianMs: median(outagesMs),
    p95Ms: percentile(outagesMs, 0.95),
    maximumMs: Math.max(...outagesMs),
  };
}

/** Where the outage of a switch ended, in words. */
export const END: Readonly<Record<Switch["end"], string>> = {
  flipped: "fence to flip",
  lifted: "fence until it was lifted",
  open: "fence, not lifted yet",
};
