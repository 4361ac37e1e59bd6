// The interactive page's HTML, written once when it is built: what can be chosen, from the same lists as
// the command line's. The script in ../browser/open/ brings it to life.

import { BACKENDS } from '../backends/index.ts'
import type { Backend } from '../backends/backend.ts'
import { html, Markup } from '../report/html/markup.ts'
import { grouped } from '../report/html/panels.ts'
import { PROMISES } from '../report/html/page.ts'
import { STYLE } from '../report/html/style.ts'
import { DURABILITIES, SAMPLES_MAX } from '../selection.ts'
import { WORKLOADS } from '../workloads/index.ts'
import { OPEN_STYLE } from './style.ts'

const TITLE = 'Browser storage for WebAssembly programs, in your browser'

interface Family {
  readonly title: string
  readonly words: string
  readonly has: (backend: Backend) => boolean
}

/** Each backend belongs to the first that has it. */
const FAMILIES: readonly Family[] = [
  {
    title: 'This project’s',
    words: 'PGlite, and plain files, on our file systems.',
    has: ({ vfs }) => vfs !== undefined,
  },
  {
    title: 'PGlite’s own',
    words: 'The same PGlite on the file systems that it brings.',
    has: ({ postgres }) => postgres !== undefined,
  },
  {
    title: 'SQLite',
    words: 'Another database with the same statements.',
    has: ({ sqlite }) => sqlite !== undefined,
  },
  { title: 'Other file systems', words: 'For the work on plain files.', has: () => true },
]

export function openPage(): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${TITLE}</title>
        <link rel="icon" href="data:," />
        <style>
          ${new Markup(STYLE)}
          ${new Markup(OPEN_STYLE)}
        </style>
        <script type="module" src="./open.js"></script>
      </head>
      <body>
        <header>
          <h1>${TITLE}</h1>
          <p>
            Choose what to compare, run it here, and read the figures as they come. Everything stays
            in this browser; what is stored while measuring is removed afterwards.
          </p>
          <ul id="features" class="features" aria-label="What this browser has"></ul>
          <div id="alerts" role="alert"></div>
          <noscript><p class="alert">The benchmark is a program: it needs JavaScript.</p></noscript>
        </header>
        <main>
          <form id="setup" aria-label="What to measure" autocomplete="off">
            ${presets()}
            <div class="choices">
              <fieldset id="backends">
                <legend>File systems and databases</legend>
                ${families()} ${levels()}
              </fieldset>
              <fieldset id="workloads">
                <legend>Work</legend>
                ${workloadGroups()}
              </fieldset>
            </div>
            <div class="go">
              <button id="run" class="primary">Run</button>
              <label class="samples"
                >Rounds
                <input
                  id="samples"
                  type="number"
                  min="1"
                  max="${SAMPLES_MAX}"
                  placeholder="as many as fit four minutes"
                />
              </label>
              <p id="size" role="status"></p>
            </div>
            <p class="command">The same from a checkout: <code id="command"></code></p>
          </form>
          <section id="progress" hidden aria-label="Progress">
            <div class="line">
              <p role="status"><b id="doing"></b> <span id="step"></span></p>
              <span id="left"></span>
              <button id="cancel" type="button">Cancel</button>
            </div>
            <progress id="bar" max="1" aria-label="How far the run is"></progress>
          </section>
          <section id="outcome" hidden aria-label="Results">
            <div class="line">
              <div id="about"></div>
              <span class="export">
                <button id="save-json" type="button">Save JSON</button>
                <button id="save-html" type="button">Save report</button>
              </span>
            </div>
            <details id="messages" hidden>
              <summary>Messages of this run</summary>
              <ol id="log"></ol>
            </details>
            <div id="results"></div>
          </section>
        </main>
        <footer>
          <p>
            Keep this tab in front while it measures, and the machine quiet. A private window keeps
            its storage in memory, and its figures mean nothing. The JSON is that of
            <code>pnpm bench</code>: <code>pnpm bench compare</code> and
            <code>pnpm bench report</code> read it.
          </p>
        </footer>
      </body>
    </html> `
  return page.toString()
}

function presets(): Markup {
  const buttons = [
    ['quick', 'Quick set'],
    ['default', 'Default set'],
    ['files', 'Plain files'],
    ['full', 'Everything'],
  ].map(([name, title]) => html`<button type="button" data-preset="${name}">${title}</button>`)
  return html`<div class="presets" role="group" aria-label="Presets">${buttons}</div>`
}

function families(): Markup {
  const left = new Set(BACKENDS)
  const parts = FAMILIES.map(({ title, words, has }) => {
    const mine = [...left].filter((backend) => has(backend))
    for (const backend of mine) left.delete(backend)
    if (mine.length === 0) return undefined
    const choices = mine.map(({ name, summary, quick, needs }) =>
      choice({ group: 'backend', name, summary, isDefault: quick, needs: needs.join(' ') }),
    )
    return section(title, words, choices, true)
  })
  return html`${parts}`
}

function levels(): Markup {
  const choices = DURABILITIES.map((name) => {
    const summary = PROMISES[name].slice(name.length + 2)
    return choice({ group: 'durability', name, summary, isDefault: true })
  })
  return section('Durability', 'Never compared with each other.', choices, true)
}

function workloadGroups(): Markup {
  const parts = grouped(WORKLOADS.map(({ name }) => name)).map(({ group, workloads }) => {
    const mine = WORKLOADS.filter(({ name }) => workloads.includes(name))
    const choices = mine.map(({ name, summary, set, needsDriver }) =>
      choice({
        group: 'workload',
        name,
        summary,
        isDefault: set !== 'full',
        unavailable: needsDriver === true,
      }),
    )
    return section(group.title, group.words, choices, false)
  })
  return html`${parts}`
}

/** A box for all of them, with those that it stands for below. */
function section(
  title: string,
  words: string,
  choices: readonly Markup[],
  isOpen: boolean,
): Markup {
  return html`<div class="section">
    <label class="all"
      ><input type="checkbox" data-all />
      <span><b>${title}</b> <small>${words}</small></span></label
    >
    <details ${isOpen ? new Markup('open') : undefined}>
      <summary><span class="count"></span></summary>
      ${choices}
    </details>
  </div>`
}

interface Choice {
  readonly group: string
  readonly name: string
  readonly summary: string
  readonly isDefault: boolean
  /** Of the browser, separated by spaces. */
  readonly needs?: string
  readonly unavailable?: boolean
}

function choice({ group, name, summary, isDefault, needs, unavailable }: Choice): Markup {
  const flags = [
    ...(isDefault ? ['checked data-default'] : []),
    ...(unavailable === true ? ['disabled'] : []),
  ]
  const reason = unavailable === true ? 'only where pnpm bench starts the browser' : undefined
  return html`<label class="choice"
    ><input
      type="checkbox"
      name="${group}"
      value="${name}"
      data-needs="${needs}"
      ${new Markup(flags.join(' '))}
    />
    <span><b>${name}</b> <small>${summary}</small> <em class="reason">${reason}</em></span></label
  >`
}
