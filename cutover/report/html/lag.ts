import type { Lag } from "../../rehearsal/lag";
import { bytes, duration } from "../quantity";
import { type Axis, between, type Span } from "./axis";

/** The largest lag of so many equal parts of the axis is drawn: more cannot be told apart. */
const POINTS = 500;
const HEIGHT = 100;

/** How far replication was behind, as a row of a chart: acts are shaded, the highest point has its name. */
export function lagRow(lag: readonly Lag[], acts: readonly Span[], axis: Axis): string {
  const [first] = lag;
  if (first === undefined) return "";
  const peak = lag.reduce((most, it) => (it.bytes > most.bytes ? it : most), first);
  const highest = new Map<number, { readonly x: number; readonly bytes: number }>();
  for (const it of lag) {
    const x = axis.at(it.atMs);
    const part = Math.floor((x / 100) * POINTS);
    if (it.bytes >= (highest.get(part)?.bytes ?? 0)) highest.set(part, { x, bytes: it.bytes });
  }
  const y = (value: number) => HEIGHT - (value / Math.max(peak.bytes, 1)) * (HEIGHT - 12);
  const points = [...highest.values()]
    .map((it) => `${(it.x * 10).toFixed(1)},${y(it.bytes).toFixed(1)}`)
    .join(" ");
  const [left, right] = [axis.at(first.atMs) * 10, axis.at(lag.at(-1)?.atMs ?? 0) * 10];
  const x = axis.at(peak.atMs);
  const side = x > 60 ? "before" : "after";
  const name = `peak ${bytes(peak.bytes)} at ${duration(peak.atMs - (acts[0]?.fromMs ?? 0))}`;
  return `<div class="row lag"><div class="label">lag <small>WAL not confirmed</small></div><div class="track">
${acts.map((act) => `<i class="shade" style="${between(axis, act)}"></i>`).join("")}
<svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="lag over time, ${name}">
<polygon points="${left.toFixed(1)},${HEIGHT} ${points} ${right.toFixed(1)},${HEIGHT}"/>
<polyline points="${points}"/>
</svg>
<i class="peak" style="left:${x.toFixed(2)}%;top:${y(peak.bytes).toFixed(1)}%"></i>
<span class="note ${side}" style="left:${x.toFixed(2)}%;top:${y(peak.bytes).toFixed(1)}%">${name}</span>
</div></div>`;
}
