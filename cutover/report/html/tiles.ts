import { bytes, count, counted, duration, rate } from "../quantity";
import type { Report } from "../report";
import { figuresOf, outageMs, switchesOf } from "../switches";
import { throughputs } from "../throughput";
import { escaped } from "./markup";

/** The figures that one wants to know first. */
export function tiles(report: Report): string {
  const all = [writes(report), reads(report), ledger(report), copy(report)];
  return `<dl class="tiles">${all.filter((it) => it !== undefined).join("")}</dl>`;
}

function tile(what: string, value: string, more: string, tone?: "bad" | "notable"): string {
  const kind = tone === undefined ? "" : ` class="${tone}"`;
  return `<div${kind}><dt>${escaped(what)}</dt><dd><b>${escaped(value)}</b><small>${escaped(more)}</small></dd></div>`;
}

function writes(report: Report): string | undefined {
  const switches = switchesOf(report);
  const figures = figuresOf(switches.map(outageMs));
  if (figures === undefined) return undefined;
  const isMeasured = switches.some(({ act }) => act.users !== undefined);
  return tile(
    isMeasured ? "users could not write" : "writes were fenced",
    duration(figures.maximumMs),
    switches.length === 1
      ? "in the only switch"
      : `at most, of ${switches.length} switches; median ${duration(figures.medianMs)}`,
  );
}

function reads(report: Report): string | undefined {
  const users = switchesOf(report).flatMap(({ act }) =>
    act.users === undefined ? [] : [act.users],
  );
  if (users.length === 0) return undefined;
  const failed = users.reduce((sum, { failedReads }) => sum + failedReads, 0);
  return tile(
    "users could not read",
    duration(Math.max(...users.map(({ readGap }) => readGap.lengthMs))),
    `at most; ${failed === 0 ? "no read failed" : `${counted(failed, "read")} failed`}`,
    failed === 0 ? undefined : "notable",
  );
}

function ledger({ ledger: it }: Report): string | undefined {
  if (it === undefined) return undefined;
  const wrong = it.lost.length + it.duplicated.length;
  return tile(
    "writes lost or duplicated",
    count(wrong),
    `of ${count(it.acknowledged)} acknowledged`,
    wrong === 0 ? undefined : "bad",
  );
}

function copy(report: Report): string | undefined {
  const [first] = throughputs(report).filter(({ unit }) => unit === "bytes");
  if (first === undefined) return undefined;
  return tile(
    "copied",
    bytes(first.amount),
    `at ${rate(first.amount, first.unit, first.durationMs)}`,
  );
}
