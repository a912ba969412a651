/** Colours are named once, for light and for dark; nothing is fetched, not even a font. */
export const STYLE = `
:root { color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f7f9; --ink: #18222d; --soft: #586675; --line: #dce2e9; --grid: #e8ecf1;
  --act: #4577a8; --inside: #c65d14; --outside: #9fb0c1; --engine: #7d4a1f; --users: #b3261e;
  --gap: rgb(179 38 30 / .1); --good: #1c7a45; --notable: #8a6100; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #11161c; --panel: #1a212a; --ink: #e4e9ef; --soft: #9ba9b8; --line: #2d3743; --grid: #222b35;
  --act: #6ea6dd; --inside: #f0904b; --outside: #566779; --engine: #d9a679; --users: #ff8078;
  --gap: rgb(255 128 120 / .14); --good: #5bc98a; --notable: #e0b354; --bad: #ff8078; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 3rem 0 .75rem; } h3 { font-size: 1rem; margin: 1.75rem 0 .5rem; }
p { margin: .5rem 0; max-width: 60rem; } small, figcaption, .soft { color: var(--soft); font-size: .85rem; }
.when { color: var(--soft); margin: .25rem 0 1.25rem; }
.verdict { display: inline-block; padding: .1rem .6rem; border: 1px solid; border-radius: 99px; font-weight: 600; font-size: .9rem; margin-right: .4rem; }
.verdict.done { color: var(--good); } .verdict.warnings { color: var(--notable); } .verdict.undone, .verdict.needs-person { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; padding: 0; }
.tiles div { background: var(--panel); border-radius: .6rem; padding: .9rem 1.1rem; }
.tiles dt { color: var(--soft); font-size: .85rem; } .tiles dd { margin: 0; }
.tiles b { display: block; font-size: 1.65rem; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums; }
.tiles .bad b { color: var(--bad); } .tiles .notable b { color: var(--notable); }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
th.figure, td.figure { text-align: right; white-space: nowrap; } th:last-child, td:last-child { padding-right: 0; }
tr.bad td { color: var(--bad); } tr.notable td { color: var(--notable); } tr.total td { font-weight: 600; border-bottom: 0; padding-bottom: .1rem; }
.steps td:first-child { white-space: nowrap; font: .8rem/1.8 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.steps td:nth-child(5) { white-space: nowrap; } .steps td:nth-child(2), .steps td:last-child { min-width: 14rem; overflow-wrap: anywhere; }
ul { padding-left: 1.2rem; max-width: 50rem; } li { margin: .3rem 0; overflow-wrap: anywhere; } code { white-space: nowrap; }
details { border-top: 1px solid var(--line); } details:last-of-type { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: .5rem 0; } summary .bad { color: var(--bad); } summary small { margin-left: .4rem; }
details > :not(summary) { margin-bottom: 1rem; }
figure { margin: .5rem 0 0; break-inside: avoid; } figcaption { margin-top: .5rem; max-width: 52rem; }
.chart { --label: 15rem; } .plot { position: relative; background: var(--panel); border-radius: .6rem; padding: .8rem 5rem .6rem 1rem; font-size: .8rem; font-variant-numeric: tabular-nums; }
.behind { position: absolute; inset: .5rem 5rem 2rem calc(1rem + var(--label)); }
.row { display: grid; grid-template-columns: var(--label) 1fr; align-items: center; position: relative; }
.label { padding-right: .75rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; line-height: 1.7rem; }
.window-chart .label { font: .75rem/1.5rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.window-chart .strong .label { font: 600 .8rem/1.7rem system-ui, sans-serif; } .window-chart .strong + .row:not(.strong) { margin-top: .4rem; }
.quiet .label, .quiet .note { color: var(--soft); }
.track { position: relative; height: 1.1rem; } .track > *, .behind > * { position: absolute; }
.bar { top: .15rem; bottom: .15rem; min-width: 3px; border-radius: 2px; }
.act { background: var(--act); } .inside { background: var(--inside); } .outside { background: var(--outside); }
.engine { background: var(--engine); } .users { background: var(--users); } i.bad { background: var(--bad); }
.undo { background: repeating-linear-gradient(135deg, var(--bad) 0 2px, transparent 2px 5px); }
.note { white-space: nowrap; line-height: 1.1rem; } .note.after { padding-left: .4rem; }
.note.before { transform: translateX(-100%); padding-right: .6rem; } .strong .note { font-weight: 600; }
.line { top: 0; bottom: 0; border-left: 1px solid var(--line); } .gap { top: 0; bottom: 0; background: var(--gap); }
.fold { top: 0; bottom: 0; border-left: 1px dashed var(--soft); }
.window { top: 0; bottom: 0; min-width: 2px; background: var(--inside); opacity: .55; }
.lag { margin-top: .5rem; } .lag .track { height: 5.5rem; border-bottom: 1px solid var(--line); } .lag svg { inset: 0; width: 100%; height: 100%; }
.lag polygon { fill: var(--act); opacity: .18; } .lag polyline { fill: none; stroke: var(--act); stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.peak { width: 7px; height: 7px; margin: -3.5px; border-radius: 50%; background: var(--act); } .lag .note { margin-top: -.55rem; padding-left: .6rem; }
.lag small { display: block; line-height: 1; font-size: .72rem; }
.shade { top: 0; bottom: 0; background: var(--act); opacity: .09; }
.ticks { color: var(--soft); font-size: .75rem; } .ticks .track { height: 1.4rem; } .ticks span { transform: translateX(-50%); white-space: nowrap; top: .3rem; line-height: 1; }
@media (max-width: 45rem) {
  body { padding: 1.5rem 1rem 3rem; font-size: 15px; } .tiles { grid-template-columns: 1fr 1fr; gap: .5rem; } .tiles div { padding: .7rem .8rem; } .tiles b { font-size: 1.3rem; }
  .chart { --label: 0rem; } .plot { padding: .7rem 4rem .5rem .7rem; } .behind { inset: .5rem 4rem 1.8rem .7rem; }
  .row { display: block; } .label, .window-chart .label, .window-chart .strong .label { line-height: 1.3rem; padding-top: .35rem; margin-right: -3rem; } .ticks .label { display: none; }
  .lag small { display: inline; }
}
@media print {
  :root { font-size: 11px; } body { max-width: none; padding: 0; font-size: 1rem; } h2 { break-after: avoid; }
  .bar, .gap, .window, .plot, .tiles div { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; } .scroll { overflow: visible; }
}
`;
