// The look of what the interactive page has beside the report. Called by markup.ts.

export const OPEN_STYLE = `
button, input[type=number] { font: inherit; color: inherit; }
button { border: 1px solid var(--line); border-radius: .5rem; background: var(--card); padding: .35rem .9rem; cursor: pointer; }
button:hover:not(:disabled) { border-color: var(--accent); }
button:disabled { opacity: .5; cursor: default; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--paper); font-weight: 650; padding: .55rem 2.2rem; }
input[type=checkbox] { accent-color: var(--accent); width: 1rem; height: 1rem; margin: .25rem 0 0; flex: none; }
[hidden] { display: none !important; }
.runner { position: fixed; left: -10px; top: 0; width: 1px; height: 1px; border: 0; opacity: 0; pointer-events: none; }

.features { list-style: none; padding: 0; margin: 1rem 0 0; display: flex; flex-wrap: wrap; gap: .4rem; font-size: .825rem; }
.features li { border: 1px solid var(--line); border-radius: 2rem; padding: .1rem .75rem; }
.features .yes::before { content: '✓ '; color: var(--faster); font-weight: 700; }
.features .no::before { content: '✗ '; color: var(--slower); font-weight: 700; }
.alert { border-left: 4px solid var(--slower); background: var(--card); padding: .6rem .9rem; margin: .75rem 0 0; border-radius: 0 .5rem .5rem 0; color: var(--ink); max-width: none; }

#setup { margin-top: 1.5rem; }
.presets { display: flex; flex-wrap: wrap; gap: .5rem; }
.choices { display: grid; gap: 1.25rem; margin-top: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); align-items: start; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.choices legend { font-size: 1.15rem; font-weight: 650; padding: 0; margin-bottom: .5rem; }
.section { border: 1px solid var(--line); border-radius: .75rem; padding: .6rem .9rem; margin-bottom: .6rem; }
.section details { margin: 0; padding: 0; border: 0; }
.section summary { font-size: .8rem; color: var(--soft); margin-left: 1.6rem; width: fit-content; }
.all, .choice { display: flex; gap: .6rem; cursor: pointer; }
.all small, .choice small { color: var(--soft); font-size: .825rem; margin-left: .3rem; }
.choice { padding: .2rem 0 .2rem 1.6rem; line-height: 1.35; }
.choice b { font-weight: 600; font-size: .9rem; overflow-wrap: anywhere; }
.choice:has(:disabled) { cursor: default; }
.choice:has(:disabled) b, .choice:has(:disabled) small { opacity: .55; }
.reason { font-style: normal; font-size: .8rem; color: var(--slower); }
.go { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: center; margin-top: .75rem; }
.go p { color: var(--soft); font-size: .9rem; }
.samples { display: flex; gap: .5rem; align-items: center; }
.samples input { width: 15.5rem; max-width: 60vw; border: 1px solid var(--line); border-radius: .5rem; background: var(--paper); padding: .35rem .6rem; }
.command { color: var(--soft); font-size: .85rem; max-width: none; margin-top: .75rem; }
code { font-size: .9em; overflow-wrap: anywhere; background: var(--card); border-radius: .3rem; padding: .05rem .35rem; }

.line { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.line > :first-child { flex: 1 1 16rem; min-width: 0; }
.line p { max-width: none; }
#progress { position: sticky; top: 0; z-index: 4; background: var(--paper); border-bottom: 1px solid var(--line); padding: .6rem 0; margin-top: 1.25rem; }
#progress:not([hidden]) ~ #outcome .levels { top: 4.5rem; }
#step, #left { color: var(--soft); font-size: .9rem; }
#bar { width: 100%; height: .5rem; accent-color: var(--accent); margin-top: .4rem; display: block; }
#outcome > .line { margin-top: .5rem; }
#about p { color: var(--soft); }
.export { display: flex; gap: .5rem; }
#messages { font-size: .875rem; overflow-wrap: anywhere; margin-top: .75rem; }
#log { padding-left: 1.4rem; color: var(--soft); }
.matrix td { transition: background-color .4s; }
.running .matrix .pending { color: transparent; }
.running .matrix .pending::after { content: '·'; color: var(--soft); }
.running .matrix td.now { outline: 2px solid var(--accent); outline-offset: -2px; }
@media (prefers-reduced-motion: reduce) { .matrix td { transition: none; } }
@media (max-width: 30rem) { .choice { padding-left: .4rem; } .section summary { margin-left: .4rem; } }
`
