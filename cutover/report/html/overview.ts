import { duration } from "../quantity";
import { actNames, type Report } from "../report";
import { switchesOf } from "../switches";
import { Axis, type Span, ticks } from "./axis";
import { lagRow } from "./lag";
import { escaped, placed } from "./markup";

/** With more bars in a row their times would stand on each other. */
const LABELLED = 3;

/** All acts along the time, a row for each name, the switches marked through all of them; below it the lag. */
export function overview(report: Report): string {
  const { acts, lag } = report;
  const spans = acts.map(({ startedMs, durationMs }) => ({
    fromMs: startedMs,
    toMs: startedMs + durationMs,
  }));
  const [first] = spans;
  const last = spans.at(-1);
  if (first === undefined || last === undefined) return "";
  const axis = Axis.ofBusy(spans);
  const zeroMs = first.fromMs;
  const names = actNames(acts);
  const rows = [...new Set(acts.map(({ act }) => act))].map((name) => {
    const own = acts.flatMap((act, index) => (act.act === name ? [{ act, index }] : []));
    const bars = own.map(({ act, index }) => {
      const [left, right] = [axis.at(act.startedMs), axis.at(act.startedMs + act.durationMs)];
      const title = `${names[index] ?? name}: ${act.outcome}, ${duration(act.durationMs)}`;
      const bar = `<i class="bar ${act.outcome === "done" ? "act" : "bad"}" style="${placed(left, right - left)}" title="${escaped(title)}"></i>`;
      return own.length > LABELLED
        ? bar
        : `${bar}<span class="note after" style="left:${right.toFixed(2)}%">${act.outcome === "done" ? "" : `${act.outcome}, `}${duration(act.durationMs)}</span>`;
    });
    const times = own.length > 1 ? ` <small>× ${own.length}</small>` : "";
    return `<div class="row"><div class="label">${escaped(name)}${times}</div><div class="track">${bars.join("")}</div></div>`;
  });
  const flips = switchesOf(report).map(
    ({ name, fromMs, toMs }) =>
      `<i class="window" style="${placed(axis.at(fromMs), axis.at(toMs) - axis.at(fromMs))}" title="${escaped(`${name}: fence to flip`)}"></i>`,
  );
  return `<figure class="chart overview">
<div class="plot">
<div class="behind">${flips.join("")}</div>
${rows.join("\n")}
${lagRow(lag, axis, zeroMs)}
${timeRow(axis, { fromMs: zeroMs, toMs: last.toMs }, zeroMs)}
</div>
<figcaption>Time runs from left to right, from the beginning of ${escaped(names[0] ?? "")}. The lines through all rows are the windows of the switches, from fence to flip${lag.length > 0 ? "; the lag is of whichever side users do not write to" : ""}.</figcaption>
</figure>`;
}

/** Round times; where days were folded, how long they were instead. */
function timeRow(axis: Axis, span: Span, zeroMs: number): string {
  const labels =
    axis.folds.length === 0
      ? ticks(span, zeroMs, 5).map((ms) => ({ at: axis.at(zeroMs + ms), text: duration(ms) }))
      : axis.folds.map(({ at, lengthMs }) => ({ at, text: `${duration(lengthMs)} later` }));
  return tickRow(labels);
}

/** The row of an axis: texts in the middle of their places. */
export const tickRow = (
  labels: readonly { readonly at: number; readonly text: string }[],
): string =>
  `<div class="row ticks"><div class="label"></div><div class="track">${labels
    .map(({ at, text }) => `<span style="left:${at.toFixed(2)}%">${text}</span>`)
    .join("")}</div></div>`;
