import type { Rehearsal, RehearsedAct } from "../rehearsal/rehearsal";
import type { StepRecord } from "./acts";
import { evidence } from "./markdown";
import { duration, headline, proofsOf, verdictOf } from "./summary";

/** The report as one page that needs nothing else: no script, no font, no network. Light and dark as the reader has it. */
export function html(rehearsal: Rehearsal): string {
  const { acts, ledger, environment, startedAt, memoryBytes } = rehearsal;
  const verdict = verdictOf(rehearsal);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal of the move: ${verdict}</title>
<style>${STYLE}</style>
<body>
<h1>Rehearsal of the move</h1>
<p class="headline"><b class="${verdict === "done" ? "good" : "bad"}">${verdict}</b> ${escaped(headline(rehearsal))}.</p>
<h2>Acts</h2>
${table(
  ["act", "outcome", "took", "could not write", "could not read", "failed reads"],
  acts.map((it) => [
    it.act,
    it.outcome,
    duration(it.durationMs),
    it.users === undefined ? "–" : duration(it.users.writeGap.lengthMs),
    it.users === undefined ? "–" : duration(it.users.readGap.lengthMs),
    String(it.users?.failedReads ?? "–"),
  ]),
)}
${acts
  .map(
    (it) => `<h2>${it.act}</h2>
${timeline(it)}
<details><summary>${it.steps.length} steps with their evidence</summary>
${table(
  ["step", "planned", "took", "evidence"],
  it.steps.map((step) => [
    `${step.title} (${step.id})`,
    duration(step.plannedMs),
    step.outcome === "done" ? duration(step.durationMs) : step.outcome,
    evidence(step.evidence),
  ]),
)}</details>`,
  )
  .join("\n")}
<h2>Verification</h2>
${table(["what holds", "found"], proofsOf(rehearsal))}
<h2>Ledger</h2>
${table(
  ["acknowledged", "lost", "duplicated", "refused or broken off", "of these there all the same"],
  [
    [
      ledger.acknowledged,
      ledger.lost.length,
      ledger.duplicated.length,
      ledger.unknown,
      ledger.unknownButThere,
    ].map(String),
  ],
)}
<h2>Where</h2>
${table(
  ["", ""],
  [
    ...Object.entries(environment),
    ["memory besides PostgreSQL", `${Math.round(memoryBytes / 1e6)} MB`],
    ["started", startedAt],
  ],
)}
</body>
</html>
`;
}

const ROW = 22;
const LABEL = 330;
const WIDTH = 960;

/** Every step as a bar on the act's own scale; what users could not write in is shaded. */
function timeline({ act, steps, users, durationMs }: RehearsedAct): string {
  const [first] = steps;
  if (first === undefined) return "";
  const span = Math.max(
    durationMs,
    ...steps.map((step) => step.startedMs + step.durationMs - first.startedMs),
  );
  const scale = (WIDTH - LABEL - 80) / span;
  const x = (milliseconds: number) => LABEL + milliseconds * scale;
  const height = steps.length * ROW + 26;
  const inWindow = steps.filter((step) => step.inWindow && step.outcome !== "failed");
  const [opens] = inWindow;
  const closes = inWindow.at(-1);
  const shade =
    opens === undefined || closes === undefined
      ? ""
      : `<rect class="window" x="${x(opens.startedMs - first.startedMs).toFixed(1)}" y="0" width="${Math.max(1, (closes.startedMs + closes.durationMs - opens.startedMs) * scale).toFixed(1)}" height="${height - 22}"><title>users cannot write</title></rect>`;
  const bars = steps
    .map((step, index) => bar(step, index * ROW, x(step.startedMs - first.startedMs), scale))
    .join("\n");
  const gap =
    users === undefined || opens === undefined
      ? ""
      : ` Users could not write for ${duration(users.writeGap.lengthMs)} (shaded: fence to flip).`;
  return `<figure><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="timeline of ${act}">
${shade}
${bars}
<text class="axis" x="${LABEL}" y="${height - 6}">0</text>
<text class="axis" x="${x(span).toFixed(1)}" y="${height - 6}" text-anchor="end">${duration(span)}</text>
</svg><figcaption>${act} took ${duration(durationMs)}.${gap}</figcaption></figure>`;
}

function bar(step: StepRecord, y: number, x: number, scale: number): string {
  const width = Math.max(2, step.durationMs * scale);
  const kind = step.outcome === "done" ? (step.inWindow ? "inside" : "step") : step.outcome;
  return `<text x="0" y="${y + 15}">${escaped(step.id)}</text>
<rect class="${kind}" x="${x.toFixed(1)}" y="${y + 4}" width="${width.toFixed(1)}" height="${ROW - 8}" rx="2"><title>${escaped(`${step.title}: ${step.outcome}, ${duration(step.durationMs)}`)}</title></rect>
<text class="axis" x="${(x + width + 5).toFixed(1)}" y="${y + 15}">${step.outcome === "done" ? duration(step.durationMs) : step.outcome}</text>`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) => `<table>
<tr>${head.map((it) => `<th>${escaped(it)}</th>`).join("")}</tr>
${rows.map((row) => `<tr>${row.map((it) => `<td>${escaped(it)}</td>`).join("")}</tr>`).join("\n")}
</table>`;

const escaped = (text: string) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5d6b7a; --line: #d8dee6; --paper: #fff; --step: #4a7fb5; --inside: #c2571a; --window: #f6dcc8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ee; --soft: #97a4b3; --line: #36414d; --paper: #151b22; --step: #6fa3d8; --inside: #ef8a4b; --window: #45301f; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.headline { font-size: 1.1rem; } .good { color: #2f8f4e; } .bad { color: #d0453b; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; } th { color: var(--soft); font-weight: 600; }
figure { margin: 0 0 .6rem; } figcaption { color: var(--soft); font-size: .9rem; } svg { width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } svg .axis { fill: var(--soft); font-size: 11px; }
.step { fill: var(--step); } .inside { fill: var(--inside); } .skipped { fill: var(--line); } .failed, .undone { fill: #d0453b; } .window { fill: var(--window); }
details { font-size: .9rem; } summary { color: var(--soft); cursor: pointer; }
`;
