// The look of the report: light and dark by the reader's own setting, from a phone's width up. Called by
// page.ts.

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfc; --ink: #1c1e21; --soft: #5c6269; --line: #e2e4e7; --card: #f4f5f6; --accent: #1b5fc1;
  --slower: #d9480f; --faster: #2b8a3e;
  --s0: #868e96; --s1: #1b6ec2; --s2: #0b8f86; --s3: #7048c6; --s4: #adb5bd; --s5: #c2255c;
  --s6: #e8590c; --s7: #b08900; --s8: #66a80f; --s9: #845c3c; --s10: #d6336c; --s11: #495057;
  --s12: #5f7c0a; --s13: #0c8599; --s14: #a61e4d; --s15: #862e9c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ink: #e9ebee; --soft: #a3abb4; --line: #31363c; --card: #1f2226; --accent: #7db4ff;
    --slower: #ff8a50; --faster: #69db7c;
    --s0: #868e96; --s1: #4f9bf0; --s2: #2bc4b8; --s3: #a585f2; --s4: #6c757d; --s5: #f06595;
    --s6: #ff922b; --s7: #e0b526; --s8: #94d82d; --s9: #c49a78; --s10: #faa2c1; --s11: #ced4da;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main, header, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.4rem); line-height: 1.15; margin: 0 0 .5rem; text-wrap: balance; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0; }
p { margin: .25rem 0; max-width: 70ch; }
header p, section > p, summary span, figcaption span, footer, .note { color: var(--soft); }
section { margin-top: 2rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }

.levels { position: sticky; top: 0; z-index: 3; margin: 1.5rem -1.25rem 0; padding: .6rem 1.25rem;
  border: 0; border-bottom: 1px solid var(--line); background: var(--paper);
  display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .5rem; }
.levels legend { float: left; padding: 0; margin-right: .25rem; font-weight: 600; }
.levels label { border: 1px solid var(--line); border-radius: 2rem; padding: .2rem .9rem; cursor: pointer; }
.levels label:has(:checked) { background: var(--accent); border-color: var(--accent); color: var(--paper); }
.levels label:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
.levels input { position: absolute; opacity: 0; pointer-events: none; }
.levels small { color: var(--soft); flex: 1 1 14rem; }
body:has(#level-relaxed:checked) .level-strict, body:has(#level-strict:checked) .level-relaxed { display: none; }

.cards { list-style: none; margin: 1rem 0 0; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); }
.cards > li { background: var(--card); border-radius: .75rem; padding: 1rem 1.1rem; }
.cards h3 { font-size: .95rem; color: var(--soft); font-weight: 600; }
.cards .big { font-size: 2rem; line-height: 1.2; font-weight: 650; margin: .1rem 0; }
.cards ul { list-style: none; margin: .6rem 0 0; padding: .5rem 0 0; border-top: 1px solid var(--line); font-size: .875rem; }
.cards ul li { display: flex; justify-content: space-between; gap: 1rem; }
.ours { font-weight: 650; }

details { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: 1rem; }
summary { cursor: pointer; }
summary h3 { display: inline; margin-right: .5rem; }
.panels { display: grid; gap: 1.5rem 2rem; margin-top: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); align-items: start; }
figure { margin: 0; min-width: 0; --name: 8.8rem; --value: 9rem; }
figcaption b { display: block; }
figcaption span { display: block; font-size: .825rem; line-height: 1.35; }
figure table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: .825rem; margin-top: .4rem; }
figure thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
figure col.name { width: var(--name); }
figure col.value { width: var(--value); }
figure th { text-align: left; font-weight: 400; padding: 0 .5rem 0 0; white-space: nowrap; }
figure th.ours { font-weight: 650; }
figure td { padding: 0; }
figure .figure { text-align: right; white-space: nowrap; }
.figure { padding-left: .4rem; }
.figure i, .matrix i { font-style: normal; color: var(--soft); display: inline-block; min-width: 3.3rem; }
figure .missing td { color: var(--slower); text-align: right; }
.plot svg { display: block; width: 100%; height: 18px; overflow: visible; }
.plot rect { fill: var(--series); opacity: .45; }
.plot circle { fill: var(--series); }
.plot .interval { stroke: var(--series); stroke-width: 2; }
.plot .grid { stroke: var(--line); }
.plot .origin { stroke: var(--soft); stroke-opacity: .6; }
${Array.from({ length: 16 }, (_, series) => `.s${series} { --series: var(--s${series}); }`).join('\n')}
.axis { margin: 0 var(--value) 0 var(--name); height: 1.2rem; font-size: .7rem; color: var(--soft); }
.axis div { position: relative; }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }

.scroll { overflow-x: auto; }
.matrix, .floor { border-collapse: collapse; font-size: .825rem; }
.matrix th, .matrix td, .floor th, .floor td { padding: .25rem .6rem; border-bottom: 1px solid var(--line);
  text-align: right; white-space: nowrap; }
.matrix tr > :first-child, .floor tr > :first-child { position: sticky; left: 0; background: var(--paper); text-align: left; }
.matrix tbody th, .floor tbody th { font-weight: 400; }
.matrix thead th, .floor thead th { font-weight: 600; vertical-align: bottom; }
.matrix thead th:not(.ours) { font-weight: 400; }
.matrix i { text-align: right; margin-left: .35rem; }
.matrix .slower { background: color-mix(in srgb, var(--slower) calc(var(--share) * .42), transparent); }
.matrix .faster { background: color-mix(in srgb, var(--faster) calc(var(--share) * .42), transparent); }
.matrix .missing { color: var(--slower); }
.matrix .none, .matrix .pending { color: var(--soft); }
.floor td:last-child, .floor th:last-child { text-align: left; }
.reasons { padding-left: 1.2rem; overflow-wrap: anywhere; }
.reasons span { color: var(--soft); }
footer { margin-top: 3rem; padding-bottom: 3rem; font-size: .875rem; border-top: 1px solid var(--line); padding-top: 1rem; }
@media (max-width: 30rem) {
  figure { --name: 7.3rem; --value: 6.8rem; }
  figure table { font-size: .72rem; }
  figure th { padding-right: .25rem; }
  .figure i, .matrix i { min-width: 2.6rem; }
  .axis span:nth-child(even) { display: none; }
  .matrix tr > :first-child, .floor tr > :first-child { min-width: 8rem; max-width: 8.5rem; white-space: normal; overflow-wrap: anywhere; }
  .floor td:last-child { white-space: normal; min-width: 14rem; }
}
@media print { .levels { position: static; } details { break-inside: avoid; } }
`
