import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { html } from "../../../cutover/report/html";
import { Axis, ticks } from "../../../cutover/report/html/axis";
import { type Report, reportOf } from "../../../cutover/report/report";
import {
  cutover,
  MOVED,
  rehearsed,
  replicate,
  run,
  START_MS,
  SWITCH,
} from "../../support/cutover/reports";

const entries = [...replicate("a", START_MS), ...cutover("b", START_MS + 5000)];
const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0;

describe("the page of a report", () => {
  const page = html(rehearsed(entries), rehearsed(entries));

  it("needs nothing of the network, and forbids itself to ask", () => {
    assert.match(
      page,
      /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/,
    );
    assert.doesNotMatch(
      page,
      /https?:|\/\/[a-z]|url\(|@import|@font-face|<script|<link|<img| src=/i,
    );
  });

  it("opens no element that it does not close", () => {
    for (const tag of ["section", "details", "figure", "table", "div", "svg", "tr", "td", "dl"])
      assert.equal(
        count(page, new RegExp(`<${tag}[ >]`, "g")),
        count(page, new RegExp(`</${tag}>`, "g")),
        tag,
      );
  });

  it("shows hostile text as text, wherever it comes from", () => {
    const evil = `<script>alert("1")</script>'&`;
    const base = rehearsed(
      [
        ...run(evil, evil, START_MS, [{ id: evil, ms: 5, evidence: { [evil]: evil } }], {
          outcome: "done",
          warning: evil,
        }),
        ...run("f", "cutover", START_MS + 500, [{ id: evil, ms: 5, inWindow: true, error: evil }], {
          outcome: "undone",
          reason: evil,
          unreached: [{ id: `${evil}2`, ms: 1 }],
        }),
      ],
      {
        environment: { [evil]: evil },
        ledger: {
          acknowledged: 1,
          lost: [evil],
          duplicated: [evil],
          unknown: 0,
          unknownButThere: 0,
        },
      },
    );
    const text = html(base, base);
    assert.doesNotMatch(text, /<script/i);
    assert.equal(
      text.includes("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;"),
      true,
    );
    assert.equal(text.includes('alert("1")'), false);
  });

  it("shows nothing that is no part of the model", () => {
    const report = rehearsed(entries);
    const careless = {
      ...report,
      secretKey: "hunter2",
      acts: report.acts.map((act) => ({ ...act, secretKey: "hunter2" })),
    } as Report;
    assert.equal(html(careless), html(report));
  });

  it("draws the window to scale: users' band where users say it was", () => {
    // The fence begins at 0, users stop 5 ms later and for 80 ms; on each side 15 % of the 85 ms are seen.
    const [, left = "", width = ""] =
      /<i class="gap" style="left:([\d.]+)%;width:([\d.]+)%"/.exec(page) ?? [];
    const seenMs = 85 * 1.3;
    assert.equal(Number(left), Number((((5 + 12.75) / seenMs) * 100).toFixed(2)));
    assert.equal(Number(width), Number(((80 / seenMs) * 100).toFixed(2)));
    assert.match(page, /users cannot write<\/div>.*?<span class="note after"[^>]*>80 ms<\/span>/);
    assert.match(page, /fence to flip<\/div>.*?<span class="note after"[^>]*>60 ms<\/span>/);
    assert.match(
      page,
      /60 ms by the journal: 60 ms in steps, 0 ms between them, in which the journal itself is written\. Users had their last answer to a write 5 ms after the fence began, and the next 25 ms after the flip was done\./,
    );
  });

  it("says of a step that it shows a part of where the rest of it is", () => {
    const steps = [
      { id: "before", ms: 500 },
      { id: "source-fenced", ms: 10, inWindow: true },
      { id: "traffic-to-target", ms: 10, inWindow: true },
      { id: "after", ms: 700 },
    ];
    const text = html(reportOf(run("b", "cutover", START_MS, steps), {}));
    const length = (step: string) =>
      new RegExp(`<div class="label">${step}</div>.*?<span [^>]*>([^<]*)</span>`).exec(text)?.[1];
    assert.deepEqual(["before", "source-fenced", "traffic-to-target", "after"].map(length), [
      "← 500 ms",
      "10 ms",
      "10 ms",
      "700 ms →",
    ]);
  });

  it("keeps an option of a command in one piece", () => {
    const text = html(rehearsed(MOVED));
    assert.match(text, /: rehearse with <code>--size 2000<\/code> before you plan by this\.<\/li>/);
  });

  it("draws no band for a gap that was elsewhere, and says so", () => {
    const report = rehearsed(entries);
    const acts = report.acts.map((act) => ({
      ...act,
      users: { ...act.users!, writeGap: { fromMs: START_MS, lengthMs: 90 } },
    }));
    const text = html({ ...report, acts });
    assert.equal(text.includes('class="gap"'), false);
    assert.match(text, /The longest time without a write, 90 ms, was not in this window\./);
  });

  it("draws the lag on the axis of the acts, and names its peak", () => {
    assert.match(page, /aria-label="lag over time, peak 620 kB at 1\.0 s"/);
    assert.equal(count(page, /class="shade"/g), 2);
    assert.equal(html(reportOf(entries, {})).includes("<svg"), false);
  });

  it("makes a step that failed stand out from those undone because of it", () => {
    const steps = SWITCH.slice(0, 3).map((step) =>
      step.id === "difference-compared" ? { ...step, error: "rows differ" } : step,
    );
    const text = html(reportOf(run("f", "cutover", START_MS, steps, { outcome: "undone" }), {}));
    assert.equal(count(text, /<tr class="bad"><td>difference-compared \(window\)<\/td>/g), 1);
    assert.equal(count(text, /<tr class="notable"><td>source-fenced \(window\)<\/td>/g), 1);
    assert.match(text, /fence until it was lifted/);
    assert.match(text, /<details class="steps" open><summary>cutover/);
    assert.match(text, /<p>No switch has proven the side that users are on\.<\/p>/);
  });

  it("stays readable with many moves: few windows open, older steps left to the JSON", () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      cutover(`b-${index}`, START_MS + index * 20_000, index === 30 ? 3 : 1),
    ).flat();
    const text = html(reportOf(many, {}));
    assert.equal(count(text, /<figure class="chart window-chart">/g), 24);
    assert.equal(count(text, /<details open>/g), 2);
    assert.match(text, /<details open><summary>cutover 31 <small>the slowest, 180 ms<\/small>/);
    assert.match(text, /<details open><summary>cutover 40 <small>60 ms<\/small>/);
    assert.match(text, /<details><summary>40 acts<\/summary>/);
    assert.match(text, /Steps of 16 earlier acts are in the JSON report\./);
  });
});

describe("an axis", () => {
  it("keeps its scale over short pauses, and folds days", () => {
    const busy = [
      { fromMs: 0, toMs: 400 },
      { fromMs: 500, toMs: 1000 },
      { fromMs: 1_000_000, toMs: 1_000_000 + 940 },
    ];
    const axis = Axis.ofBusy(busy);
    assert.deepEqual(
      axis.folds.map(({ at, lengthMs }) => [at.toFixed(2), lengthMs]),
      [["51.50", 999_000]],
    );
    assert.deepEqual(
      [0, 500, 1000, 500_000, 1_000_000, 1_000_940].map((ms) => Math.round(axis.at(ms) * 10) / 10),
      [0, 25, 50, 50, 53, 100],
    );
  });

  it("has round ticks around its zero", () => {
    assert.deepEqual(ticks({ fromMs: 980, toMs: 1230 }, 1000, 6), [0, 50, 100, 150, 200]);
    assert.deepEqual(ticks({ fromMs: 950, toMs: 1020 }, 1000, 4), [-40, -20, 0, 20]);
  });
});
