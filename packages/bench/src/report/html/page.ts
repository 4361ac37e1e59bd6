// A run as a page of charts: findings first, then the charts by group, then every figure and how it was
// taken. One file that asks for nothing else and runs no script. Called by cli.ts.

import { BACKENDS } from '../../backends/index.ts'
import { ROUNDS_ENOUGH } from '../../interval.ts'
import type { BenchDocument } from '../../schema.ts'
import { browserTitle } from '../browsers.ts'
import { machineOf } from '../machine.ts'
import { findings } from './findings.ts'
import { html, Markup } from './markup.ts'
import { floor, matrix, reasons } from './matrix.ts'
import { panels } from './panels.ts'
import { STYLE } from './style.ts'
import { ReportView, type Level } from './view.ts'

export const PROMISES: Readonly<Record<Level, string>> = {
  strict: 'strict: what was acknowledged survives a power cut',
  relaxed: 'relaxed: a power cut may take the newest commits, never consistency',
  memory: 'in memory: nothing survives the page',
}

export function renderHtml(document: BenchDocument): string {
  const { browser } = document.env
  const title = `Browser storage for WebAssembly programs, in ${browserTitle(browser.name)}`
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          ${about(document)}
        </header>
        <main>${results(document, 'findings-first')}</main>
        ${footer(document)}
      </body>
    </html> `
  return page.toString()
}

/** Whether the table of all figures comes last, or first, for whoever watches it fill. */
export type Order = 'findings-first' | 'figures-first'

/** All but the page around it. */
export function results(document: BenchDocument, order: Order): Markup {
  const view = new ReportView(document)
  const { levels } = view
  const parts = levels.map(
    (level) => html`<div class="level-${level}">${levelPart(view, level, order)}</div>`,
  )
  return html`${levels.length > 1 ? levelSwitch(levels) : undefined} ${parts}
    <section>
      <h2>The machine’s floor</h2>
      <p>
        Raw primitives of the browser, timed in the same run: what nothing built on them can beat.
      </p>
      ${floor(view)}
    </section>
    ${reasons(view)}`
}

/** On what was measured, and how much. */
export function about({ env, rounds, complete }: BenchDocument): Markup {
  const { browser, date, pglite, commit } = env
  const few =
    rounds < ROUNDS_ENOUGH
      ? html`<p>
          <b>Few rounds (${rounds}):</b> intervals are too narrow, and single samples have none.
        </p>`
      : undefined
  const ended = complete
    ? undefined
    : html`<p><b>The run ended early:</b> some figures are missing.</p>`
  return html`<p>
      ${browserTitle(browser.name)} ${browser.version} on ${machineOf(env)}. PGlite ${pglite}.
      ${rounds} ${rounds === 1 ? 'round' : 'rounds'},
      <time datetime="${date}">${date.slice(0, 10)}</time>${
        commit === undefined ? '' : `, commit ${commit}`
      }.
    </p>
    ${few}${ended}`
}

/** Radio buttons, which a keyboard moves between; the style sheet hides the other level. */
function levelSwitch(levels: readonly Level[]): Markup {
  const choices = levels.map(
    (level, index) =>
      html`<label
        ><input
          type="radio"
          name="level"
          id="level-${level}"
          ${index === 0 ? new Markup(' checked') : undefined}
        />${level}</label
      >`,
  )
  const promises = levels.map(
    (level) => html`<small class="level-${level}">${PROMISES[level]}</small>`,
  )
  return html`<fieldset class="levels">
    <legend>Durability</legend>
    ${choices}${promises}
  </fieldset>`
}

function levelPart(view: ReportView, level: Level, order: Order): Markup {
  const figures = html`<section>
    <h2>All figures</h2>
    <p>Median, and its ratio to memory.</p>
    ${matrix(view, level)}
  </section>`
  // Of a run that has only begun.
  if (!view.hasFigures(level)) return figures
  const rest = html`<h2>Findings</h2>
    <p>
      The fastest file system that keeps its content, and how many times as long the others take.
    </p>
    ${findings(view, level)} ${caveats(view, level)}
    <h2>In charts</h2>
    <p>
      Bars begin at memory, our own engine with no storage under it, and end at the median; the axis
      is logarithmic, and the line over a bar is the 95 % interval. Where memory has no figure, bars
      begin at zero. Less is better. <b>Bold</b> names are this project’s.
    </p>
    ${panels(view, level)}`
  return order === 'figures-first' ? html`${figures} ${rest}` : html`${rest} ${figures}`
}

function caveats(view: ReportView, level: Level): Markup | undefined {
  if (level === 'memory') return undefined
  const present = view.backends(level)
  const items = BACKENDS.flatMap(({ name, caveats: texts }) => {
    const text = present.includes(name) ? texts?.[level] : undefined
    return text === undefined ? [] : [html`<li><b>${name}</b> ${text}</li>`]
  })
  if (items.length === 0) return undefined
  return html`<section class="note">
    <h3>What ${level} means where it differs from ours</h3>
    <ul>
      ${items}
    </ul>
  </section>`
}

function footer({ env }: BenchDocument): Markup {
  return html`<footer>
    <p>
      Medians of interleaved rounds; a fresh worker and wiped storage for each sample. Results are
      checked against a model: a wrong one has no figure here, however fast it was. Made by
      <code>pnpm bench</code>${env.node === undefined ? ' in a page' : ` with Node ${env.node}`};
      method and raw samples are in the repository’s <code>docs/benchmarks.md</code> and in the
      run’s JSON.
    </p>
  </footer>`
}
