import type { StepRecord } from "../acts";
import { duration } from "../quantity";
import { END, type Switch } from "../switches";
import { outcomeOf } from "../tables";
import { Axis, between, type Span, ticks } from "./axis";
import { escaped } from "./markup";
import { tickRow } from "./overview";

/** What is shown before the fence and after the flip, as a part of the window. */
const MARGIN = 0.15;
/** Undoing that takes less of the axis, in percent, has its time in its title only. */
const SHORT = 2;

/**
 * A look into a window: what users had, what the engine measured, and every step of that time. What users could not
 * write in is shaded through all rows; it begins and ends where they say.
 */
export function windowChart(it: Switch): string {
  const { act, fromMs, toMs } = it;
  const gap = gapOf(it);
  const [earliest, latest] = [
    Math.min(fromMs, gap?.fromMs ?? fromMs),
    Math.max(toMs, gap?.toMs ?? toMs),
  ];
  const margin = Math.max(1, (latest - earliest) * MARGIN);
  const seen: Span = { fromMs: earliest - margin, toMs: latest + margin };
  const axis = Axis.of(seen);
  const marks = ticks(seen, fromMs, 6);
  const lines = marks
    .map((ms) => `<i class="line" style="left:${axis.at(fromMs + ms).toFixed(2)}%"></i>`)
    .join("");
  const shade = gap === undefined ? "" : `<i class="gap" style="${between(axis, gap)}"></i>`;
  return `<figure class="chart window-chart">
<div class="plot">
<div class="behind">${lines}${shade}</div>
${gap === undefined ? "" : row("users cannot write", bar(axis, gap, "users", duration(gap.toMs - gap.fromMs)), "strong")}
${row(END[it.end], bar(axis, it, "engine", duration(toMs - fromMs)), "strong")}
${act.steps.flatMap((step) => stepRows(step, axis, seen)).join("\n")}
${tickRow(marks.map((ms) => ({ at: axis.at(fromMs + ms), text: ms === 0 ? "0" : `${ms} ms` })))}
</div>
<figcaption>${escaped(sentences(it, gap).join(" "))}</figcaption>
</figure>`;
}

/** What users had, if it was in this window: the longest time without a write may also have been another. */
function gapOf({ act, fromMs, toMs }: Switch): Span | undefined {
  if (act.users === undefined) return undefined;
  const { fromMs: from, lengthMs } = act.users.writeGap;
  return from < toMs && from + lengthMs > fromMs
    ? { fromMs: from, toMs: from + lengthMs }
    : undefined;
}

function stepRows(step: StepRecord, axis: Axis, seen: Span): string[] {
  const overlaps = (span: Span) => span.fromMs < seen.toMs && span.toMs > seen.fromMs;
  const { id, title, startedMs, durationMs, undo, error } = step;
  const span = { fromMs: startedMs, toMs: startedMs + durationMs };
  const bars: string[] = [];
  if (overlaps(span)) {
    const isBad = error !== "" || step.outcome === "interrupted";
    const kind = isBad ? "bad" : step.inWindow ? "inside" : "outside";
    const text = error !== "" ? "failed" : isBad ? step.outcome : shownLength(span, seen);
    bars.push(bar(axis, span, kind, text, `${title}: ${outcomeOf(step)}`));
  }
  const undone = undo && { fromMs: undo.startedMs, toMs: undo.startedMs + undo.durationMs };
  if (undone !== undefined && overlaps(undone)) {
    const text = duration(undone.toMs - undone.fromMs);
    // What is short to undo comes right behind the step, where its text would stand on the step's.
    const isShort = axis.at(undone.toMs) - axis.at(undone.fromMs) < SHORT;
    bars.push(bar(axis, undone, "undo", isShort ? "" : text, `${title}: undone in ${text}`));
  }
  return bars.length === 0 ? [] : [row(id, bars.join(""), step.inWindow ? "" : "quiet")];
}

const row = (label: string, bars: string, kind: string): string =>
  `<div class="row ${kind}"><div class="label">${escaped(label)}</div><div class="track">${bars}</div></div>`;

/** A bar, and its length behind it. */
function bar(axis: Axis, span: Span, kind: string, text: string, title = text): string {
  const right = axis.at(span.toMs);
  return `<i class="bar ${kind}" style="${between(axis, span)}" title="${escaped(title)}"></i><span class="note after" style="left:${right.toFixed(2)}%">${escaped(text)}</span>`;
}

/** The length of a step of which the chart shows a part only, with an arrow to where the rest is. */
const shownLength = (span: Span, seen: Span): string =>
  `${span.fromMs < seen.fromMs ? "← " : ""}${duration(span.toMs - span.fromMs)}${span.toMs > seen.toMs ? " →" : ""}`;

/** Where the time of the window went. */
function sentences({ act, fromMs, toMs, end }: Switch, gap: Span | undefined): string[] {
  const inSteps = act.steps
    .filter(({ inWindow }) => inWindow)
    .reduce((sum, { durationMs, undo }) => sum + durationMs + (undo?.durationMs ?? 0), 0);
  const pauses = Math.max(0, toMs - fromMs - inSteps);
  const own = `${duration(toMs - fromMs)} by the journal: ${duration(inSteps)} in steps, ${duration(pauses)} between them, in which the journal itself is written.`;
  if (act.users === undefined) return [own];
  if (gap === undefined)
    return [
      own,
      `The longest time without a write, ${duration(act.users.writeGap.lengthMs)}, was not in this window.`,
    ];
  return [
    own,
    `Users had their last answer to a write ${relative(gap.fromMs - fromMs, "the fence began")}, and the next ${relative(gap.toMs - toMs, end === "lifted" ? "the fence was lifted" : "the flip was done")}.`,
  ];
}

const relative = (ms: number, what: string): string =>
  `${duration(Math.abs(ms))} ${ms < 0 ? "before" : "after"} ${what}`;
