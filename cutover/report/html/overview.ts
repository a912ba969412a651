import { duration } from "../quantity";
import { actNames, type Report } from "../report";
import { switchesOf } from "../switches";
import { Axis, between, type Span, ticks } from "./axis";
import { lagRow } from "./lag";
import { escaped } from "./markup";

/** With more bars in a row their times would stand on each other. */
const LABELLED = 3;

/** Texts below the axis that are closer than that, in percent, would run into each other. */
const APART = 15;

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
      const span = { fromMs: act.startedMs, toMs: act.startedMs + act.durationMs };
      const isDone = act.outcome === "done";
      const title = `${names[index] ?? name}: ${act.outcome}, ${duration(act.durationMs)}`;
      const bar = `<i class="bar ${isDone ? "act" : "bad"}" style="${between(axis, span)}" title="${escaped(title)}"></i>`;
      if (own.length > LABELLED) return bar;
      // An outcome is too long for the margin on the right.
      const [text, side, at] = isDone
        ? [duration(act.durationMs), "after", axis.at(span.toMs)]
        : [`${act.outcome}, ${duration(act.durationMs)}`, "before", axis.at(span.fromMs)];
      return `${bar}<span class="note ${side}" style="left:${at.toFixed(2)}%">${text}</span>`;
    });
    const times = own.length > 1 ? ` <small>× ${own.length}</small>` : "";
    return `<div class="row"><div class="label">${escaped(name)}${times}</div><div class="track">${bars.join("")}</div></div>`;
  });
  const flips = switchesOf(report).map(
    (it) =>
      `<i class="window" style="${between(axis, it)}" title="${escaped(`${it.name}: fence to flip`)}"></i>`,
  );
  const folds = axis.folds.map(({ at }) => `<i class="fold" style="left:${at.toFixed(2)}%"></i>`);
  return `<figure class="chart overview">
<div class="plot">
<div class="behind">${flips.join("")}${folds.join("")}</div>
${rows.join("\n")}
${lagRow(lag, spans, axis)}
${timeRow(axis, { fromMs: zeroMs, toMs: last.toMs }, zeroMs)}
</div>
<figcaption>Time runs from left to right, from the beginning of ${escaped(names[0] ?? "")}. The lines through all rows are the windows of the switches, from fence to flip.${folds.length > 0 ? " Dashed: a pause that is not to scale." : ""}${lag.length > 0 ? " The lag is of whichever side users do not write to." : ""}</figcaption>
</figure>`;
}

/** Round times; where pauses were folded, how long they were instead. */
function timeRow(axis: Axis, span: Span, zeroMs: number): string {
  if (axis.folds.length === 0)
    return tickRow(
      ticks(span, zeroMs, 5).map((ms) => ({ at: axis.at(zeroMs + ms), text: tickText(ms) })),
    );
  const labels: { readonly at: number; readonly text: string }[] = [];
  for (const { at, lengthMs } of axis.folds) {
    const last = labels.at(-1);
    if (last === undefined || at - last.at >= APART)
      labels.push({ at, text: `${pauseText(lengthMs)} later` });
  }
  return tickRow(labels);
}

/** "0", "5 s" */
const tickText = (ms: number) => (ms === 0 ? "0" : duration(ms).replace(/\.0 s$/, " s"));

const DAY_MS = 86_400_000;
/** "3 days", "7 h", "40 min": the largest unit will do. */
const pauseText = (ms: number) =>
  ms >= 2 * DAY_MS
    ? `${Math.round(ms / DAY_MS)} days`
    : duration(ms).replace(/^(\S+ \S+).*$/, "$1");

/** The row of an axis: texts in the middle of their places. */
export const tickRow = (
  labels: readonly { readonly at: number; readonly text: string }[],
): string =>
  `<div class="row ticks"><div class="label"></div><div class="track">${labels
    .map(({ at, text }) => `<span style="left:${at.toFixed(2)}%">${text}</span>`)
    .join("")}</div></div>`;
